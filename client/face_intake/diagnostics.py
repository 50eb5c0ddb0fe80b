"""Checks the parts of a deployment and advises what to do about failures."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import httpx

from face_intake.client import Client
from face_intake.errors import (
    FaceIntakeError,
    ForbiddenError,
    InternalError,
    NoFaceError,
    OverloadedError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
    WaitTimeoutError,
)
from face_intake.models import Info, Load

_CLOCK_SKEW = 5.0
"""Seconds that two clocks may differ. Webhook signatures and times of results are compared across machines."""

_BLANK = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 100 100]>> endobj
trailer <</Root 1 0 R>>
"""
"""A document with one empty page."""

_SLOW = 10.0  # maximum seconds for a blank page


@dataclass(frozen=True, slots=True)
class Check:
    """Result of checking one part: whether it works, what the check saw, and advice if it failed."""

    name: str
    ok: bool
    seen: str
    advice: str = ""


def run_checks(client: Client, http: httpx.Client) -> Iterator[Check]:
    """Check the parts of a deployment in order. Stop at a failure that makes the remaining checks meaningless.

    Parameters
    ----------
    client
        A client without retries.
    http
        An HTTP client of the same service, for responses without a model.

    """
    try:
        info = client.info()
    except FaceIntakeError as error:
        yield Check("service", ok=False, seen=str(error), advice="Check the URL (--url) and that the API is running.")
        return
    yield Check("service", ok=True, seen=f"{info.name} at {http.base_url}")
    yield _versions(info)
    yield _clock(http)
    redis = _health(http, "accepting")
    yield Check(
        "redis",
        ok=redis,
        seen="the API accepts jobs" if redis else "the API does not accept jobs",
        advice="" if redis else "Start Redis, or check REDIS_URL of the API. The API's log says what is wrong.",
    )
    if not redis:
        return
    workers, load = _health(http, "ready"), _load(client)
    yield Check(
        "workers",
        ok=workers,
        seen=_workers(load) if workers else "no worker has given a heartbeat within 30 s",
        advice=""
        if workers
        else "Start workers with the API's REDIS_URL. If workers are running, their logs say why they are stuck.",
    )
    if workers:
        if load is not None and load.workers_unconfined is not None:
            yield _sandbox(load.workers, load.workers_unconfined)
        yield from _processing(client, http)


def _versions(info: Info) -> Check:
    ours = version("face-intake")
    same = ours.split(".")[:2] == info.version.split(".")[:2]
    advice = "" if same else f"Install the client of version {info.version}."
    return Check("versions", ok=same, seen=f"service {info.version}, client {ours}", advice=advice)


def _clock(http: httpx.Client) -> Check:
    sent_at = time.time()
    date = http.get("/health/live").headers.get("date", "")
    now = (sent_at + time.time()) / 2
    # The header has a resolution of one second.
    skew = parsedate_to_datetime(date).timestamp() + 0.5 - now if date else 0.0
    ok = abs(skew) <= _CLOCK_SKEW
    advice = "" if ok else "Synchronise both clocks with NTP."
    seen = f"the service's clock differs by {abs(skew):.0f} s" if date else "the service sent no time"
    return Check("clock", ok=ok, seen=seen, advice=advice)


def _health(http: httpx.Client, what: str) -> bool:
    return http.get(f"/health/{what}").is_success


def _load(client: Client) -> Load | None:
    """Return the load; None if the key does not have the scope for it."""
    try:
        return client.stats()
    except (UnauthorizedError, ForbiddenError):
        return None


def _sandbox(workers: int, unconfined: int) -> Check:
    """Check that the workers read documents in a sandbox."""
    return Check(
        "sandbox",
        ok=unconfined == 0,
        seen=f"{unconfined} of {workers} workers do not fully confine the processes that read documents"
        if unconfined
        else "the processes that read documents are confined",
        advice='Look for "decoders are not fully confined" in the logs of the workers. It says what is missing. '
        "Landlock needs Linux 6.7 and an entry in the kernel's lsm= option. Check also DECODER_SANDBOX."
        if unconfined
        else "",
    )


def _workers(load: Load | None) -> str:
    if load is None:
        return "at least one; a key with the scope stats shows the number"
    waiting = sum(queue.waiting for queue in load.queues.values())
    return f"{load.workers}; {waiting} jobs queued, {load.running} running"


def _processing(client: Client, http: httpx.Client) -> Iterator[Check]:
    """Process a blank page, and compare the example portrait of the OpenAPI description with itself."""
    started = time.monotonic()
    blank = _outcome(lambda: client.extract_face(_BLANK))
    seconds = time.monotonic() - started
    if not isinstance(blank, NoFaceError):
        yield _failed("storage", blank)
        return
    yield Check("storage", ok=True, seen="a worker received a document and returned a result")
    fast = seconds < _SLOW
    advice = "" if fast else "Start more workers, or check the queues: face-intake status."
    yield Check("speed", ok=fast, seen=f"a blank page took {seconds:.2f} s", advice=advice)
    portrait = _example(http)
    found = _outcome(lambda: client.compare_faces(portrait, portrait))
    if found is None:
        yield Check("models", ok=True, seen="a face is found and matches itself")
    else:
        yield _failed("models", found)


def _outcome(work: Callable[[], object]) -> FaceIntakeError | None:
    try:
        work()
    except FaceIntakeError as error:
        return error
    return None


def _failed(name: str, error: FaceIntakeError | None) -> Check:
    advice = {
        UnauthorizedError: "Set FACE_INTAKE_KEY or --key-file to a key with the scopes submit and read.",
        ForbiddenError: "Use a key with the scopes submit and read.",
        OverloadedError: "Start more workers: MAX_OPEN_JOBS is reached.",
        WaitTimeoutError: "Workers are too few or stuck. Check the queues (face-intake status) and the workers' logs.",
        InternalError: "Check the logs, and that API and workers have the same STORAGE_URL and MASTER_KEY.",
        UnavailableError: "Check the API's log: the object store (STORAGE_URL) may be unavailable, or its disk full.",
        UnreachableError: "The connection broke. Check the proxies in between, and the API's log.",
    }.get(type(error), "Prepare the models again (MODEL_DIR). The workers' logs say what is missing.")
    return Check(name, ok=False, seen=str(error or "a face was found on a blank page"), advice=advice)


def _example(http: httpx.Client) -> bytes:
    """Return the example portrait of the OpenAPI description, so that the package contains no picture of a person."""
    description = json.loads(http.get("/openapi.json").content)
    response = description["paths"]["/extract-face"]["post"]["responses"]["200"]["content"]["application/json"]
    return base64.b64decode(response["example"]["face_image"].partition(",")[2])
