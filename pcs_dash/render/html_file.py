"""A report as one HTML file that opens from a memory stick, with no network and no server.

Maps pan and zoom: Leaflet's files come from the installed package, the map script and the layers
from here, all of it inside the file. A content security policy forbids every request, so that
nothing can leave or enter. Names are untrusted: they are escaped in HTML, kept out of scripts (data
travels as JSON that holds no "<"), and the map script only makes text nodes of them.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from typing import Any

from pcs_dash.measures import numbers
from pcs_dash.render import web
from pcs_dash.render.hub_colours import swatch
from pcs_dash.render.paper_text import printable
from pcs_dash.render.svg_charts import to_svg
from pcs_dash.render.table_fit import is_numeric
from pcs_dash.tables.paths import ASSETS_DIR
from pcs_dash.tables.sources import ATTRIBUTION
from pcs_dash.views import maps
from pcs_dash.views.answer import Bullets, Chart, Drawn, MapBlock, Table, text_table
from pcs_dash.views.deck import Deck, Slide, sources
from pcs_dash.views.map_spec import NO_POINTS, POINTS, MapSpec, map_view
from pcs_dash.views.report_links import shown as shown_link

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; color: #111827; background: #fff; font: 17px/1.5 Arial, Helvetica, sans-serif; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 24px; }
h1 { font-size: 2rem; margin: 0 0 .3rem; }
h2 { font-size: 1.5rem; margin: 0 0 .4rem; }
section { border-top: 3px solid #005eb8; padding: 20px 0 24px; }
.lead { font-size: 1.1rem; margin: 0 0 12px; max-width: 62em; }
.own { font-weight: 700; }
.blocks { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; }
@media (min-width: 900px) { .two { grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); } }
.map { height: 520px; border: 1px solid #6b7280; }
figure { margin: 0; }
figure img { width: 100%; height: auto; }
.scroll { overflow-x: auto; max-height: 620px; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
caption { text-align: left; font-weight: 700; padding: 0 0 6px; }
th, td { border-bottom: 1px solid #d1d5db; padding: 5px 8px; text-align: right; vertical-align: top; }
th:first-child, td:first-child, .words { text-align: left; }
thead th { background: #005eb8; color: #fff; position: sticky; top: 0; }
tbody th { font-weight: 400; }
tbody tr:nth-child(even) { background: #f1f4f8; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; padding: 0; margin: 6px 0; font-size: .9rem; }
.basis, .note { color: #374151; font-size: .9rem; }
.points li { margin-bottom: .7em; font-size: 1.15rem; max-width: 60em; }
details { margin-top: 10px; }
summary { cursor: pointer; }
code { overflow-wrap: anywhere; }
a { color: #005eb8; overflow-wrap: anywhere; }
.find { margin: 0 0 6px; }
.find select { font: inherit; max-width: 100%; min-height: 32px; }
:focus-visible { outline: 3px solid #d6006e; outline-offset: 2px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 20px; top: 8px; background: #fff; padding: 6px; }
/* On a phone what heads a row of figures stands above them. */
@media (max-width: 640px) {
  table:not(.words):has(th:nth-child(4)):not(:has(td.words)) { thead { position: sticky; top: 0; }
    tr { display: flex; flex-wrap: wrap; border-bottom: 1px solid #d1d5db; }
    :is(th, td) { flex: 1 1 0; min-width: 0; border: none; padding-inline: 4px; }
    tr > :first-child { flex: 0 0 100%; box-sizing: border-box; }
  }
}
@media print { .scroll { max-height: none; overflow: visible; } section { break-inside: avoid; } nav { display: none; } }
"""  # noqa: E501

# `fetch` answers from the file itself; anything else is refused by the policy anyway.
_SCRIPT = """
(function () {
  "use strict";
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  window.fetch = (url) => Promise.resolve({ ok: true, json: () => Promise.resolve(read(url)) });
  document.addEventListener("DOMContentLoaded", () => {
    const views = read("pcs-data:views");
    document.querySelectorAll(".map").forEach((element) => {
      const view = views[element.dataset.view];
      const map = L.map(element);
      const list = document.getElementById(element.dataset.list);
      const pick = (code) => { PCSMap.select(map, code); list.value = code; };
      PCSMap.mount(map, { onPick: pick });
      list.addEventListener("change", () => PCSMap.select(map, list.value || null));
      const shown = PCSMap.update(map, view.content);
      if (view.position) shown.then(() => map.setView(view.position.slice(0, 2), view.position[2]));
    });
  });
})();
"""


def to_html(deck: Deck) -> bytes:
    """The report as the bytes of one HTML file (UTF-8): a section for each view."""
    maps_shown: list[dict[str, Any]] = []
    sections = [
        _section(deck, slide, number, maps_shown) for number, slide in enumerate(deck.slides, 1)
    ]
    story = f" {_anchor(deck.story_link, 'Open this story in the app')}" if deck.story_link else ""
    contents = "".join(
        f'<li><a href="#view-{number}">{_escape(slide.heading)}</a></li>'
        for number, slide in enumerate(deck.slides, 1)
    )
    plan = f"<br>Plan: {_escape(deck.plan_name)}" if deck.plan_name else ""
    data = "".join(
        f'<script type="application/json" id="{_escape(name)}">{_json(content)}</script>'
        for name, content in _data(deck, maps_shown).items()
    )
    page = f"""<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{_escape(deck.title)}</title>
<link rel="icon" href="data:,">
<style>{_leaflet_style()}
{(ASSETS_DIR / "pcs_map.css").read_text("utf-8")}
{_STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the first view</a>
<header>
<h1>{_escape(deck.title)}</h1>
<p>{_escape(deck.subtitle)}{plan}<br>{"<br>".join(map(_escape, deck.basis_lines))}<br>
Made {_escape(deck.made_text)}.{story}</p>
<nav aria-label="Contents"><ol>{contents}</ol></nav>
</header>
<main id="content">
<noscript><p><strong>The maps need JavaScript, which is switched off here.</strong>
Every figure is in the tables.</p></noscript>
{"".join(sections)}
{_sources_section()}
</main>
<footer><p class="basis">{_escape(ATTRIBUTION)}</p></footer>
{data}
<script>{_leaflet_script()}</script>
{_own_scripts()}
<script>{_SCRIPT}</script>
</body>
</html>
"""
    return page.encode("utf-8")


# --- making text safe ---


def _escape(text: object) -> str:
    return html.escape(printable(text))


def _anchor(link: str, words: str) -> str:
    """A link that is followed only when somebody clicks it."""
    return f'<a href="{_escape(link)}" rel="noreferrer">{_escape(words)}</a>'


def _json(content: Any) -> str:
    """JSON that can't end its own script element, whatever its texts hold."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _script_text(text: str) -> str:
    """Our own and Leaflet's scripts hold no closing tag; should that change, this stops it."""
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("A script holds what would end its own element.")
    return text


def _own_scripts() -> str:
    texts = (
        _script_text((ASSETS_DIR / f"{name}.js").read_text("utf-8")) for name in web.MAP_SCRIPTS
    )
    return "\n".join(f"<script>{text}</script>" for text in texts)


def _leaflet(name: str) -> str:
    return (web.package_folder("xstatic.pkg.leaflet") / "data" / name).read_text("utf-8")


def _leaflet_script() -> str:
    # A source map's address would be asked for by developer tools.
    return _script_text(re.sub(r"//# sourceMappingURL=\S*", "", _leaflet("leaflet.js")))


def _leaflet_style() -> str:
    """Without the pictures of controls that are not used here."""
    return re.sub(r"url\([^)]*\)", "none", _leaflet("leaflet.css"))


# --- sections ---


def _section(deck: Deck, slide: Slide, number: int, shown: list[dict[str, Any]]) -> str:
    own = f'<p class="lead own">{_escape(slide.text)}</p>' if slide.text else ""
    message = f'<p class="lead">{_escape(slide.message)}</p>' if slide.message else ""
    blocks = "".join(
        f"<div>{_block(deck, block, number, place, shown)}</div>"
        for place, block in enumerate(slide.blocks)
    )
    notes = "".join(f"<li>{_escape(note)}</li>" for note in slide.notes)
    two = " two" if len(slide.blocks) == 2 else ""
    return (
        f'<section id="view-{number}" aria-labelledby="heading-{number}">'
        f'<h2 id="heading-{number}">{_escape(slide.heading)}</h2>{own}{message}'
        f'<div class="blocks{two}">{blocks}</div>'
        f'<p class="basis">{_escape(slide.footer)} Made {_escape(deck.made_text)}. '
        f"Opens in the app: {_anchor(slide.link, shown_link(slide.link))}</p>"
        f"<details><summary>Notes and definitions</summary><ul>{notes}</ul></details></section>"
    )


def _block(deck: Deck, block: Drawn, number: int, place: int, shown: list[dict[str, Any]]) -> str:
    if isinstance(block, Table):
        return _table(block, f"table-{number}-{place}")
    if isinstance(block, Bullets):
        items = "".join(f"<li>{_escape(item)}</li>" for item in block.items)
        caption = f'<p class="lead own">{_escape(block.caption)}</p>' if block.caption else ""
        return f'{caption}<ol class="points">{items}</ol>'
    if isinstance(block, Chart):
        return _chart(block, f"figures-{number}-{place}", narrow=place > 0)
    return _map(deck, block, number, shown)


def _table(table: Table, name: str) -> str:
    side = [
        "" if is_numeric(table.rows, place) else ' class="words"'
        for place in range(len(table.columns))
    ]
    head = "".join(
        f'<th scope="col"{words}>{_escape(column)}</th>'
        for column, words in zip(table.columns, side, strict=True)
    )
    colours = table.colours or ("",) * len(table.rows)
    body = "".join(
        f'<tr><th scope="row">{swatch(colour)}{_escape(row[0])}</th>'
        + "".join(
            f"<td{words}>{_escape(cell)}</td>"
            for cell, words in zip(row[1:], side[1:], strict=True)
        )
        + "</tr>"
        for row, colour in zip(table.rows, colours, strict=True)
    )
    note = f'<p class="note">{_escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0"><table>'
        f'<caption id="{name}">{_escape(table.caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _chart(chart: Chart, name: str, *, narrow: bool) -> str:
    size = (4.9, 4.2) if narrow else (7.2, 4.6)
    picture = base64.b64encode(to_svg(chart, size=size).encode()).decode()
    return (
        f'<figure><img src="data:image/svg+xml;base64,{picture}" alt="{_escape(chart.alt)}">'
        f"</figure><details><summary>Figures of the chart</summary>"
        f"{_table(_chart_table(chart), name)}</details>"
    )


def _chart_table(chart: Chart) -> Table:
    """The chart's figures for those who read rather than look."""

    def cell(value: float | None) -> str:
        if value is None:
            return "no figure"
        return numbers.number(value, 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0)

    if chart.kind == "scatter":
        dots = [series for series in chart.series if not series.line]
        rows = [
            (f"{cell(x)}", cell(y))
            for series in dots
            for x, y in sorted(zip(series.x, series.values, strict=True))
        ]
        return text_table(chart.title, (chart.x_title, chart.value_title), tuple(rows))
    columns = ["Name"]
    parts: list[list[str]] = [list(chart.categories)]
    for series in chart.series:
        columns.append(series.name)
        parts.append(list(map(cell, series.values)))
        if series.low:
            columns += ["95% interval, lower", "95% interval, upper"]
            parts += [[cell(v) for v in series.low], [cell(v) for v in series.high]]
    rows_of = tuple(tuple(row) for row in zip(*parts, strict=True))
    return text_table(chart.title, tuple(columns), rows_of, note=chart.value_title)


def _sources_section() -> str:
    table = text_table("Sources", ("Title", "Publisher", "Period", "Licence"), sources())
    inside = _table(table, "sources").replace("<table>", '<table class="words">')
    return (
        '<section aria-labelledby="heading-sources"><h2 id="heading-sources">Sources</h2>'
        f"{inside}</section>"
    )


# --- maps ---


def _map(deck: Deck, block: MapBlock, number: int, shown: list[dict[str, Any]]) -> str:
    content, legends, note = map_view(deck.dataset, block.spec, f"report-{number}")
    position = block.spec.position
    place = None
    if position is not None:
        place = [position.latitude, position.longitude, position.zoom]
    shown.append({"content": content, "position": place, "spec": block.spec})
    alt = _escape(block.alt)
    place_in_list = f"practice-{len(shown)}"
    return (
        f"{_practice_list(block, place_in_list)}"
        f'<div class="map" role="region" aria-label="{alt}" data-view="{len(shown) - 1}" '
        f'data-list="{place_in_list}"></div>'
        f"{''.join(_legend(legend) for legend in legends)}"
        f'<p class="note">{_escape(note)}</p>'
    )


def _practice_list(block: MapBlock, name: str) -> str:
    """A list that marks a practice on the map, for those who don't point."""
    names = block.spec.question.practices["practice_name"]
    options = "".join(
        f'<option value="{_escape(code)}">{_escape(text)} ({_escape(code)})</option>'
        for code, text in names.sort_values(kind="stable").items()
    )
    return (
        f'<p class="find"><label for="{name}">Find a practice on the map</label> '
        f'<select id="{name}"><option value="">None</option>{options}</select></p>'
    )


def _legend(legend: maps.Legend) -> str:
    counts: Sequence[int | None] = legend.counts or [None] * len(legend.labels)
    items = "".join(
        f"<li>{swatch(colour)}{_escape(label)}"
        f"{f' <b>{count:,}</b>' if count is not None else ''}</li>"
        for colour, label, count in zip(legend.colours, legend.labels, counts, strict=True)
    )
    return f'<p class="note"><b>{_escape(legend.title)}</b></p><ul class="legend">{items}</ul>'


def _data(deck: Deck, shown: list[dict[str, Any]]) -> dict[str, Any]:
    """What the scripts read, by the id of its element: layers, practices, views, the story."""
    dataset = deck.dataset
    lsoas = web.for_the_web(dataset.lsoas)
    outlines = web.for_the_web(dataset.outlines)
    towns = dataset.towns.to_crs(4326)
    data: dict[str, Any] = {"pcs-data:story": deck.story.to_dict()}
    for view in shown:
        spec: MapSpec = view["spec"]
        name = view["content"]["area"]["url"]
        if spec.shapes is not None:
            data[name], bounds = web.england_layer(spec.shapes)
            data[NO_POINTS] = []
        else:
            area = spec.question.area
            bounds = web.bounds_of(area, dataset.practices, lsoas)
            if name not in data:
                data[name] = web.area_layer(area, dataset.practices, lsoas, outlines, towns)
        view["content"]["area"]["bounds"] = bounds
    data[POINTS] = web.practice_points(dataset.practices)
    data["pcs-data:views"] = [
        {"content": view["content"], "position": view["position"]} for view in shown
    ]
    return data
