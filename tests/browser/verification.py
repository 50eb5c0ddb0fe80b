"""Actions on the screen that compares a selfie with a document."""

import json
from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.screens import upload

SELFIE, DOCUMENT = "a selfie", "the ID document"


def compare(page: Page, selfie: bytes, document: bytes) -> None:
    """Open the screen and choose both pictures."""
    page.get_by_role("link", name="Verify").click()
    upload(page, SELFIE, "selfie.jpg", selfie)
    upload(page, DOCUMENT, "document.jpg", document)


def answer_with(page: Page, **fields: Any) -> None:
    """Change fields of the service's response."""

    def changed(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=json.dumps(response.json() | fields))

    page.route("**/compare-faces", changed)
