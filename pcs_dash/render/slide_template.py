"""A PowerPoint template of the user's own, opened without its slides.

How much it unpacks to is known before any of it is parsed: 0.7 MB can hold half a gigabyte of XML,
which as a tree takes twenty times as much.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from pptx import Presentation
from pptx.util import Inches

from pcs_dash.measures.numbers import number
from pcs_dash.tables.errors import UserError

MAX_TEMPLATE_BYTES = 50_000_000
# What pictures take hardly shrinks in a file; XML shrinks ten times and more.
MAX_SHRUNK_BYTES = 60_000_000
MAX_XML_BYTES = 25_000_000
MAX_PARTS = 5_000
# Inches. PowerPoint's own slides have 1 to 56; a chart and its words need more than the least.
_WIDTHS, _HEIGHTS = (4.5, 56.0), (3.0, 56.0)
_KINDS_OF_PARTS = "[Content_Types].xml"
_TEMPLATE_KIND = b"presentationml.template.main+xml"
_PRESENTATION_KIND = b"presentationml.presentation.main+xml"
_DAMAGED = (
    "The template can't be read as PowerPoint. Open it in PowerPoint, save it as .pptx and "
    "choose it again (a .ppt or password-protected file won't do)."
)


def open_template(template: bytes) -> Any:
    """The user's template (a python-pptx Presentation) without its slides.

    UserError where it can't be read, is too large, or its slides have a size nothing fits on.
    """
    if len(template) > MAX_TEMPLATE_BYTES:
        raise UserError(f"The template has more than {MAX_TEMPLATE_BYTES:,} bytes. Use a smaller.")
    try:
        _check_parts(template)
        presentation = Presentation(io.BytesIO(_as_presentation(template)))
        for entry in list(presentation.slides._sldIdLst):
            presentation.part.drop_rel(entry.rId)
            presentation.slides._sldIdLst.remove(entry)
        _check_size(presentation)
        # Read once, so that what is no layout is found before anything is written on it.
        for holder in (presentation.slide_master, *presentation.slide_layouts):
            for shape in holder.placeholders:
                _ = shape.placeholder_format.type, shape.left, shape.top, shape.width, shape.height
    except UserError:
        raise
    except Exception as error:
        # python-pptx and lxml have no common exception for a damaged file.
        raise UserError(_DAMAGED) from error
    return presentation


def _check_parts(template: bytes) -> None:
    """Refuse what would take gigabytes to parse."""
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        # zipfile reads no more of a part than its directory declares.
        parts = archive.infolist()
        shrunk = sum(max(part.file_size - part.compress_size, 0) for part in parts)
        if len(parts) > MAX_PARTS or shrunk > MAX_SHRUNK_BYTES:
            raise UserError(
                f"The template unpacks to {sum(p.file_size for p in parts) / 1e6:,.0f} MB in "
                f"{len(parts):,} parts. Delete its slides and what it has embedded, and save it."
            )
        # By content: what a part is called need not say what it is parsed as.
        xml = sum(part.file_size for part in parts if _is_text(archive, part))
    if xml > MAX_XML_BYTES:
        raise UserError(
            f"The template has {xml / 1e6:,.0f} MB of XML; the most is {MAX_XML_BYTES / 1e6:,.0f}. "
            "Delete its slides in PowerPoint and save it."
        )


def _is_text(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    if part.is_dir():
        return False
    with archive.open(part) as stream:
        head = stream.read(64)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff", b"\0<"))


def _check_size(presentation: Any) -> None:
    for side, least_and_most, word in (
        (presentation.slide_width, _WIDTHS, "wide"),
        (presentation.slide_height, _HEIGHTS, "high"),
    ):
        if side is None:
            raise UserError(_DAMAGED)
        least, most = least_and_most
        if not least <= side / Inches(1) <= most:
            raise UserError(
                f"The template's slides are {number(side / Inches(1), 1)} inches {word}; from "
                f"{least:g} to {most:g} can be written on. Choose another size (Design, Slide "
                "Size) and save it again."
            )


def _as_presentation(template: bytes) -> bytes:
    """A .potx as a .pptx: the same parts, of which one is declared as another kind."""
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        if _TEMPLATE_KIND not in archive.read(_KINDS_OF_PARTS):
            return template
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as copy:
            for item in archive.infolist():
                part = archive.read(item)
                if item.filename == _KINDS_OF_PARTS:
                    part = part.replace(_TEMPLATE_KIND, _PRESENTATION_KIND)
                copy.writestr(item, part)
    return made.getvalue()
