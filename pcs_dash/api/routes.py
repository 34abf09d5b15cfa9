"""The addresses under /api/v1: limits, the answer, its form (JSON or CSV) and its ETag."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pcs_dash.api.description import names, openapi
from pcs_dash.api.resources import RESOURCES, Resource, Sources
from pcs_dash.render.csv_files import table_csv
from pcs_dash.store.rights import EVERYONE, Who
from pcs_dash.tables.as_plain import as_plain
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import BASES

PREFIX = "/api/v1"
# Of one address: so many at once, and then so many a second.
BURST, PER_SECOND = 60, 2.0
# Answers worked out at once on this server: pages come first.
AT_ONCE = 2
LARGEST_QUERY, LARGEST_ANSWER = 8_500, 20_000_000
_log = logging.getLogger(__name__)


class Rate:
    """A bucket of questions for each address, filled as time goes by; the least recent go."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND, most: int = 10_000):
        self._burst, self._per_second, self._most = burst, per_second, most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str, now: float | None = None) -> float:
        """Take one; the seconds to wait where there is none (then nothing is taken)."""
        now = time.monotonic() if now is None else now
        left, then = self._left.pop(who, (float(self._burst), now))
        left = min(self._burst, left + (now - then) * self._per_second)
        taken = left >= 1
        self._left[who] = (left - taken, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._per_second


def routes(sources: Sources, who: Callable[[Request], Who] = lambda _: EVERYONE) -> list[Route]:
    """Every address, with and without a base path before it, read-only. `who` asks."""
    rate, working = Rate(), threading.Semaphore(AT_ONCE)
    made = []
    for base in BASES:
        place = f"{base}{PREFIX}"
        made.append(Route(f"{place}/openapi.json", _described, methods=["GET"]))
        for resource in RESOURCES:
            for suffix in (".csv", "") if resource.rows else ("",):
                answer = _endpoint(resource, sources, who, rate, working, csv=bool(suffix))
                made.append(Route(f"{place}{resource.path}{suffix}", answer, methods=["GET"]))
        made.append(Route(f"{place}/{{rest:path}}", _unknown, methods=["GET"]))
    return made


def _unknown(_: Request) -> Response:
    # Without it the app's page would come, as if the question had been answered.
    there = ", ".join(resource.path for resource in RESOURCES)
    return _refused(404, f"There is nothing at this address. Under {PREFIX} there are: {there}.")


def _described(request: Request) -> Response:
    base = request.url.path.removesuffix("/openapi.json")
    return _sent(request, json.dumps(openapi(base)).encode(), "application/json")


def _endpoint(
    resource: Resource,
    sources: Sources,
    who: Callable[[Request], Who],
    rate: Rate,
    working: threading.Semaphore,
    *,
    csv: bool,
) -> Callable[[Request], Response]:
    # No coroutine: Starlette runs it in a thread, and the pages go on meanwhile.
    def answer(request: Request) -> Response:
        if len(request.url.query) + len(request.url.path) > LARGEST_QUERY:
            return _refused(414, "The address is too long.")
        asking = who(request)
        # Behind a proxy all have its address.
        seconds = rate.wait(asking.id or (request.client.host if request.client else ""))
        if seconds:
            return _refused(429, "Too many questions at once.", retry=seconds)
        if not working.acquire(timeout=10):
            return _refused(503, "The server is busy.", retry=5)
        try:
            asked = {**dict(request.query_params), **request.path_params}
            asked.pop("base", None)
            _check(resource, asked)
            found = as_plain(resource.answer(replace(sources, who=asking), asked))
            # As objects: whole numbers stay whole where others are missing.
            content = table_csv(pd.DataFrame(found, dtype=object)) if csv else _json(found)
        except UserError as error:
            return _refused(400, str(error))
        except Exception:
            _log.exception("no answer to %s", request.url.path)
            return _refused(500, "This is a fault of the program; the server's log has it.")
        finally:
            working.release()
        if len(content) > LARGEST_ANSWER:
            return _refused(413, "The answer is too large. Ask for a smaller area or group.")
        return _sent(request, content, "text/csv; charset=utf-8" if csv else "application/json")

    return answer


def _check(resource: Resource, asked: dict[str, str]) -> None:
    unknown = asked.keys() - {*resource.optional, *names(resource)}
    if unknown and not resource.open_ended:
        there = ", ".join(resource.optional) or "none"
        raise UserError(f"'{min(unknown)[:40]}' is no parameter of this. There are: {there}.")


def _json(found: object) -> bytes:
    return json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


def _sent(request: Request, content: bytes, kind: str) -> Response:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if tag in [part.strip().removeprefix("W/") for part in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


def _refused(status: int, why: str, *, retry: float = 0) -> Response:
    headers = {"retry-after": str(int(retry) + 1)} if retry else None
    return JSONResponse({"error": why}, status_code=status, headers=headers)
