"""What the libraries of plans, stories and scenarios share on screen: links, the list of saved
ones and, of what is saved whole, saving, files and drafts of other tabs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pcs_dash.store.checks import MAX_AUTHOR, MAX_NOTE
from pcs_dash.store.documents import (
    ConflictError,
    DeletedError,
    DocumentLibrary,
    Entry,
    NotFoundError,
    Saved,
)
from pcs_dash.store.drafts import Draft, drop_draft
from pcs_dash.store.links import (
    data_fingerprint,
    make_link,
    make_short_link,
    share,
    shared_link,
)
from pcs_dash.store.rights import Action, Sharing
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import ASSETS_DIR
from pcs_dash.ui import address, boxes
from pcs_dash.ui.hubs.open_plan import OpenPlan, database
from pcs_dash.ui.on_table import OnTable
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain

_SHOWN = 25
_SHARED = {
    Sharing.PRIVATE: "Only me",
    Sharing.READ: "Who has the link may read",
    Sharing.EDIT: "Who has the link may read and save versions",
    Sharing.ALL: "Everyone who signs in may read, editors save versions",
}
_link = st.components.v2.component(
    "pcs_dash_link",
    html='<div class="pcs-link"><code tabindex="0"></code><button type="button"></button></div>',
    css="""
.pcs-link { display: flex; gap: 0.5rem; align-items: start; }
.pcs-link code { overflow-wrap: anywhere; font-size: 0.8rem; max-height: 9rem; overflow-y: auto; }
.pcs-link button { padding: 0.2rem 0.6rem; cursor: pointer; }
""",
    js=(ASSETS_DIR / "link.js").read_text("utf-8"),
    isolate_styles=False,
)


def link_of(document: Mapping[str, Any], dataset: Dataset, kind: str = "plan") -> str:
    """The text of a link that carries a document. LinkError where it is too long for one."""
    codes, period = dataset.practices.index, dataset.workforce_period
    return make_link(document, codes, data_period=period, kind=kind)


def other_draft(
    opened: OnTable | OpenPlan, draft: Draft, said: str, label: str, key: str,
    take: Callable[[], None],
) -> None:  # fmt: skip
    """Tell of a draft that another tab of this browser left, `said` being what it is; the button
    `label` takes it, another forgets it.
    """
    with st.container(border=True):
        st.markdown(
            f"Another tab of this browser has left {said}last changed "
            f"{draft.saved_at:%d %B %Y %H:%M} UTC)."
        )
        wanted = st.button(label, key=f"{key}-draft-open-{draft.kind}")
        done = wanted or st.button("Forget it", key=f"{key}-draft-drop-{draft.kind}")
    if wanted:
        take()
    if done:
        drop_draft(database(), opened.token, draft.kind)
        opened.other_drafts = [kept for kept in opened.other_drafts if kept.kind != draft.kind]
        st.rerun()


def tell(opened: OnTable, noun: str) -> None:
    """Say what has to be said above the table: a draft that can't be kept, what was done, and
    drafts that other tabs of this browser left.
    """
    # In a place of its own: what stands below must not move, or an open popover closes.
    with st.container():
        _tell(opened, noun)


def _tell(opened: OnTable, noun: str) -> None:
    if opened.fault:
        st.warning(f"Your {noun} is not kept as a draft: {plain(opened.fault)}")
    if opened.said:
        st.info(plain(opened.said))
        opened.said = ""
    for draft in opened.other_drafts:
        try:
            held = opened.read(draft.document.get(opened.kind))
        except UserError:
            continue
        said = f"a {noun} of its own, {plain(held.name)} ("
        other_draft(opened, draft, said, "Open it", opened.kind, partial(opened.take, held))


def _try(work: Callable[..., object], *arguments: object) -> None:
    """Do what a button asks for; what is refused by now is told."""
    try:
        work(*arguments)
    except UserError as error:
        st.toast(plain(str(error)))


@dataclass(frozen=True)
class LibraryPanel:
    """One library: `noun` and `plural` as users say them, `page` and `parameter` of its links,
    `key` the beginning of its widgets' keys, `kept` where its list stands. It is opened only when
    something in it is asked for: what is on the table can be worked on, shared and kept as a file
    without it.
    """

    library: Callable[[], DocumentLibrary]
    noun: str
    plural: str
    page: str
    parameter: str
    key: str
    kept: str = "below"

    @property
    def books(self) -> DocumentLibrary:
        """The library. StoreError where it can't be opened."""
        return self.library()

    def links(
        self,
        document: Mapping[str, Any],
        dataset: Dataset,
        saved_id: int | None,
        version: int | None,
    ) -> None:
        """With whom it is shared; buttons for a link with everything in it, or a short one."""
        if saved_id is not None and person.who().signed_in:
            self._sharing(self.books.open(saved_id), "form")
        st.markdown("**Share by link**")
        if st.button(f"Make a link that carries the {self.noun}", key=f"{self.key}-link"):
            self._show(link_of(document, dataset, self.books.kind))
            st.caption(
                "It opens what you see here, on any computer that runs this program, also without "
                "this library. So does the address of this page while it is not too long."
            )
        may_save = person.allowed(Action.SAVE)
        if (
            saved_id is not None
            and may_save
            and st.button("Make a short link", key=f"{self.key}-short")
        ):
            saved = self.books.open(saved_id, version)
            text = make_short_link(database(), saved, self.books.who)
            self._show(text)
            whom = " for those who may read it" if person.who().signed_in else ""
            st.caption(f"It opens version {saved.version} wherever this library is shared{whom}.")

    def _sharing(self, entry: Entry, place: str) -> None:
        """With whom a document is shared, for who may say so, and its link."""
        if not self.books.allows(Action.SHARE, entry):
            return
        key = f"{self.key}-sharing-{place}-{entry.id}"
        st.session_state[key] = entry.access.sharing
        boxes.one(
            f"Who may see this {self.noun}",
            _SHARED,
            key,
            help="All its versions. Its link stays while it is shared by one; made private, the "
            "link opens nothing any more, and sharing it anew makes another.",
            on_change=lambda: _try(share, self.books, entry.id, st.session_state[key]),
        )
        if link := shared_link(self.books, entry.id):
            self._show(link, f"{place}-{entry.id}")

    def may_save_version(self, opened: Any) -> bool:
        """Whether the next version of what is on the table is this person's to save. One that is
        not there for them any more is on the table as if it had never been saved.
        """
        if opened.saved_id is None or not person.who().signed_in:
            return opened.saved_id is not None
        try:
            return self.books.allows(Action.EDIT, self.books.open(opened.saved_id))
        except NotFoundError:
            opened.saved_id = opened.saved_version = None
            return False

    def tell_version(
        self, saved_id: int | None, version: int | None, is_same: Callable[[Saved], bool]
    ) -> None:
        """Say which version is on the table, and whether it was changed since."""
        if saved_id is None:
            return
        try:
            since = "as it was saved" if is_same(self.books.open(saved_id, version)) else ""
        except UserError:
            # Deleted for good, or what its data were is no more.
            since = ""
        st.caption(f"On the table: version {version}, {since or 'with your changes since'}.")

    def _show(self, text: str, place: str = "text") -> None:
        whole = address.link(self.page, {self.parameter: text})
        _link(key=f"{self.key}-link-{place}", data={"link": whole})

    def browse(self, saved_id: int | None, put_on_table: Callable[[Saved], None]) -> None:
        """Every saved version: open, delete, undo a delete. `saved_id` is on the table."""
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        search = left.text_input(
            f"Find a {self.noun} (name, author or note)", key=f"{self.key}-search"
        )
        deleted = right.toggle(f"Deleted {self.plural}", key=f"{self.key}-deleted")
        entries = self.books.entries(search, deleted=deleted, limit=_SHOWN)
        if not entries:
            st.info(
                f"No deleted {self.plural}."
                if deleted
                else f"No {self.noun} found. Save one with 'Save and share'."
            )
            return
        total = self.books.count(search, deleted=deleted)
        if total > len(entries):
            st.caption(f"The {len(entries)} last saved of {total:,}. Search to see others.")
        for entry in entries:
            self._entry(entry, saved_id, put_on_table, deleted=deleted)

    def _entry(
        self,
        entry: Entry,
        saved_id: int | None,
        put_on_table: Callable[[Saved], None],
        *,
        deleted: bool,
    ) -> None:
        here = " · on the table" if entry.id == saved_id else ""
        note = f"  \n{plain(entry.note)}" if entry.note else ""
        with st.container(border=True):
            text, buttons = st.columns([3, 2], vertical_alignment="center")
            text.markdown(
                f"**{plain(entry.name)}** · version {entry.version}{here}  \n"
                f"{plain(entry.author) or 'no author'}, {entry.saved_at:%d %B %Y %H:%M} UTC · "
                f"{plain(entry.data_period)}{self._whose(entry)}{note}"
            )
            row = buttons.container(horizontal=True)
            own = self.books.allows(Action.DELETE, entry)
            if deleted:
                if own:
                    key, undo = f"{self.key}-undelete-{entry.id}", (self.books.undelete, entry.id)
                    row.button("Undo the delete", key=key, on_click=_try, args=undo)
                return
            version = entry.version
            if entry.latest_version > 1:
                version = row.selectbox(
                    "Version",
                    range(entry.latest_version, 0, -1),
                    key=f"{self.key}-version-{entry.id}",
                    label_visibility="collapsed",
                    format_func=lambda number: f"Version {number}",
                    width=130,
                )
            if row.button("Open", key=f"{self.key}-open-{entry.id}", type="primary"):
                put_on_table(self.books.open(entry.id, version))
                st.rerun()
            if own:
                key, drop = f"{self.key}-delete-{entry.id}", (self.books.delete, entry.id)
                row.button("Delete", key=key, help="Can be undone", on_click=_try, args=drop)
            if own and self.books.who.signed_in:
                with row.popover("Share"):
                    self._sharing(entry, "list")

    def _whose(self, entry: Entry) -> str:
        """Whose it is and who may see it, where people sign in."""
        who, sharing = self.books.who, entry.access.sharing
        if not who.signed_in:
            return ""
        if entry.access.owner == who.id:
            return f"  \nYours · {_SHARED[sharing].lower()}"
        return f"  \nBelongs to {plain(entry.owner_name or 'nobody who signs in')}"

    # --- what is saved whole ---

    def save(self, opened: Any, dataset: Dataset) -> None:
        """Save what is on the table as a version, or as one of its own, and share it by a link."""
        may_save = person.allowed(Action.SAVE)
        with st.popover("Save and share" if may_save else "Share", icon=":material/save:"):
            try:
                if may_save:
                    self._form(opened, dataset)
                    st.divider()
                document = self.linked(opened, dataset)
                self.links(document, dataset, opened.saved_id, opened.saved_version)
            except UserError as error:
                st.error(plain(str(error)))

    def linked(self, opened: Any, dataset: Dataset) -> dict[str, Any]:  # noqa: ARG002 - of plans
        """The document that a link carries."""
        document: dict[str, Any] = opened.held.to_dict()
        return document

    def name(self, opened: Any) -> str:
        """What it is to be called."""
        return str(opened.held.name)

    def about(self, opened: Any, dataset: Dataset) -> dict[str, Any]:
        """What a version says besides the document, as typed and of the data."""
        codes, period = dataset.practices.index, dataset.workforce_period
        return {
            "name": self.name(opened),
            "note": st.text_area("Note", max_chars=MAX_NOTE, height=70, key=f"{self.key}-note"),
            "author": self.author(),
            "data_period": period,
            "data_fingerprint": data_fingerprint(codes, period),
        }

    def places(self) -> tuple[Any, Any]:
        """Where the two buttons stand: a popover is too narrow for both side by side."""
        return st, st

    def author(self) -> str:
        """Who saves: as typed, or who signed in."""
        looking = person.who()
        if looking.signed_in:
            st.caption(f"Saved as {plain(looking.name)}. A new one is yours alone to see.")
            return looking.name
        return st.text_input(
            "Your name, as others shall see it", max_chars=MAX_AUTHOR, key=f"{self.key}-author"
        )

    def _form(self, opened: Any, dataset: Dataset) -> None:
        about = self.about(opened, dataset)
        known = self.may_save_version(opened)
        self.tell_version(opened.saved_id, opened.saved_version, opened.is_as)
        again, new = self.places()
        if known and again.button(
            "Save version", type="primary", width="stretch", key=f"{self.key}-save"
        ):
            self._save_version(opened, about)
        if new.button(
            f"Save as a new {self.noun}",
            type="secondary" if known else "primary",
            width="stretch",
            key=f"{self.key}-save-new",
        ):
            self._saved(opened, self.books.create(opened.held.to_dict(), **about))
        if opened.conflict is not None:
            self._conflict(opened, dataset, about)

    def _save_version(self, opened: Any, about: dict[str, Any]) -> None:
        document, version = opened.held.to_dict(), opened.saved_version
        try:
            self._saved(opened, self.books.save(opened.saved_id, version, document, **about))
        except ConflictError as error:
            opened.conflict = error
        except DeletedError as error:
            where = f"{self.kept}, or save as a new {self.noun}"
            st.error(f"{plain(str(error))} Undelete it {where}.")

    def _saved(self, opened: Any, saved: Saved) -> None:
        opened.saved_as(saved)
        st.rerun()

    def _conflict(
        self,
        opened: Any,
        dataset: Dataset,  # noqa: ARG002 - of plans
        about: dict[str, Any],
    ) -> None:
        """Someone saved in between: nothing is overwritten. Keep a copy, or take theirs."""
        theirs = opened.conflict.theirs
        st.warning(
            f"{plain(theirs.author) or 'Someone'} saved version {theirs.version} meanwhile. Yours "
            "is not saved yet: save it as a copy, or open theirs (Undo brings yours back)."
        )
        if st.button("Save mine as a copy", type="primary", key=f"{self.key}-copy"):
            name = {"name": f"{about['name'][:110]} (copy)"}
            opened.take(opened.read(opened.held.to_dict() | name))
            self._saved(opened, self.books.create(opened.held.to_dict(), **about | name))
        if st.button("Open theirs", key=f"{self.key}-theirs"):
            opened.open(theirs)
            st.rerun()

    def exchange(
        self,
        opened: OnTable,
        text: str,
        read: Callable[[bytes, str], Any],
        others: Callable[[], None] = lambda: None,
    ) -> None:
        """What is on the table as a file (`text`; "": nothing is), and one out of a file: `read`
        makes it of the file's bytes and name. `others` offers files of other kinds.
        """
        with st.popover("File", icon=":material/description:"):
            if text:
                label, name = f"Export the {self.noun}", f"{self.noun}.json"
                boxes.download(label, text, name, "application/json", f"{self.key}-export")
            others()
            if not person.allowed(Action.UPLOAD):
                return
            given = st.file_uploader(
                f"Open a {self.noun} (JSON, as exported here)",
                type=["json"],
                key=f"{self.key}-file",
            )
            if given is not None and st.button("Open it", type="primary", key=f"{self.key}-import"):
                try:
                    opened.take(read(given.getvalue(), given.name))
                except UserError as error:
                    st.error(f"{plain(str(error))} Your {self.noun} is as it was.")
                    return
                opened.came_from(None)
                st.rerun()

    def saved_ones(self, opened: OnTable) -> None:
        """Every saved version, folded away, in a fragment of its own; read once it is opened."""
        box = st.expander(f"Saved {self.plural}", key=f"{self.key}-saved", on_change="rerun")
        if box.open:
            with box:
                st.fragment(self._saved_ones)(opened)

    def _saved_ones(self, opened: OnTable) -> None:
        try:
            self.browse(opened.saved_id, opened.open)
        except UserError as error:
            st.error(plain(str(error)))
