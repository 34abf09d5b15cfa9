"""How much the files that people send may take of this server's memory, together.

Streamlit bounds one file. Whoever knows its upload address can send any number, with no uploader
on the page, and they stay until the session is forgotten.
"""

from __future__ import annotations

import logging
from collections import Counter

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime

from pcs_dash.tables.environment import whole_number

TOTAL_VARIABLE = "PCS_DASH_UPLOADS_TOTAL_MB"
# Of all sessions, and of one: what a month's official files take, given at once.
TOTAL_MB = 1_000
SESSION_MB = 400
_PLACE = "/_stcore/upload_file/"
_log = logging.getLogger(__name__)


class UploadLimits:
    """ASGI middleware: refuses an upload that would take its session, or the server, over what
    all files may have together, before its first byte is read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # Bytes announced and not yet kept, by session.
        self.coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "PUT" or _PLACE not in path:
            await self.app(scope, receive, send)
            return
        session = path.partition(_PLACE)[2].partition("/")[0]
        told = Headers(scope=scope).get("content-length", "")
        if not told.isdigit():
            await PlainTextResponse("Say how long the file is.", 411)(scope, receive, send)
            return
        size = int(told)
        if not self._fits(session, size):
            full = PlainTextResponse("Too many files at once. Close some.", 413)
            await full(scope, receive, send)
            return
        self.coming[session] += size
        try:
            await self.app(scope, receive, send)
        finally:
            self.coming[session] -= size

    def _fits(self, session: str, size: int) -> bool:
        kept = held()
        own = kept[session] + self.coming[session] + size
        everyone = kept.total() + self.coming.total() + size
        if own <= SESSION_MB * 1024**2 and everyone <= total_mb() * 1024**2:
            return True
        said = "an upload of %d bytes was refused: %d bytes of one session, %d of all"
        _log.warning(said, size, own, everyone)
        return False


def total_mb() -> int:
    """What all files together may take, in megabytes: PCS_DASH_UPLOADS_TOTAL_MB, or 1,000."""
    return whole_number(TOTAL_VARIABLE, TOTAL_MB)


def held() -> Counter[str]:
    """Bytes of the files in memory, by session."""
    storage = runtime.get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    return Counter(
        {
            name: sum(len(file.data) for file in list(files.values()))
            for name, files in list(storage.items())
        }
    )
