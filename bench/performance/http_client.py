"""A client with little overhead: one connection, one prepared request and one API key."""

import http.client
import json
from urllib.parse import urlsplit

_BOUNDARY = "6b0b7a3e6c3a4a559a600d1c8f1f2b11"
_HEADERS = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
_TIMEOUT = 60.0  # seconds


class Client:
    """Sends the same document repeatedly."""

    def __init__(self, url: str, document: bytes, key: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_TIMEOUT)
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="document"\r\n\r\n'
        self._key = {"x-api-key": key}
        self._body = head.encode() + document + f"\r\n--{_BOUNDARY}--\r\n".encode()

    def extract(self) -> None:
        """Extract the face and wait for the result."""
        self._request("POST", "/extract-face", 200, self._body)

    def submit(self) -> None:
        """Submit a bulk job."""
        self._request("POST", "/jobs/extract-face", 202, self._body)

    def stats(self) -> dict[str, dict[str, dict[str, float]]]:
        """Return the load of the service."""
        stats: dict[str, dict[str, dict[str, float]]] = json.loads(self._request("GET", "/stats", 200))
        return stats

    def queued(self) -> int:
        """Return the number of queued bulk jobs."""
        return int(self.stats()["queues"]["bulk"]["waiting"])

    def _request(self, method: str, path: str, expected: int, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, {**self._key, **(_HEADERS if body else {})})
        response = self._connection.getresponse()
        data = response.read()
        if response.status != expected:
            raise RuntimeError(f"{path}: {response.status} {data[:200]!r}")
        return data
