"""Fingerprint: from a document to its digest."""

import base64
import hashlib
from collections.abc import Mapping

from tests.support.toy_kind.declaration import FingerprintOptions, FingerprintResult
from worker.handlers.handler import HandlerContext, HandlerError


def run(documents: Mapping[str, bytes], options: FingerprintOptions, _: HandlerContext) -> FingerprintResult:
    """Compute the digest of a document; one that ends with ``unreadable`` fails."""
    document = documents["document"]
    if document.endswith(b"unreadable"):
        raise HandlerError("unreadable_image", "document")
    picture = f"data:image/jpeg;base64,{base64.b64encode(document).decode()}" if options.document_picture else None
    digest = hashlib.sha256(document).hexdigest()[: options.digits]
    return FingerprintResult(digest=digest, size=len(document), picture=picture)
