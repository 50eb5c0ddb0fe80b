"""Whether a deployment works, part by part, and what to do where it does not."""

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
"""Seconds that two clocks may differ: signatures of callbacks and times of results are compared across machines."""

_BLANK = b"""%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 100 100]>> endobj
trailer <</Root 1 0 R>>
"""
"""A document of one empty page."""

_SLOW = 10.0  # seconds that a blank page may take


@dataclass(frozen=True, slots=True)
class Check:
    """One part: whether it works, what was seen, and what to do if it does not."""

    name: str
    ok: bool
    seen: str
    advice: str = ""


def examine(client: Client, http: httpx.Client) -> Iterator[Check]:
    """Look at the parts of a deployment, each check built on those before it; end where nothing further can be told.

    Parameters
    ----------
    client
        Asks as programs do, without sending again.
    http
        Of the same service, for answers that are no model.

    """
    try:
        info = client.info()
    except FaceIntakeError as error:
        yield Check("service", ok=False, seen=str(error), advice="Is the address right (--url), and the API running?")
        return
    yield Check("service", ok=True, seen=f"{info.name} at {http.base_url}")
    yield _versions(info)
    yield _clock(http)
    redis = _health(http, "accepting")
    yield Check(
        "redis",
        ok=redis,
        seen="jobs are accepted" if redis else "no job is accepted",
        advice="" if redis else "Start Redis, or look at REDIS_URL of the API; its log says why it cannot be reached.",
    )
    if not redis:
        return
    workers, load = _health(http, "ready"), _load(client)
    yield Check(
        "workers",
        ok=workers,
        seen=_workers(load) if workers else "none has said within 30 s that it consumes",
        advice=""
        if workers
        else "Start workers, with the API's REDIS_URL; if some run, their logs say why they are stuck.",
    )
    if workers:
        if load is not None and load.workers_unconfined is not None:
            yield _sandbox(load.workers, load.workers_unconfined)
        yield from _work(client, http)


def _versions(info: Info) -> Check:
    ours = version("face-intake")
    same = ours.split(".")[:2] == info.version.split(".")[:2]
    advice = "" if same else f"Install the client of version {info.version}."
    return Check("versions", ok=same, seen=f"service {info.version}, client {ours}", advice=advice)


def _clock(http: httpx.Client) -> Check:
    asked = time.time()
    date = http.get("/health/live").headers.get("date", "")
    now = (asked + time.time()) / 2
    # The header has whole seconds.
    skew = parsedate_to_datetime(date).timestamp() + 0.5 - now if date else 0.0
    ok = abs(skew) <= _CLOCK_SKEW
    advice = "" if ok else "Set both clocks by NTP."
    return Check(
        "clock", ok=ok, seen=f"the service's differs by {abs(skew):.0f} s" if date else "not told", advice=advice
    )


def _health(http: httpx.Client, what: str) -> bool:
    return http.get(f"/health/{what}").is_success


def _load(client: Client) -> Load | None:
    """Return the load; None if the key has not the scope for it."""
    try:
        return client.stats()
    except (UnauthorizedError, ForbiddenError):
        return None


def _sandbox(workers: int, unconfined: int) -> Check:
    """Say whether a decoder that is exploited meets a wall."""
    return Check(
        "sandbox",
        ok=unconfined == 0,
        seen=f"{unconfined} of {workers} workers do not confine the processes that read documents"
        if unconfined
        else "the processes that read documents are confined",
        advice='Look for "decoders are not fully confined" in the logs of workers: it says what is missing. Landlock '
        "needs Linux 6.7, and to be among the kernel's lsm= modules; see also DECODER_SANDBOX."
        if unconfined
        else "",
    )


def _workers(load: Load | None) -> str:
    if load is None:
        return "at least one; how many is told to a key with the scope stats"
    waiting = sum(queue.waiting for queue in load.queues.values())
    return f"{load.workers}; {waiting} jobs wait, {load.running} run"


def _work(client: Client, http: httpx.Client) -> Iterator[Check]:
    """Have a blank page looked at, and a portrait found in the example of the API's own description."""
    began = time.monotonic()
    blank = _outcome(lambda: client.extract_face(_BLANK))
    seconds = time.monotonic() - began
    if not isinstance(blank, NoFaceError):
        yield _broken("storage", blank)
        return
    yield Check("storage", ok=True, seen="a document went to a worker, and its answer came back")
    quick = seconds < _SLOW
    advice = "" if quick else "Start more workers, or look at what waits: face-intake status."
    yield Check("speed", ok=quick, seen=f"a blank page took {seconds:.2f} s", advice=advice)
    portrait = _example(http)
    found = _outcome(lambda: client.compare_faces(portrait, portrait))
    if found is None:
        yield Check("models", ok=True, seen="a face is found, and is itself")
    else:
        yield _broken("models", found)


def _outcome(work: Callable[[], object]) -> FaceIntakeError | None:
    try:
        work()
    except FaceIntakeError as error:
        return error
    return None


def _broken(name: str, error: FaceIntakeError | None) -> Check:
    advice = {
        UnauthorizedError: "Set FACE_INTAKE_KEY, or --key-file, to a key with the scopes submit and read.",
        ForbiddenError: "Use a key with the scopes submit and read.",
        OverloadedError: "Start more workers: as many jobs are open as MAX_OPEN_JOBS allows.",
        WaitTimeoutError: "Workers are too few, or stuck: look at what waits (face-intake status) and at their logs.",
        InternalError: "Look for the request in the logs of API and workers: do they share STORAGE_URL and MASTER_KEY?",
        UnavailableError: "Look at the API's log: the object store (STORAGE_URL) may be away, or its disk full.",
        UnreachableError: "The connection broke off: look at proxies in between, and at the API's log.",
    }.get(type(error), "Prepare the models anew (MODEL_DIR); the workers' logs say what they miss.")
    return Check(name, ok=False, seen=str(error or "a face was found on a blank page"), advice=advice)


def _example(http: httpx.Client) -> bytes:
    """Return the portrait that the API's description shows: the doctor brings no picture of anybody."""
    description = json.loads(http.get("/openapi.json").content)
    answer = description["paths"]["/extract-face"]["post"]["responses"]["200"]["content"]["application/json"]
    return base64.b64decode(answer["example"]["face_image"].partition(",")[2])
