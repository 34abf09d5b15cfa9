"""The files of a story, made on demand and kept for their download buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.render import report_files
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data
from pcs_dash.ui.browser import app_address
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import View
from pcs_dash.views.content import build_deck, only_dataset
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story

ABOUT = {
    ".pptx": "Slides with native charts and tables, maps as pictures, speaker notes, alt text.",
    ".pdf": "The same as a paper.",
    ".html": "One file that opens from a memory stick with no network; its maps pan and zoom.",
    ".xlsx": "Measures by place, district, PCN and practice, with definitions and sources.",
}


def one_page(view: View, question: Question) -> bytes:
    """A view as it stands as a sheet of PDF, without the title and the definitions of a pack."""
    from pcs_dash.render.pdf import to_pdf

    area = question.area
    shown = SavedView(
        page=view.page,
        topic=view.key,
        area=area.key,
        switches=question.switches,
        options=question.options,
    )
    story = Story(view.title, (shown,))
    deck = build_deck(question.dataset, story, area=area, base=app_address())
    return to_pdf(replace(deck, slides=deck.slides[:1]), cover=False)


def offer(
    story: Callable[[], Story],
    area: Area,
    *,
    name: str = "board",
    key: str = "",
    plan: Plan | None = None,
    plan_name: str = "",
    template: bytes | None = None,
) -> None:
    """A button for each kind of file; `name` ends the files' names, `key` begins widgets' keys."""
    for kind, about in ABOUT.items():
        with st.container(border=True):
            st.markdown(
                f"**{report_files.KINDS[kind][0].upper()}{report_files.KINDS[kind][1:]}.** {about}"
            )
            if not st.button(
                "Make it", key=f"{key}make{kind}", help=f"Make {report_files.KINDS[kind]}"
            ):
                continue
            try:
                with st.spinner(f"Making {report_files.KINDS[kind]} ..."):
                    told = story()
                    dataset = only_dataset(told, area, lambda shown: data.of(shown)[0])
                    deck = build_deck(
                        dataset, told, area=area, plan=plan, plan_name=plan_name, base=app_address()
                    )
                    made = report_files.make(
                        deck, kind, template=template if kind == ".pptx" else None
                    )
            except UserError as error:
                st.error(plain(str(error)))
                continue
            st.download_button(
                f"Save {report_files.KINDS[kind]} ({len(made) / 1e6:.1f} MB)",
                made,
                file_name=f"{area.key}-{name}{kind}",
                mime=report_files.MIME[kind],
                key=f"{key}save{kind}",
                icon=":material/download:",
                type="primary",
                on_click="ignore",
            )
