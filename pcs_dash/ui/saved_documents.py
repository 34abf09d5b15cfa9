"""What the libraries of plans and of stories share on screen: links, and the list of saved ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pcs_dash.store.database import Database
from pcs_dash.store.documents import DocumentLibrary, Entry, Saved
from pcs_dash.store.drafts import Draft
from pcs_dash.store.links import make_link, make_short_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import ASSETS_DIR
from pcs_dash.ui import address
from pcs_dash.ui.text import plain

_SHOWN = 25
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


def other_draft(draft: Draft, said: str, label: str, key: str) -> tuple[bool, bool]:
    """Tell of a draft that another tab of this browser left, `said` being what it is; whether it
    is to be opened (the button `label`), and whether it has been dealt with: opened or forgotten.
    """
    with st.container(border=True):
        st.markdown(
            f"Another tab of this browser has left {said}last changed "
            f"{draft.saved_at:%d %B %Y %H:%M} UTC)."
        )
        opened = st.button(label, key=f"{key}-draft-open-{draft.kind}")
        return opened, opened or st.button("Forget it", key=f"{key}-draft-drop-{draft.kind}")


@dataclass(frozen=True)
class Shelf:
    """One library: `noun` and `plural` as users say them, `page` and `parameter` of its links,
    `key` the beginning of its widgets' keys.
    """

    books: DocumentLibrary
    database: Database
    noun: str
    plural: str
    page: str
    parameter: str
    key: str

    def links(
        self,
        document: Mapping[str, Any],
        dataset: Dataset,
        saved_id: int | None,
        version: int | None,
    ) -> None:
        """Buttons that make a link with everything in it, or a short one to the saved version."""
        st.markdown("**Share by link**")
        if st.button(f"Make a link that carries the {self.noun}", key=f"{self.key}-link"):
            text = make_link(
                document,
                dataset.practices.index,
                data_period=dataset.workforce_period,
                kind=self.books.kind,
            )
            self._show(text)
            st.caption(
                "It opens what you see here, on any computer that runs this program, also without "
                "this library. So does the address of this page while it is not too long."
            )
        if saved_id is not None and st.button("Make a short link", key=f"{self.key}-short"):
            saved = self.books.open(saved_id, version)
            text = make_short_link(self.database, saved)
            self._show(text)
            st.caption(f"It opens version {saved.version} wherever this library is shared.")

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

    def _show(self, text: str) -> None:
        whole = address.link(self.page, {self.parameter: text})
        _link(key=f"{self.key}-link-text", data={"link": whole})

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
                f"{plain(entry.data_period)}{note}"
            )
            row = buttons.container(horizontal=True)
            if deleted:
                row.button(
                    "Undo the delete",
                    key=f"{self.key}-undelete-{entry.id}",
                    on_click=self.books.undelete,
                    args=(entry.id,),
                )
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
            row.button(
                "Delete",
                key=f"{self.key}-delete-{entry.id}",
                help="Can be undone",
                on_click=self.books.delete,
                args=(entry.id,),
            )
