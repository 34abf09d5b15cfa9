"""Whatever a name holds, a page shows it letter by letter, and asks no other computer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from markdown_it import MarkdownIt

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui import blocks
from pcs_dash.ui.text import plain
from pcs_dash.views.answer import Beside, Bullets, Chart, Table, Text
from pcs_dash.views.question import Question, ask
from pcs_dash.views.registry import VIEWS

EVIL = "![x](http://evil.example/i.png) <img src=//evil.example> www.evil.example"
_PARSER = MarkdownIt("commonmark").enable(["strikethrough", "table"])
_HARMFUL = {"image", "link_open", "html_inline", "html_block", "table_open", "heading_open"}


def _tokens(markdown: str) -> Iterator[Any]:
    for token in _PARSER.parse(markdown):
        yield token
        yield from token.children or []


def _said(markdown: str) -> str:
    return "".join(token.content for token in _tokens(markdown) if token.type.startswith("text"))


@given(some.text(some.sampled_from("![]()<>*_`~#-+|:/.\\&;aw1 \n\r@$") | some.characters()))
@example(EVIL)
@example("[a]: http://evil.example\n[a]")
@example("1. one\n2. two")
@example("<http://evil.example>")
def test_any_text_is_shown_as_it_is(text: str) -> None:
    kinds = {token.type for token in _tokens(plain(text))}
    assert kinds <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(some.text(some.sampled_from("![]()<>*_`~#-+|:/.\\&;aw1"), min_size=1))
def test_no_letter_is_lost(text: str) -> None:
    assert _said(plain(text)).replace("\u2060", "") == text


@pytest.mark.parametrize(
    "address", ["http://evil.example", "HTTPS://e.example", "www.evil.example"]
)
def test_no_address_is_whole_after_the_escapes_are_read(address: str) -> None:
    # Streamlit looks for addresses in the text that Markdown leaves.
    assert address not in _said(plain(f"see {address} now"))


@pytest.fixture(scope="module")
def evil(dataset: Dataset) -> Question:
    """An area and practices whose every name is a picture of another host."""
    named = dict.fromkeys(("practice_name", "postcode", "pcn"), EVIL)
    area = find_area("Thurrock")
    own = area.select(dataset.practices).index
    practices = dataset.practices.copy()
    for name, text in named.items():
        practices[name] = practices[name].astype("object")
        practices.loc[own, name] = text
    asked = ask(replace(dataset, practices=practices), area)
    return replace(asked, area=replace(area, name=EVIL))


def _blocks(question: Question, key: str) -> Iterator[Any]:
    try:
        answer = VIEWS[key].answer(question)
    except UserError as error:
        yield Text(str(error))
        return
    yield from answer.front
    yield from answer.below
    if answer.picked is not None:
        yield from answer.picked(question, str(question.practices.index[0]))


@pytest.mark.parametrize(
    "key", ["where", "deprivation", "practices", "similar", "quality", "correlation", "catchment"]
)
def test_no_view_brings_a_name_to_the_page_as_markdown(evil: Question, key: str) -> None:
    answer = VIEWS[key].answer(evil)
    with patch.object(blocks, "st", MagicMock()) as shown:
        blocks.message(answer.message, first=True)
        if answer.figures:
            shown.columns.side_effect = lambda n: [shown] * n
            blocks.figures(*answer.figures)
        for block in _blocks(evil, key):
            _draw(block)
        said = [
            str(text)
            for name in ("markdown", "caption", "info", "metric", "header")
            for call in getattr(shown, name).call_args_list
            for text in call.args
        ]
    assert any("evil" in text for text in said)
    assert not _HARMFUL & {token.type for text in said for token in _tokens(text)}


def _draw(block: Any) -> None:
    match block:
        case Beside():
            for one in (one for column in block.columns for one in column):
                _draw(one)
        case Text():
            blocks.text(block)
        case Bullets():
            blocks.bullets(block)
        case Chart():
            blocks.chart(block, key="k")
        case Table() if block.small:
            blocks.small_table(block)
        case Table():
            blocks.data_table(block, key="k", pick=lambda _option, _code: None)
        case _:
            pass


# What a user or a file names, as it stands at the end of an expression.
_NAMES = {
    "name", "label", "basis", "author", "note", "district", "postcode", "source", "period", "title",
    "heading", "plan_name", "practice_name", "pcn", "file_name", "words", "message", "text",
}  # fmt: skip
_MARKDOWN = {
    "title", "header", "subheader", "caption", "markdown", "info", "warning", "error", "success",
    "button", "download_button", "link_button", "page_link", "expander", "popover", "tabs",
    "toggle", "checkbox", "selectbox", "multiselect", "text_input", "number_input", "metric",
    "write", "toast", "spinner", "status",
}  # fmt: skip
# Names of our own, which nobody else writes.
_OURS = {"definition", "option", "rule", "item", "PER_GP"}


@pytest.mark.parametrize(
    "path",
    sorted([*(ROOT / "pcs_dash" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_names_reach_markdown_through_one_function(path: Path) -> None:
    found = []
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in _MARKDOWN
        ):
            found += [ast.unparse(node) for text in call.args[:1] for node in _bare(text)]
    assert not found


def _bare(node: ast.AST) -> Iterator[ast.Attribute]:
    """Names in an expression that no call stands around."""
    if isinstance(node, ast.Call):
        return
    if isinstance(node, ast.Attribute) and node.attr in _NAMES:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        if owner not in _OURS:
            yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _bare(child)
