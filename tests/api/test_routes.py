"""The door for programs: the same figures as the pages, as JSON and CSV, within limits."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from pcs_dash.api import routes as api_routes
from pcs_dash.api.description import names
from pcs_dash.api.resources import RESOURCES, Sources
from pcs_dash.api.routes import Rate, routes
from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.official.any_area import find_area
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.links import make_link, make_short_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.question import ask
from pcs_dash.views.registry import VIEWS, find_view
from tests.ui.asgi import finish

Get = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return open_database(tmp_path_factory.mktemp("api") / "plans.sqlite")


@pytest.fixture
def get(dataset: Dataset, library: Database) -> Get:
    """Asks a server that has just started."""
    return started(dataset, library)


def started(dataset: Dataset, library: Database) -> Get:
    """Status, headers and body of an address."""
    app = Starlette(routes=routes(Sources(lambda _: dataset, lambda: library)))

    def ask_for(address: str, method: str = "GET", **headers: str) -> Any:
        path, _, query = address.partition("?")
        sent: list[Any] = []
        raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "headers": raw, "root_path": "", "scheme": "http",
            "client": ("10.0.0.1", 1), "server": ("pcs", 80),
        }  # fmt: skip

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        finish(app(scope, receive, send))
        start = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
        return sent[0]["status"], start, b"".join(part.get("body", b"") for part in sent[1:])

    return ask_for


def _rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def test_measures_are_the_pages_sums_as_json_and_csv(get: Get, dataset: Dataset) -> None:
    status, headers, body = get("/pcs/api/v1/areas/thurrock/measures?by=pcn")
    assert (status, headers["content-type"]) == (200, "application/json")
    rows = json.loads(body)
    thurrock = find_area("Thurrock").select(dataset.practices)
    assert {row["area"] for row in rows} == set(thurrock["pcn"].dropna())
    assert sum(row["patients"] for row in rows) == thurrock["patients"].sum()
    _, headers, body = get("/api/v1/areas/thurrock/measures.csv?by=pcn")
    assert headers["content-type"].startswith("text/csv")
    table = _rows(body)
    assert [row["patients"] for row in table] == [str(row["patients"]) for row in rows]
    ratio = "patients_per_fte_gp"
    assert [float(row[ratio]) for row in table] == pytest.approx([row[ratio] for row in rows])


def test_small_numbers_are_hidden_with_all_that_is_made_of_them(
    dataset: Dataset, library: Database
) -> None:
    few = dataset.practices.index[0]
    practices = dataset.practices.copy()
    practices.loc[few, "patients"] = 4
    get = started(replace(dataset, practices=practices), library)
    _, _, body = get("/api/v1/areas/essex/measures?by=practice")
    rows = {row["area"]: row for row in json.loads(body)}
    assert [name for name, value in rows[few].items() if isinstance(value, (int, float))] == []
    assert rows[practices.index[1]]["patients"] == practices["patients"].iloc[1]


def test_a_view_says_what_the_page_says(get: Get, dataset: Dataset) -> None:
    status, _, body = get("/api/v1/areas/thurrock/views/where?gp=permanent")
    assert status == 200
    found = find_view("where").answer(ask(dataset, find_area("Thurrock"), {"gp": "permanent"}))
    told = json.loads(body)
    assert told["finding"] == found.message.finding
    assert told["gp_definition"] == "permanent"


def test_patients_can_be_counted_by_need_and_are_not_called_registered(get: Get) -> None:
    plain, weighted = (
        json.loads(get(f"/api/v1/areas/thurrock/views/where{asked}")[2])["figures"]
        for asked in ("", "?weight=carr_hill")
    )
    assert [figure["label"] for figure in plain][2] == "Patients"
    assert [figures[2]["value"] for figures in (plain, weighted)] == ["190,486", "178,500"]
    assert [figures[2]["label"] for figures in (plain, weighted)] == ["Patients"] * 2


def test_a_shared_plan_s_hubs_by_either_kind_of_link(
    get: Get, dataset: Dataset, library: Database
) -> None:
    practices = find_area("Thurrock").select(dataset.practices)
    document = plan_from_column(practices, "pcn").to_dict()
    saved = PlanLibrary(library).create(document, name="Mine")
    short = make_short_link(library, saved)
    whole = make_link(document, dataset.practices.index)
    bodies = [get(f"/api/v1/plans/{link}/hubs.csv?area=thurrock")[2] for link in (short, whole)]
    assert bodies[0] == bodies[1]
    rows = _rows(bodies[0])
    assert sum(int(row["patients"]) for row in rows) == practices["patients"].sum()
    status, _, body = get("/api/v1/plans/go-2222222222/hubs?area=thurrock")
    assert status == 400
    assert json.loads(body)["error"]


def test_an_unchanged_answer_is_not_sent_again(get: Get) -> None:
    _, headers, body = get("/api/v1/areas")
    assert "thurrock" in [area["key"] for area in json.loads(body)]
    status, _, body = get("/api/v1/areas", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")
    assert get("/api/v1/areas", if_none_match='"other"')[0] == 200


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/api/v1/areas/atlantis/measures", "no area called 'atlantis'"),
        ("/api/v1/areas/thurrock/measures?by=star", "no group 'star'"),
        ("/api/v1/areas/thurrock/measures?gp=<b>", "no GP definition"),
        ("/api/v1/areas/thurrock/measures?bye=pcn", "no parameter"),
        ("/api/v1/areas/thurrock/views/nothing", "no view 'nothing'"),
        ("/api/v1/areas/thurrock/views/where?benchmark=7", "for fully qualified GPs."),
        ("/api/v1/areas/thurrock/views/where?bye=pcn", "nothing that where can be asked"),
    ],
)
def test_what_makes_no_sense_is_told(get: Get, address: str, says: str) -> None:
    status, _, body = get(address)
    assert status == 400
    assert says in json.loads(body)["error"]


def test_the_description_names_every_address_and_its_examples_work(get: Get) -> None:
    told = json.loads(get("/api/v1/openapi.json")[2])
    assert told["servers"] == [{"url": "/api/v1"}]
    for resource in RESOURCES:
        operation = told["paths"][resource.path]["get"]
        asked = {parameter["name"] for parameter in operation["parameters"]}
        assert asked == {*names(resource), *resource.optional}
        assert (f"{resource.path}.csv" in told["paths"]) == resource.rows
        if resource.example:
            assert get(f"/api/v1{resource.example}")[0] == 200
    assert get("/api/v1/areas", "POST")[0] == 405
    for address in ("/api/v1/area", "/under/a/path/api/v1/areas/thurrock"):
        status, _, body = get(address)
        assert (status, "/areas/{area}/measures" in json.loads(body)["error"]) == (404, True)


def test_too_many_and_too_large_are_refused(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = Rate(burst=2, per_second=0.5)
    assert [rate.wait("a", now=0) for _ in range(3)] == [0, 0, 2]
    assert (rate.wait("b", now=0), rate.wait("a", now=2)) == (0, 0)
    assert get(f"/api/v1/areas?x={'x' * 9_000}")[0] == 414
    monkeypatch.setattr(api_routes, "LARGEST_ANSWER", 10)
    assert get("/api/v1/areas")[0] == 413
    found = [get("/api/v1/areas?bad=1") for _ in range(70)]
    assert found[0][0] == 400
    assert found[-1][0] == 429
    assert int(found[-1][1]["retry-after"]) >= 1


def test_no_address_of_an_earlier_page_stands_in_the_way() -> None:
    app: Any = importlib.import_module("app")
    for key in VIEWS:
        scope = {"type": "http", "method": "GET", "path": f"/api/v1/areas/essex/views/{key}"}
        first = next(r for r in app.app._user_routes if r.matches(scope)[0] is Match.FULL)
        assert first.path.startswith("/api/v1/"), key


def test_the_python_of_the_docs_gives_the_practices(
    get: Get, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    read = pd.read_csv

    def from_here(address: str, **options: Any) -> pd.DataFrame:
        return read(io.BytesIO(get(address.removeprefix("http://localhost:8501"))[2]), **options)

    monkeypatch.setattr(pd, "read_csv", from_here)
    made: dict[str, Any] = {}
    exec(code, made)
    own = find_area("Thurrock").select(dataset.practices)
    assert made["measures"]["patients"].tolist() == own["patients"].sort_index().tolist()


def test_the_page_of_docs_asks_for_what_there_is(get: Get) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    asked = set(re.findall(r"/api/v1/[\w/.?=&-]+(?![\w/{.?=&-])", page))
    assert len(asked) >= 3
    for address in asked:
        assert get(address)[0] == 200, address
