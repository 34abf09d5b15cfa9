"""From a deck to a file: the kind by its ending, each kind by its own module."""

from __future__ import annotations

from pathlib import Path

from pcs_dash.tables.errors import UserError
from pcs_dash.views.deck import Deck

KINDS = {
    ".pptx": "PowerPoint",
    ".pdf": "PDF",
    ".html": "one HTML file",
    ".xlsx": "Excel workbook of tables",
}
MIME = {
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def kind_of(path: Path) -> str:
    """The ending in small letters, if it is one of KINDS; UserError otherwise."""
    ending = path.suffix.lower()
    if ending not in KINDS:
        raise UserError(
            f"'{path}' ends in none of {', '.join(KINDS)}. Name the file by what it should be."
        )
    return ending


def make(deck: Deck, kind: str, *, template: bytes | None = None) -> bytes:
    """The report as a file's bytes; `kind` is a key of KINDS, `template` for PowerPoint only."""
    # Each is imported where it is used: none needs the others' libraries.
    if kind == ".pptx":
        from pcs_dash.render.powerpoint import to_pptx

        return to_pptx(deck, template=template)
    if template is not None:
        raise UserError("A template is for PowerPoint only. Name a .pptx file, or leave it out.")
    if kind == ".pdf":
        from pcs_dash.render.pdf import to_pdf

        return to_pdf(deck)
    if kind == ".html":
        from pcs_dash.render.html_file import to_html

        return to_html(deck)
    if kind == ".xlsx":
        from pcs_dash.render.report_workbook import to_xlsx

        return to_xlsx(deck)
    raise UserError(f"There is no kind of report '{kind}'. Choose one of: {', '.join(KINDS)}.")


def check_writable(path: Path) -> None:
    """UserError at once, rather than after the work, if there is no such folder."""
    if path.is_dir():
        raise UserError(f"{path} is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}. Make it, or name another.")
