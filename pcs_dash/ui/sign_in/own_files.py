"""Whose a session and a file are that a page has made: addresses of files are hashes of what is in
them, which anybody could hold.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import PurePosixPath

from streamlit import runtime

from pcs_dash.ui.sign_in.identity import HEADER, unpacked

_KEPT = 5_000


class OwnFiles:
    """Which sessions have a file. Streamlit knows it of those that were made with the page; of
    those that are made at the press of a button it is remembered here.
    """

    def __init__(self) -> None:
        self._pressed: OrderedDict[str, set[str]] = OrderedDict()
        self._watched: object = None

    def watch(self) -> None:
        """Remember from now on which session has a file made; asked at every request."""
        if not runtime.exists():
            return
        manager = runtime.get_instance().media_file_mgr
        if manager is self._watched:
            return
        self._watched, made = manager, manager.execute_deferred

        def remembered(file: str) -> str:
            entry = manager._deferred_callables.get(file)
            address = made(file)
            if entry is not None:
                self._keep(PurePosixPath(address).stem, entry["session_id"])
            return address

        # Of this one manager, which is the server's.
        setattr(manager, made.__name__, remembered)

    def _keep(self, file: str, session: str) -> None:
        self._pressed.setdefault(file, set()).add(session)
        self._pressed.move_to_end(file)
        if len(self._pressed) > _KEPT:
            self._pressed.popitem(last=False)

    def made_for(self, person: str, name: str) -> bool:
        """Whether an open page of this person has the file."""
        file = PurePosixPath(name).stem
        shown = list(runtime.get_instance().media_file_mgr._files_by_session_and_coord.items())
        sessions = {session for session, files in shown if file in list(files.values())}
        sessions |= self._pressed.get(file, set())
        return any(whose(session) == person for session in sessions)


def whose(session: str) -> str:
    """The person of an open session; "" where there is none."""
    client = runtime.get_instance().get_client(session)
    if client is None or client.client_context is None:
        return ""
    login = unpacked(dict(client.client_context.headers).get(HEADER, ""))
    return "" if login is None else login.who.id
