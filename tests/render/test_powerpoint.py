"""The PowerPoint file: native charts and tables, alt text, notes, templates; looked at as pages."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.image import imread
from openpyxl import load_workbook
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.oxml.ns import qn
from pptx.util import Emu, Inches, Pt

from pcs_dash.official.any_area import find_area
from pcs_dash.render.paper_text import ARIAL, printable, width
from pcs_dash.render.powerpoint import _add_chart, _Box, to_pptx
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Chart, Series
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Deck, Slide
from pcs_dash.views.registry import find_view
from pcs_dash.views.report_links import LOCAL_APP
from pcs_dash.views.story import SavedView, Story, ready_made

from .conftest import HOSTILE, MADE, hostile_plan


@pytest.fixture(scope="module")
def content(deck: Deck) -> bytes:
    return to_pptx(deck)


@pytest.fixture(scope="module")
def slides(content: bytes) -> list[Any]:
    return list(Presentation(io.BytesIO(content)).slides)


def own_shapes(slide: Any) -> Iterator[Any]:
    return (shape for shape in slide.shapes if not shape.is_placeholder)


def words(slide: Any) -> str:
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    for shape in slide.shapes:
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return "\n".join(found)


def test_a_title_and_a_slide_or_more_for_each_view(deck: Deck, slides: list[Any]) -> None:
    headings = [slide.shapes.title.text_frame.text for slide in slides]
    assert headings[0] == deck.title
    rest = iter(headings[1:])
    for wanted in deck.slides:
        assert any(heading.startswith(wanted.heading) for heading in rest), wanted.heading


def test_charts_are_native_and_hold_the_figures(deck: Deck, slides: list[Any]) -> None:
    native = [shape.chart for slide in slides for shape in slide.shapes if shape.has_chart]
    wanted = [block for s in deck.slides for block in s.blocks if isinstance(block, Chart)]
    assert len(native) == len(wanted) == 6
    for chart, block in zip(native, wanted, strict=True):
        shown = [list(series.values) for series in chart.plots[0].series]
        given = [list(series.values) for series in block.series]
        if block.kind == "bars":
            given.reverse()
        if block.kind != "scatter":
            given = [row[::-1] for row in given]
            assert list(chart.plots[0].categories) == [
                printable(name) for name in reversed(block.categories)
            ]
        for mine, theirs in zip(shown, given, strict=True):
            assert np.allclose(mine, np.array(theirs, dtype=float), equal_nan=True)
        if block.kind == "intervals":
            xml = chart._chartSpace.xml
            low, value, high = (
                np.array(part, dtype=float)
                for part in (block.series[0].low, block.series[0].values, block.series[0].high)
            )
            ends = [float(v.text) for v in chart._chartSpace.iter("{*}v") if "errBars" in str(
                v.getroottree().getpath(v))]  # fmt: skip
            assert xml.count("<c:errBars") == 1
            assert np.allclose(ends, [*(high - value)[::-1], *(value - low)[::-1]], atol=1e-4)


def test_everything_has_alt_text_and_stays_on_the_slide(content: bytes) -> None:
    presentation = Presentation(io.BytesIO(content))
    for slide in presentation.slides:
        for shape in own_shapes(slide):
            assert shape._element.xpath(".//p:cNvPr")[0].get("descr"), shape.name
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= presentation.slide_width + 1
            assert shape.top + shape.height <= presentation.slide_height + 1


def test_blocks_do_not_overlap(slides: list[Any]) -> None:
    for slide in slides:
        boxes = [
            (shape.left, shape.top, shape.left + shape.width, shape.top + shape.height)
            for shape in slide.shapes
            if shape.has_chart or shape.has_table or shape.shape_type == 13
        ]
        foot = next(s.top for s in slide.shapes if s.name == "Source and period")
        for i, box in enumerate(boxes):
            assert box[3] <= foot + Emu(1000)
            for other in boxes[:i]:
                assert box[2] <= other[0] or box[0] >= other[2]


def test_maps_are_pictures_of_200_dots_an_inch(slides: list[Any]) -> None:
    pictures = [shape for slide in slides for shape in slide.shapes if shape.shape_type == 13]
    assert len(pictures) == 3
    for picture in pictures:
        wide, _ = picture.image.size
        assert wide / (picture.width / Inches(1)) == pytest.approx(200, rel=0.01)
        assert "Map of Thurrock" in picture._element.xpath(".//p:cNvPr")[0].get("descr")


def test_every_slide_says_where_its_figures_come_from(deck: Deck, slides: list[Any]) -> None:
    for slide in slides[:-1]:
        foot = next(s.text_frame.text for s in slide.shapes if s.name == "Source and period")
        assert "NHS England" in foot
        assert "31 December 2025" in foot
        assert "Fully qualified GPs" in foot
        assert "5 March 2026" in foot
        assert "area=thurrock" in foot
    for slide in slides:
        assert "GPs counted" in slide.notes_slide.notes_text_frame.text
    every = "\n".join(map(words, slides))
    for term, _ in deck.definitions:
        assert term.removeprefix("Rule: ") in every


def test_text_is_large_enough_to_read(slides: list[Any]) -> None:
    for slide in slides:
        for shape in slide.shapes:
            frames = [shape.text_frame] if shape.has_text_frame else []
            if shape.has_table:
                frames += [cell.text_frame for row in shape.table.rows for cell in row.cells]
            least = Pt(12) if shape.has_table else Pt(8)
            for frame in frames:
                for run in (run for p in frame.paragraphs for run in p.runs):
                    assert run.font.size is None or run.font.size >= least


def test_hostile_names_are_text(slides: list[Any], content: bytes) -> None:
    every = "\n".join(map(words, slides))
    for name in HOSTILE[:4]:
        assert name in every
    assert "\u202e" not in every
    assert "Aveley $x$ <b>&amp; Medical</b> Centre" in every
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert not any("vbaProject" in name for name in archive.namelist())
        outside = [
            link.get("Target")
            for name in archive.namelist()
            if name.endswith(".rels")
            for link in ElementTree.fromstring(archive.read(name))
            if link.get("TargetMode") == "External"
        ]
    # Nothing is loaded from outside: what points there are links to the app, to be clicked.
    assert outside
    assert all(target.startswith(f"{LOCAL_APP}/") for target in outside)


# --- templates ---


def template(*, wide: float = 10, high: float = 7.5) -> bytes:
    """A template of 4:3 with a slide of its own and a coloured master."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(wide), Inches(high)
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "The template's own slide"
    data = io.BytesIO()
    presentation.save(data)
    return data.getvalue()


def test_a_template_s_size_and_layouts_are_followed(dataset: Dataset) -> None:
    area = find_area("Thurrock")
    story = Story("Short", (SavedView(page="hubs", topic="hubs"), SavedView(topic="costs")))
    short = build_deck(dataset, story, area=area, made=MADE)
    presentation = Presentation(io.BytesIO(to_pptx(short, template=template())))
    assert presentation.slide_width == Inches(10)
    slides = list(presentation.slides)
    assert [slide.slide_layout.name for slide in slides] == [
        "Title Slide",
        *["Title Only"] * (len(slides) - 1),
    ]
    assert "The template's own slide" not in "\n".join(map(words, slides))
    for slide in slides:
        for shape in own_shapes(slide):
            assert shape.left + shape.width <= presentation.slide_width + 1
            # python-pptx's own footer begins at 6.95 inches: nothing lies on it.
            assert shape.top + shape.height <= Inches(6.98)
        kinds = [shape.placeholder_format.type for shape in slide.placeholders]
        assert PP_PLACEHOLDER.SLIDE_NUMBER in kinds


def test_a_potx_is_a_template_too(deck: Deck) -> None:
    content = (Path(__file__).parent / "template.potx").read_bytes()
    written = to_pptx(deck, template=content)
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert b"template.main+xml" not in archive.read("[Content_Types].xml")
    assert len(Presentation(io.BytesIO(written)).slides) > len(deck.slides)


def test_the_legend_of_a_band_says_its_name_once_and_large_enough(deck: Deck) -> None:
    names = ("Middle", "95%", "95%")
    lines = tuple(Series(name, (1.0, 2.0), x=(1.0, 2.0), line=True) for name in names)
    slide = Slide("Ahead", "More.", (Chart("scatter", "Years", lines, "Lines"),), "Source", (), "")
    shapes = Presentation(io.BytesIO(to_pptx(replace(deck, slides=(slide,))))).slides[1].shapes
    (legend,) = (shape.chart.legend for shape in shapes if shape.has_chart)
    hidden = legend._element.findall(qn("c:legendEntry"))
    assert [entry.find(qn("c:idx")).get("val") for entry in hidden] == ["2"]
    assert legend._element.index(hidden[0]) == 1  # after its place: the order of the schema
    assert legend.font.size >= Pt(12)


def test_no_name_is_a_formula_in_the_workbook_behind_a_chart(deck: Deck) -> None:
    names = ('=HYPERLINK("http://a.invalid")', "North")
    chart = Chart("bars", "Patients", (Series("=1+1", (1.0, 2.0)),), "Bars", categories=names)
    slide = Slide("Hubs", "Two hubs.", (chart,), "Source", (), "")
    shapes = Presentation(io.BytesIO(to_pptx(replace(deck, slides=(slide,))))).slides[1].shapes
    (native,) = (shape.chart for shape in shapes if shape.has_chart)
    assert tuple(native.plots[0].categories) == tuple(reversed(names))
    behind = load_workbook(io.BytesIO(native.part.chart_workbook.xlsx_part.blob)).active
    cells = [cell for row in behind.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert {"=1+1", *names} <= {cell.value for cell in cells}


def damaged() -> bytes:
    """A zip archive with the right names and broken XML in them."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template())) as old,
        zipfile.ZipFile(data, "w") as new,
    ):
        for item in old.infolist():
            inside = old.read(item)
            new.writestr(item.filename, inside[: len(inside) // 2])
    return data.getvalue()


def changed(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A template one of whose parts is changed."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(template())) as old,
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            inside = old.read(item)
            new.writestr(item.filename, change(inside) if item.filename == name else inside)
    return data.getvalue()


def sized(width: int) -> bytes:
    """A template whose slides are said to be so many EMU wide."""
    told = f'cx="{width}"'.encode()
    return changed("ppt/presentation.xml", lambda xml: xml.replace(b'cx="9144000"', told))


LAYOUT = "ppt/slideLayouts/slideLayout1.xml"


def much_xml(_: bytes) -> bytes:
    return b"<a/>" * 7_000_000


def without_shapes(xml: bytes) -> bytes:
    return re.sub(rb"<p:cSld.*</p:cSld>", b"<p:cSld/>", xml, flags=re.DOTALL)


def no_titles() -> bytes:
    presentation = Presentation()
    for layout in list(presentation.slide_layouts):
        if layout.name != "Blank":
            presentation.slide_layouts.remove(layout)
    data = io.BytesIO()
    presentation.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: b"", "can't be read as PowerPoint"),
        (lambda: b"PK\x03\x04 nonsense", "can't be read as PowerPoint"),
        (lambda: b"\xd0\xcf\x11\xe0" * 200, "can't be read as PowerPoint"),
        (lambda: template()[:-2000], "can't be read as PowerPoint"),
        (damaged, "can't be read as PowerPoint"),
        (no_titles, "no layout with a title"),
        (lambda: changed("docProps/app.xml", much_xml), "28 MB of XML"),
        (lambda: changed("docProps/thumbnail.jpeg", much_xml), "28 MB of XML"),
        (lambda: changed("docProps/thumbnail.jpeg", lambda _: bytes(70_000_000)), "unpacks to 7"),
        (lambda: sized(914_400), "1.0 inches wide"),
        (lambda: sized(-9_144_000), "−10.0 inches wide"),
        (lambda: sized(914_400_000), "1,000.0 inches wide"),
        (lambda: changed(LAYOUT, without_shapes), "can't be read as PowerPoint"),
        (lambda: changed(LAYOUT, lambda _: b"<other/>"), "can't be read as PowerPoint"),
    ],
    ids=["empty", "no zip", "old format", "cut off", "broken xml", "no titles", "much XML",
         "XML called a picture", "bomb", "narrow", "negative", "huge", "layout without shapes",
         "layout of other XML"],
)  # fmt: skip
def test_a_template_that_can_t_be_used_is_told(
    deck: Deck, made: Callable[[], bytes], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        to_pptx(deck, template=made())


# --- looked at ---


def as_pdf(content: bytes, folder: Path) -> Path:
    """The slides as LibreOffice draws them."""
    office = shutil.which("soffice")
    if not office or not shutil.which("pdftoppm"):
        pytest.skip("Missing: apt-get install libreoffice-impress poppler-utils")
    (folder / "board.pptx").write_bytes(content)
    subprocess.run(
        [office, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to",
         "pdf", "--outdir", str(folder), str(folder / "board.pptx")],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return folder / "board.pdf"


def lines_on_lines(pdf: Path) -> list[tuple[int, str, str]]:
    """Pairs of lines of text, and their page, of which one stands on the other."""
    text = subprocess.run(
        ["pdftotext", "-bbox-layout", str(pdf), "-"], check=True, capture_output=True, timeout=60
    ).stdout
    inside = "{http://www.w3.org/1999/xhtml}"
    found = []
    for number, page in enumerate(ElementTree.fromstring(text).iter(f"{inside}page"), start=1):
        lines = []
        for line in page.iter(f"{inside}line"):
            box = [float(line.get(side, 0)) for side in ("xMin", "yMin", "xMax", "yMax")]
            lines.append((box, " ".join(word.text or "" for word in line.iter(f"{inside}word"))))
        for (a, first), (b, second) in combinations(lines, 2):
            across = min(a[2], b[2]) - max(a[0], b[0])
            down = min(a[3], b[3]) - max(a[1], b[1])
            # Lines of one paragraph touch by a sixth of their height.
            if across > 1 and down > 0.25 * min(a[3] - a[1], b[3] - b[1]):
                found.append((number, first, second))
    return found


@pytest.mark.parametrize("area", ["Thurrock", "Essex"])
def test_no_line_stands_on_another(dataset: Dataset, area: str, tmp_path: Path) -> None:
    own = find_area(area)
    story = ready_made(own, plan=hostile_plan(dataset), plan_name="A plan")
    more = ("inequality", "pattern", "survives", "then_now")
    for topic in more:
        story = story.add(SavedView(page=find_view(topic).page, topic=topic))
    pdf = as_pdf(to_pptx(build_deck(dataset, story, area=own)), tmp_path)
    assert lines_on_lines(pdf) == []


def test_libreoffice_opens_it_and_nothing_runs_off_the_page(
    content: bytes, slides: list[Any], tmp_path: Path
) -> None:
    pdf = as_pdf(content, tmp_path)
    subprocess.run(
        ["pdftoppm", "-r", "50", "-png", str(pdf), str(tmp_path / "page")], check=True, timeout=120
    )
    pages = sorted(tmp_path.glob("page*.png"))
    assert len(pages) == len(slides)
    for page, slide in zip(pages, slides, strict=True):
        pixels = imread(page)[..., :3]
        assert pixels.shape[1] / pixels.shape[0] == pytest.approx(16 / 9, abs=0.01)
        # White all round: nothing reaches the edge, nothing was pushed past it.
        edge = 6
        for side in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
            assert side.min() > 0.98, slide.shapes.title.text_frame.text
        assert (pixels.min(axis=2) < 0.5).mean() > 0.003
        # The line above the source stays free: no table grew down into it.
        foot = next(s.top for s in slide.shapes if s.name == "Source and period")
        row = round(foot / Inches(1) * 50)
        assert pixels[row - 2 : row].min() > 0.9, slide.shapes.title.text_frame.text


def test_the_benchmark_stands_where_the_axis_says(deck: Deck, slides: list[Any]) -> None:
    place = next(n for n, s in enumerate(deck.slides) if s.view and s.view.topic == "practices")
    slide = slides[place + 1]
    frame = next(shape for shape in slide.shapes if shape.has_chart)
    line = next(shape for shape in slide.shapes if shape.name == "Reference line")
    plot = frame.chart._chartSpace.chart.plotArea.find(qn("c:layout")).find(qn("c:manualLayout"))
    x, wide = (float(plot.find(qn(f"c:{name}")).get("val")) for name in "xw")
    axis = frame.chart.value_axis
    block = next(item for item in deck.slides[place].blocks if isinstance(item, Chart))
    share = (block.reference - axis.minimum_scale) / (axis.maximum_scale - axis.minimum_scale)
    assert line.left == pytest.approx(frame.left + frame.width * (x + wide * share), abs=2)
    assert block.reference == 2258
    assert axis.minimum_scale == 0
    assert axis.maximum_scale > max(block.series[0].values)


def test_an_axis_reaches_a_fall_and_names_every_tick() -> None:
    shares = Series("s", (0.2, -1.0))
    chart = Chart(
        "bars", "t", (shares,), "a", ("Up", "Down"), number_format='#,##0.0"%"', reference=-0.1
    )
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    _add_chart(slide, chart, _Box(1, 1, 6, 4), templated=False)
    axis = next(shape for shape in slide.shapes if shape.has_chart).chart.value_axis
    assert axis.minimum_scale < -1
    assert axis.maximum_scale > 0.2
    assert axis.major_unit == 0.5
    assert axis.tick_labels.number_format.startswith('#,##0.0"%"')


def test_bars_begin_at_nothing_and_names_fit_their_rows() -> None:
    """Bars that differ by 8% don't seem to differ twofold; no program leaves a name out."""
    names = tuple(f"The Surgery of a Rather Long Name in Essex (F8{n:04})" for n in range(11))
    chart = Chart("bars", "t", (Series("s", (91.0, 98.0) * 5 + (91.0,)),), "a", names)
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    for high in (3.0, 6.0):
        _add_chart(slide, chart, _Box(1, 1, 4, high), templated=False)
    low, tall = (shape.chart for shape in slide.shapes if shape.has_chart)
    assert low.value_axis.minimum_scale == 0
    assert tuple(tall.plots[0].categories) == names[::-1]
    cut = [str(name) for name in low.plots[0].categories][::-1]
    assert all(name.endswith(f"… (F8{n:04})") for n, name in enumerate(cut))
    assert all(width(name, 10, narrow=ARIAL) <= 0.46 * 4 * 72 for name in cut)


def test_a_dark_template_keeps_its_own_colours(deck: Deck) -> None:
    made = Presentation()
    fill = made.slide_master.background.fill
    fill.solid()
    fill.fore_color.rgb = RGBColor(0x10, 0x10, 0x30)
    data = io.BytesIO()
    made.save(data)
    written = Presentation(io.BytesIO(to_pptx(deck, template=data.getvalue())))
    for slide in written.slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                runs = [run for p in shape.text_frame.paragraphs for run in p.runs]
                assert all(run.font.color.type is None for run in runs), shape.name
            if shape.has_chart:
                assert shape.chart.font.color.theme_color == MSO_THEME_COLOR.TEXT_1
