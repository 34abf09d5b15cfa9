"""Who may do what: the one place that says so, and every door asks it. No database, no browser.

Where nobody signs in (`EVERYONE`, the command line too) all may do all, as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, get_args

from pcs_dash.tables.errors import UserError

Role = Literal["viewer", "editor", "data manager"]
# Each may do what the one before may, and more.
ROLES: tuple[Role, ...] = get_args(Role)
# A person's id and name have no more characters.
MAX_PERSON = 200


class Sharing(StrEnum):
    """With whom a document is shared, all its versions: nobody, those who have its link (to read,
    or to save versions too), or all who sign in.
    """

    PRIVATE = "private"
    READ = "read"
    EDIT = "edit"
    ALL = "all"


BY_LINK = (Sharing.READ, Sharing.EDIT)


class Action(StrEnum):
    """What one may be allowed: with a document, or (from `SAVE` on) at all."""

    READ = "read"
    EDIT = "edit"
    DELETE = "delete"
    SHARE = "share"
    SAVE = "save new documents, drafts and links"
    UPLOAD = "send files"
    LOAD = "load official data"
    AUDIT = "read the audit"


@dataclass(frozen=True)
class Who:
    """Who asks. `id`: what the sign-in calls the person; "" where nobody signs in. `role`: None
    for somebody who may nothing at all.
    """

    id: str
    name: str
    role: Role | None

    @property
    def signed_in(self) -> bool:
        """Whether rights are asked for at all."""
        return bool(self.id)


class Access(NamedTuple):
    """What a document says of itself: its owner (None: saved while nobody signed in), with whom it
    is shared, and whether who asks has opened it by its link of today.
    """

    owner: str | None
    sharing: Sharing
    by_link: bool = False


EVERYONE = Who("", "", "data manager")
# Somebody of whom the sign-in says nothing.
NOBODY = Who("(nobody)", "", None)

_FROM: dict[Action, Role] = {
    Action.SAVE: "editor",
    Action.UPLOAD: "editor",
    Action.LOAD: "data manager",
    Action.AUDIT: "data manager",
}


class RefusedError(UserError):
    """It is not for this person to do: `action` is what was asked for, with the document `id`."""

    def __init__(self, message: str, action: Action, id: int | None = None) -> None:
        super().__init__(message)
        self.action, self.id = action, id


def may(who: Who, action: Action, document: Access | None = None) -> bool:
    """Whether `who` may do this; with a document for the actions on one, without for the others."""
    if (document is None) != (action in _FROM):
        raise ValueError(f"{action} needs {'no' if action in _FROM else 'a'} document")
    if not who.signed_in:
        return True
    if who.role is None:
        return False
    if document is None:
        return _at_least(who, _FROM[action])
    own = document.owner == who.id
    readable = own or document.sharing is Sharing.ALL or _by_link(document, *BY_LINK)
    if action is Action.READ or not readable or not _at_least(who, "editor"):
        return readable and action is Action.READ
    if action is Action.EDIT:
        return own or document.sharing is Sharing.ALL or _by_link(document, Sharing.EDIT)
    # What nobody owns is for those to clear away who look after the server's data.
    return own or (document.owner is None and _at_least(who, "data manager"))


def require(who: Who, action: Action) -> None:
    """RefusedError unless `who` may do what needs no document."""
    if not may(who, action):
        raise RefusedError(f"As {who.role or 'nobody'} you may not {action} here.", action)


def _at_least(who: Who, role: Role) -> bool:
    return who.role is not None and ROLES.index(who.role) >= ROLES.index(role)


def _by_link(document: Access, *sharing: Sharing) -> bool:
    return document.by_link and document.sharing in sharing
