"""The official data on the Data page: what is loaded, loading files, measures, versions, joins.

Nothing here goes to the network; landing pages are links that only the reader follows.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.official import upload
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.manifest import Manifest
from pcs_dash.official.status import age_words, history_rows, source_rows, status_sentence
from pcs_dash.official.store import DATA_DIR_VARIABLE, Store
from pcs_dash.store.rights import Action
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.sources import WORKFORCE_PERIOD
from pcs_dash.ui import address, boxes, page_parts
from pcs_dash.ui.sign_in import audited, person
from pcs_dash.ui.sign_in.settings import settings
from pcs_dash.ui.text import plain

# What the answers of most questions need, in the order to get them.
FIRST_FILES = (
    "list_sizes", "pcn_membership", "workforce", "allocations", "registrations_lsoa", "imd2019",
    "imd2025", "lsoa11_lsoa21", "boundaries_lsoa11",
)  # fmt: skip
_COMMANDS = (
    "`python -m pcs_dash update --from FOLDER` loads every file of a folder. Where programs may "
    "download, `python -m pcs_dash update` fetches what has an address of its own, and "
    "`python -m pcs_dash update list_sizes` one source alone; `python -m pcs_dash status` names "
    "them all. `python -m pcs_dash rollback --to 3` goes back to version 3. "
    f"`{upload.UPLOADS_VARIABLE}=off` switches loading files on this page off, "
    f"`{DATA_DIR_VARIABLE}` says in which folder they are kept."
)
_NONCE = "official-upload-round"
_RESULT = "official-upload-result"
_CHECKED = "official-upload-checked"
_STATUS = {
    "new": "new",
    "changed": "replaces what is loaded",
    "unchanged": "already loaded",
    "older": "older than what is loaded",
    "failed": "can't be loaded",
}


def message(rows: Sequence[Mapping[str, Any]]) -> str:
    """The first sentence of the page."""
    return f"Figures embedded: {WORKFORCE_PERIOD}. {status_sentence(rows)}"


def rows_now() -> tuple[Store, Manifest | None, list[dict[str, Any]]]:
    """The store, the version in use, and a row a source."""
    store = Store()
    return store, store.current(), source_rows(store)


def section(store: Store, manifest: Manifest | None, rows: list[dict[str, Any]]) -> None:
    """The section "Official data"."""
    st.header("Official data", anchor="official-data")
    with st.popover("For whoever runs the server", icon=":material/terminal:"):
        st.markdown(_COMMANDS)
    if manifest is None:
        _first_step()
    elif manifest.recovered:
        st.warning("The last version is damaged: the one before it is in use. Load files again.")
    _result()
    when, failed = store.last_update()
    if failed:
        with st.expander(
            f"The last update ({_day(when)}) could not load {len(failed)} of its files"
        ):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in failed))
    drawn: dict[str, Callable[[], None]] = {
        "What is loaded": lambda: _loaded(rows, manifest),
        "Load files": lambda: _load_files(store, manifest),
        "Measures": lambda: _measures(store),
    }
    if manifest:
        drawn |= {"Versions": lambda: _versions(store), "Joins": lambda: _joins(store)}
    if settings().on and person.allowed(Action.AUDIT):
        drawn[audited.TAB] = audited.panel
    boxes.tabs(drawn, address.choice("official", list(drawn)))


def _first_step() -> None:
    st.info(
        "**No official data are loaded; every figure is of the tables of Essex that come with the "
        "app.** To work with this month's files, or with another area of England:\n\n"
        "1. Download files from the landing pages listed below (a browser will do), and leave "
        "them zipped.\n"
        "2. Give them under **Load files**.\n\n"
        f"Begin with: {', '.join(SOURCES[key].title for key in FIRST_FILES[:3])}."
    )


# --- what is loaded ---------------------------------------------------------------------------


def _loaded(rows: list[dict[str, Any]], manifest: Manifest | None) -> None:
    table = pd.DataFrame(
        {
            "Source": row["title"],
            "Period": row["period"] or None,
            "Age": age_words(row["age_days"]),
            "State": row["due"],
            "Rows": row["rows"],
            "Landing page": row["landing_page"],
            "Brings": row["brings"],
            "Loaded": row["loaded_at"][:10] or None,
            "From file": row["file"] or None,
            "Remarks": row["remarks"] or None,
            "Published": row["cadence"],
            "Publisher": row["publisher"],
            "Licence": row["licence"],
            "Note": row["note"],
        }
        for row in rows
    ).astype({"Rows": "Int64"})
    for column in ("Period", "Loaded"):
        table[column] = pd.to_datetime(table[column])
    there = table["Period"].notna()
    order = {"newer edition due": 0, "current": 1}
    now = table[there].sort_values(
        "State", key=lambda state: state.map(order), kind="stable", ignore_index=True
    )
    if manifest:
        st.caption(
            f"Version {manifest.version} of {_day(manifest.created)}, built for "
            f"{plain(manifest.area)}. A newer edition is due when the period is older than the "
            "publication's rhythm and some weeks; whether one is out is for the landing page "
            "to say."
        )
        _source_table(now, "Official data that are loaded")
        page_parts.download_csv(table, name="official-data")
    with st.expander(f"Not loaded: {int((~there).sum())} sources", expanded=manifest is None):
        first = {SOURCES[key].title: place for place, key in enumerate(FIRST_FILES)}
        missing = table[~there].sort_values(
            "Source", key=lambda titles: titles.map(first).fillna(99), kind="stable"
        )
        _source_table(
            missing[
                ["Source", "Brings", "Landing page", "Published", "Publisher", "Licence", "Note"]
            ],
            "Official data that are not loaded",
        )


def _source_table(table: pd.DataFrame, words: str) -> None:
    boxes.table(
        table,
        words,
        height="content" if len(table) <= 6 else 460,
        # From such a height on words go on on the next line; those here are long.
        row_height=66,
        column_config={
            "Source": st.column_config.TextColumn(width=330),
            "Period": st.column_config.DateColumn(format="D MMM YYYY"),
            "Loaded": st.column_config.DateColumn(format="D MMM YYYY"),
            "Brings": st.column_config.TextColumn(width=330),
            "Landing page": st.column_config.LinkColumn(width=180),
            "Rows": st.column_config.NumberColumn(format="localized"),
        },
    )


def _day(moment: str) -> str:
    try:
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except ValueError:
        return moment
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


# --- loading files ----------------------------------------------------------------------------


def _load_files(store: Store, manifest: Manifest | None) -> None:
    if not upload.uploads_allowed():
        st.info(
            "Loading files here is switched off on this server. Whoever runs it can load them, or "
            "switch it on."
        )
        return
    if not person.allowed(Action.LOAD):
        st.info("Data managers load files here.")
        return
    reason = upload.unwritable(store)
    if reason:
        st.warning(
            f"{reason} So nothing can be loaded here. Whoever runs the server sets "
            f"{DATA_DIR_VARIABLE} to a folder it may write to."
        )
        return
    st.markdown(
        "Files as published, whatever their names, zipped, gzipped or plain: CSV, Excel, "
        "OpenDocument, GeoJSON, GeoPackage, shapefile (zipped). They are recognised by their "
        "columns. First you see what would change; nothing changes until you say so."
    )
    st.caption(
        "**What you load changes the data for everyone who uses this server**, in one step, and "
        "can be taken back under Versions. Nothing leaves this server."
    )
    files = st.file_uploader(
        f"Files, up to {upload.LARGEST_FILE_MB} MB each",
        accept_multiple_files=True,
        max_upload_size=upload.LARGEST_FILE_MB,
        key=f"official-files-{st.session_state.get(_NONCE, 0)}",
    )
    if not files:
        return
    given = [(file.name, file.getvalue()) for file in files]
    older = _older_wanted()
    checked = _checked(given, older, manifest)
    _preview(checked)
    if older or any(o["by_name"] for o in checked.outcomes):
        st.checkbox(
            "Load older editions, and files that may be cut short, all the same",
            key="official-older",
            help="As naming the source does on the command line.",
        )
    if not checked.to_load or checked.words.startswith("These files can't be loaded alone"):
        return
    if st.button(_button_words(checked), type="primary", key="official-load"):
        with st.spinner("Loading and building; this takes up to a minute ..."):
            answer = _with_files(given, lambda folder: upload.load(folder, sources=older))
        if _is_loaded(answer):
            loaded = ", ".join(f"{o['source']} {o['period']}" for o in answer.to_load)
            audited.note("loaded", loaded)
        st.session_state[_RESULT] = answer
        # An empty uploader, so that nothing is loaded twice.
        st.session_state[_NONCE] = st.session_state.get(_NONCE, 0) + 1
        st.session_state.pop("official-older", None)
        st.rerun()


def _older_wanted() -> tuple[str, ...]:
    """All sources by name, when older editions may replace newer ones; else none."""
    return tuple(SOURCES) if st.session_state.get("official-older") else ()


def _button_words(checked: upload.Answer) -> str:
    count = len(checked.to_load)
    left_out = " and leave the rest" if len(checked.outcomes) > count else ""
    return f"Load {'this table' if count == 1 else f'these {count} tables'}{left_out}"


def _with_files(given: list[tuple[str, bytes]], work: Any) -> upload.Answer:
    with tempfile.TemporaryDirectory(prefix="pcs_dash-upload-") as name:
        folder = Path(name)
        try:
            upload.keep_files(given, folder)
        except OSError as fault:
            return upload.Answer((), f"The files could not be kept ({fault.strerror}).", False)
        answer: upload.Answer = work(folder)
        return answer


def _checked(
    given: list[tuple[str, bytes]], older: tuple[str, ...], manifest: Manifest | None
) -> upload.Answer:
    """The preview of these files against this version; kept while both stay the same."""
    digest = hashlib.sha256()
    for name, content in given:
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(hashlib.sha256(content).digest())
    key = (digest.hexdigest(), older, manifest.version if manifest else 0)
    kept = st.session_state.get(_CHECKED)
    if kept is None or kept[0] != key:
        with st.spinner("Looking at the files ..."):
            answer = _with_files(given, lambda folder: upload.look(folder, sources=older))
        kept = (key, answer)
        st.session_state[_CHECKED] = kept
    answer = kept[1]
    assert isinstance(answer, upload.Answer)
    return answer


def _preview(checked: upload.Answer) -> None:
    if not checked.finished:
        st.error(plain(checked.words))
        return
    _outcomes(checked)
    for line in checked.words.splitlines():
        if line.startswith("Left out:"):
            st.caption(plain(line))
    if checked.words.startswith("These files can't be loaded alone"):
        st.warning(plain(checked.words.splitlines()[0]))
    elif not checked.to_load:
        read = any(o["status"] != "failed" for o in checked.outcomes)
        why = "what could be read is loaded already, or older" if read else "nothing could be read"
        st.info(f"There is nothing to load: {why}.")


def _outcomes(answer: upload.Answer) -> None:
    """A row a table, what there is to know of it, then the faults of what can't be loaded."""
    known = [o for o in answer.outcomes if o["status"] != "failed"]
    if known:
        localized = st.column_config.NumberColumn(format="localized")
        boxes.table(
            pd.DataFrame(_outcome_row(o) for o in known),
            "What the files hold and what would change",
            column_config={"Rows": localized, "Rows now": localized},
        )
    for outcome in known:
        if outcome["message"]:
            st.markdown(f"- **{plain(_file_name(outcome))}**: {plain(outcome['message'])}")
    for outcome in answer.failed:
        faults = outcome["faults"] or [outcome["message"]]
        source = SOURCES.get(outcome["source"])
        what = f" ({plain(source.title)})" if source else ""
        st.error(
            f"**{plain(_file_name(outcome))}**{what} can't be loaded:\n\n"
            + "\n".join(f"- {plain(fault)}" for fault in faults)
        )


def _outcome_row(outcome: Mapping[str, Any]) -> dict[str, Any]:
    source = SOURCES.get(outcome["source"])
    return {
        "File": _file_name(outcome),
        "Recognised as": source.title if source else outcome["source"],
        "Period": outcome["period"],
        "What": _STATUS.get(outcome["status"], outcome["status"]),
        "Rows": outcome["rows"],
        "Rows now": outcome["rows_before"] or None,
        "Period now": outcome["period_before"] or None,
        "Codes that come": _codes(outcome["added"], outcome["codes_added"]),
        "Codes that go": _codes(outcome["removed"], outcome["codes_removed"]),
        "Columns that come": ", ".join(outcome["columns_added"]) or None,
        "Columns that go": ", ".join(outcome["columns_removed"]) or None,
        "Columns": ", ".join(outcome["columns"]) or None,
    }


def _file_name(outcome: Mapping[str, Any]) -> str:
    return str(outcome["file_name"] or "file").replace(".upload", "")


def _codes(count: int, first: Sequence[str]) -> str | None:
    if not count:
        return None
    more = " ..." if count > len(first) else ""
    return f"{count:,}: {' '.join(first)}{more}"


def _is_loaded(answer: upload.Answer) -> bool:
    return answer.finished and bool(answer.to_load) and "is in use" in answer.words


def _result() -> None:
    """What became of the last load; it stays until the next."""
    answer = st.session_state.pop(_RESULT, None)
    if not isinstance(answer, upload.Answer):
        return
    if _is_loaded(answer):
        loaded = ", ".join(
            f"{SOURCES[o['source']].title} ({o['period']}, {o['rows']:,} rows)"
            for o in answer.to_load
        )
        st.success(f"Loaded: {plain(loaded)}. Everyone on this server sees the new version.")
        if answer.changes:
            listed = (f"- {plain(change)}" for change in answer.changes)
            st.markdown("\n".join(["Since the last load:", "", *listed]))
    else:
        st.error(f"{plain(answer.words)}\n\nNothing was changed.")
    if answer.failed:
        _outcomes(upload.Answer(tuple(answer.failed), "", True))


# --- measures, versions, joins ------------------------------------------------------------------


def _measures(store: Store) -> None:
    # The module takes a second to import: only for those who look.
    from pcs_dash.official.available_measures import measures

    table = measures(store)
    there = int(table["available"].sum())
    st.caption(
        f"{there} of {len(table)} measures of practices and LSOAs are there from the official "
        "data. For the others: which publication brings them."
    )
    boxes.table(
        pd.DataFrame(
            {
                "Measure": table["measure"],
                "Of": table["table"].map({"practices": "practices", "lsoas": "LSOAs"}),
                "There": table["available"].map({True: "yes", False: "no"}),
                "Covers": table["covers"].replace("", None),
                "Period of its files": table["period"].replace("", None),
                "Missing publication": table["needs"].replace("", None),
            }
        ).sort_values("There", kind="stable"),
        "Measures and the publications that bring them",
        height=460,
        column_config={"Measure": st.column_config.TextColumn(width=300)},
    )


def _versions(store: Store) -> None:
    rows = history_rows(store)
    page_parts.small_table(
        pd.DataFrame(
            {
                "Version": row["version"],
                "Made": _day(row["created"]),
                "Area": row["area"],
                "Tables": row["tables"],
                "In use": "yes" if row["in_use"] else "",
                "Not loaded then": row["notes"],
            }
            for row in rows
        ),
        caption="Versions kept (the last five)",
    )
    others = [row["version"] for row in rows if not row["in_use"]]
    if not others:
        st.caption("There is no other version to go back to.")
        return
    allowed = upload.uploads_allowed() and person.allowed(Action.LOAD)
    if not allowed or upload.unwritable(store):
        st.caption("Whoever runs the server can go back to one of them.")
        return
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    target = left.selectbox("Version to use", others, key="official-rollback-to")
    sure = right.checkbox(
        f"Use version {target} for everyone on this server", key=f"official-sure-{target}"
    )
    if st.button("Go back", disabled=not sure, key="official-rollback"):
        try:
            store.rollback(target)
        except UserError as fault:
            st.error(plain(fault))
            return
        audited.note("rolled back", f"to version {target}")
        st.rerun()


def _joins(store: Store) -> None:
    from pcs_dash.official.built_tables import REPORTS

    try:
        table = store.read(REPORTS)
    except UserError as fault:
        st.error(plain(fault))
        return
    st.caption(
        "What each join of the build matched. Practices and LSOAs without a partner stay, with "
        "the figure missing; rows of the file without one are left out."
    )
    shown = pd.DataFrame(
        {
            "Join": table["join"],
            "Kind": table["cardinality"],
            "Rows": table["left_rows"],
            "Matched": table["matched"],
            "Without partner": table["left_only_count"],
            "Not used of the file": table["right_only_count"],
            "Which are without": table["left_only"].map(_first_codes),
        }
    )
    boxes.table(shown, "Joins of the build")
    page_parts.download_csv(table, name="official-joins", label="Download with all codes")


def _first_codes(codes: str) -> str:
    found = codes.split()
    return " ".join(found[:20]) + (" ..." if len(found) > 20 else "")
