"""The files of the story on the table, made on demand and kept for their download buttons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.reading.reading_report import PlanReading
from pcs_dash.render import report_files
from pcs_dash.store.rights import Action
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import boxes, data, presenting, slow_work
from pcs_dash.ui.browser import app_address
from pcs_dash.ui.hubs import plan_upload
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.stories.open_story import OpenStory
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import View
from pcs_dash.views.content import build_deck, only_dataset
from pcs_dash.views.deck import Deck
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story

ABOUT = {
    ".pptx": "Slides with native charts and tables, maps as pictures, speaker notes, alt text.",
    ".pdf": "The same as a paper.",
    ".html": "One file that opens from a memory stick with no network; its maps pan and zoom.",
    ".xlsx": "Measures by place, district, PCN and practice, with definitions and sources.",
}
_MADE = "handout-made"
# The largest story of England takes a minute on a busy machine.
MAKE_SECONDS = 300.0


def one_page(view: View, question: Question) -> bytes:
    """A view as it stands as a sheet of PDF, without the title and the definitions of a pack."""
    from pcs_dash.render.pdf import to_pdf

    deck = _deck_of_one(view, question)
    return to_pdf(replace(deck, slides=deck.slides[:1]), cover=False)


def workbook(view: View, question: Question) -> bytes:
    """A view as it stands as the workbook of a report."""
    return report_files.make(_deck_of_one(view, question), ".xlsx")


def _deck_of_one(view: View, question: Question) -> Deck:
    area = question.area
    shown = SavedView(
        page=view.page,
        topic=view.key,
        area=area.key,
        switches=question.switches,
        options=question.options,
    )
    story = Story(view.title, (shown,))
    return build_deck(
        question.dataset,
        story,
        area=area,
        plan=question.plan,
        plan_name=question.plan_name,
        base=app_address(),
    )


@dataclass(frozen=True)
class Pack:
    """What files are made of: `plan` for views without their own, `name` to end files' names."""

    story: Story
    area: Area
    name: str
    plan: Plan | None = None
    plan_name: str = ""
    template: bytes | None = None

    @property
    def stamp(self) -> str:
        """Tells what one pack is made of from another."""
        plan = None if self.plan is None else self.plan.to_dict()
        told = (self.story.to_json(), self.area.key, plan, self.plan_name, self.template)
        return hashlib.sha256(repr(told).encode()).hexdigest()


def files(opened: OpenStory, dataset: Dataset, choices: Question) -> None:
    """The four kinds of file of the story on the table; a plan or a template can be brought."""
    with st.popover("PowerPoint, PDF, HTML, Excel", icon=":material/download:", type="primary"):
        st.caption(
            "Everything is made on this computer. Charts and tables in the slides are native, so "
            "you can edit them; figures and definitions are in the notes."
        )
        kinds, brought = st.container(), st.container()
        with brought:
            pack = _pack(opened, dataset, choices)
        if pack is not None:
            with kinds:
                offer(pack)


def _pack(opened: OpenStory, dataset: Dataset, choices: Question) -> Pack | None:
    """The story with the plan that was brought, or (ready-made) the one open on the page Hubs."""
    area = choices.area
    if not person.allowed(Action.UPLOAD):
        return _packed(opened, choices, None, None)
    with st.expander("Put a plan of hubs beside today's PCNs, or use your own PowerPoint template"):
        plan_file = st.file_uploader(
            f"Plan ({plan_upload.KINDS})", key="board-plan", max_upload_size=50
        )
        reading = plan_upload.for_paper(plan_file, dataset.practices, area) if plan_file else None
        template = st.file_uploader(
            "PowerPoint template", type=["pptx", "potx"], key="board-template", max_upload_size=50
        )
    if plan_file is not None and reading is None:
        return None
    return _packed(opened, choices, reading, template.getvalue() if template else None)


def _packed(
    opened: OpenStory, choices: Question, reading: PlanReading | None, template: bytes | None
) -> Pack:
    story, plan, plan_name = opened.story, None, ""
    if reading is not None:
        plan, plan_name = reading.plan, reading.called
    elif opened.untouched:
        plan, plan_name = presenting.plan_for("options")
        if plan is not None:
            st.caption(f"With the plan open on the page Hubs: {plain(plan_name or 'unnamed')}.")
    if opened.untouched:
        story = presenting.ready_story(choices, plan, plan_name)
    name = "board" if opened.untouched else "story"
    return Pack(story, choices.area, name, plan, plan_name, template)


def offer(pack: Pack) -> None:
    """A button for each kind of file; one that was made stays to be saved while it is the same."""
    made: dict[str, tuple[str, bytes]] = st.session_state.setdefault(_MADE, {})
    for kind, about in ABOUT.items():
        named = report_files.KINDS[kind]
        with st.container(border=True):
            st.markdown(f"**{named[0].upper()}{named[1:]}.** {about}")
            if st.button("Make it", key=f"make{kind}", help=f"Make {named}"):
                try:
                    made[kind] = (pack.stamp, _make(pack, kind))
                except UserError as error:
                    st.error(plain(str(error)))
            if made.get(kind, ("",))[0] == pack.stamp:
                _save(pack, kind, made[kind][1])


def deck_of(pack: Pack) -> Deck:
    """The report that files are made of. UserError where a view can't be shown."""
    dataset = only_dataset(pack.story, pack.area, lambda shown: data.of(shown)[0])
    return build_deck(
        dataset,
        pack.story,
        area=pack.area,
        plan=pack.plan,
        plan_name=pack.plan_name,
        base=app_address(),
    )


def _make(pack: Pack, kind: str) -> bytes:
    with st.spinner("Answering its questions ..."):
        deck = deck_of(pack)
    return slow_work.away(
        report_files.make,
        deck,
        kind,
        template=pack.template if kind == ".pptx" else None,
        label=f"Making {report_files.KINDS[kind]}",
        seconds=MAKE_SECONDS,
        long=True,
    )


def _save(pack: Pack, kind: str, made: bytes) -> None:
    label = f"Save {report_files.KINDS[kind]} ({len(made) / 1e6:.1f} MB)"
    name = f"{pack.area.key}-{pack.name}{kind}"
    boxes.download(label, made, name, report_files.MIME[kind], f"save{kind}", type="primary")
