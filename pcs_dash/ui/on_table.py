"""What is worked on: a story or a scenario on the table, and as a draft in the database at every
change.

Whose draft it is, the same cookie says as for plans (docs/decisions/0002-hub-map-component.md).
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pcs_dash.store.documents import ConflictError, Saved
from pcs_dash.store.drafts import Draft, Place, open_draft
from pcs_dash.store.rights import Action
from pcs_dash.tables.errors import UserError
from pcs_dash.ui.hubs.open_plan import OpenPlan, database
from pcs_dash.ui.sign_in import person

UNDO = 100
_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class OnTable(ABC):
    """A document being worked on.

    `stamp` grows when it changes other than by typing, so that boxes show it; `said` what is to be
    told, `fault` why the draft can't be kept; `saved_*` the version it came from and `conflict`
    what stood in the way of saving the next; `place` where this tab keeps its draft, and
    `other_drafts` those that other tabs left.
    """

    kind: ClassVar[str]
    token: str
    stamp: int = 0
    said: str = ""
    fault: str = ""
    saved_id: int | None = None
    saved_version: int | None = None
    conflict: ConflictError | None = None
    other_drafts: Sequence[Draft] = ()
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.place = Place(self.token, self.kind, self.kind)

    @property
    @abstractmethod
    def held(self) -> Any:
        """The story or scenario; None where there is none."""

    @abstractmethod
    def take(self, held: Any, /) -> None:
        """Put another in its place, from its beginning; undo brings back what was there."""

    @staticmethod
    @abstractmethod
    def read(document: Any, /) -> Any:
        """The story or scenario of a document. UserError where it makes no sense."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The draft as it is stored."""

    def open(self, saved: Saved) -> None:
        """Put a saved version on the table. UserError where its document makes no sense."""
        self.take(self.read(saved.document))
        self.came_from(saved)
        self.said = f"Open: '{saved.name}', version {saved.version}."

    def came_from(self, saved: Saved | None) -> None:
        """Note which saved version is on the table; None: it is none."""
        self.saved_id = None if saved is None else saved.id
        self.saved_version = None if saved is None else saved.version
        self.conflict = None
        self.keep()

    def saved_as(self, saved: Saved) -> None:
        """Note that it was saved as a version, and say so."""
        self.said = f"Saved: '{saved.name}', version {saved.version}."
        self.came_from(saved)

    def is_as(self, saved: Saved) -> bool:
        """Whether a saved version says what is on the table."""
        return bool(self.read(saved.document) == self.held)

    def keep(self) -> None:
        """Write the draft. What is on the table stays usable if that fails; the page says so."""
        if not person.allowed(Action.SAVE):
            return
        try:
            told = self.place.keep(database(), self.to_dict())
            self.fault, self.said = "", f"{self.said} {told}".strip()
        except UserError as error:
            _log.warning("draft not kept: %s %s", error, error.aside)
            self.fault = str(error)


def saved_in(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Which saved version a draft says it came from, as arguments; none where it is damaged."""
    found = {name: draft.get(name) for name in ("saved_id", "saved_version")}
    return found if all(isinstance(number, int) for number in found.values()) else {}


T = TypeVar("T", bound=OnTable | OpenPlan)


def from_draft(
    kind: str, read: Callable[[Mapping[str, Any], str], T], afresh: Callable[[str], T]
) -> T:
    """What this browser's latest draft says (`read`, with its token), else what begins `afresh`."""
    token, fault = person.draft_token(), ""
    try:
        place, drafts = open_draft(database(), token, kind)
        if drafts:
            found = read(drafts[0].document, token)
            found.place, found.other_drafts = place, drafts[1:]
            return found
    except UserError as error:
        fault = str(error)
    found = afresh(token)
    found.fault = fault
    return found
