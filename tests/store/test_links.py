"""Links that carry a plan, and short links to a saved version."""

from __future__ import annotations

import base64
import csv
import hashlib
import random
import re
import string
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.plan import EMPTY_PLAN, Plan
from pcs_dash.store import links
from pcs_dash.store.database import Database
from pcs_dash.store.documents import DeletedError, NotFoundError, StoryLibrary
from pcs_dash.store.links import (
    MAX_LINK_CHARACTERS,
    LinkError,
    data_fingerprint,
    is_short_link,
    make_link,
    make_short_link,
    open_link,
    open_short_link,
)
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.tables.paths import DATA_DIR

PERIOD = "31 December 2025"
with (DATA_DIR / "practices_essex.csv").open(encoding="utf-8") as file:
    PRACTICES = {row["practice_code"]: row["pcn_name"] for row in csv.DictReader(file)}
CODES = tuple(sorted(PRACTICES))


def plan_of(hubs: int, codes: tuple[str, ...] = CODES, seed: int = 1) -> Plan:
    choose = random.Random(seed)
    plan = EMPTY_PLAN
    for _ in range(hubs):
        plan = plan.add_hub()
    ids = [hub.id for hub in plan.hubs]
    return Plan(plan.hubs, {code: choose.choice(ids) for code in codes})


def pcn_plan() -> Plan:
    pcns = {code: pcn for code, pcn in PRACTICES.items() if pcn != "UNALLOCATED"}
    return Plan.from_series(pd.Series(pcns, dtype="str"))


def seal(body: bytes, prefix: str = "p1.") -> str:
    """A link with a right checksum around any body: what a forger can make."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=links._DICTIONARY)
    packed = deflate.compress(body) + deflate.flush()
    check = hashlib.blake2b(packed, digest_size=6, person=b"pcs_dash link").digest()
    return prefix + base64.urlsafe_b64encode(check + packed).decode().rstrip("=")


@pytest.mark.parametrize(
    ("plan", "longest"),
    [
        (EMPTY_PLAN, 250),
        (plan_of(5), 400),
        (plan_of(8), 450),
        # The dictionary of links has the palette of their first version and can't change.
        (plan_of(37), 700),
        (pcn_plan(), 1_350),
    ],
    ids=["empty", "5 hubs", "8 hubs", "37 hubs", "todays PCNs"],
)
def test_a_plan_of_all_204_practices_makes_a_short_link(plan: Plan, longest: int) -> None:
    assert len(CODES) == 204
    text = make_link(plan.to_dict(), CODES, data_period=PERIOD)
    assert re.fullmatch(r"p1\.[A-Za-z0-9_-]+", text)
    assert len(text) <= longest
    linked = open_link(text, CODES, data_period=PERIOD)
    assert Plan.from_dict(linked.document) == plan
    assert linked.matches_data
    assert (linked.missing_codes, linked.new_codes, linked.data_period) == ((), (), PERIOD)


# A link made when the format was new. Links lie in e-mails for years: this one must always open.
OLD_LINK = (
    "p1.m6VbdbhxY-5l3affc1QAvQ3OPGm3MiMjAxMjA51b486JaYdXolbzRsYmpkjBAeyvxOTlZOalFiMZCOpIAL0DAA"
)


def test_a_link_made_by_the_first_version_still_opens() -> None:
    linked = open_link(OLD_LINK, ["F81010", "F81011", "F81012"], data_period=PERIOD)
    assert linked.document == {
        "version": 1,
        "hubs": [
            {"id": "h1", "name": "Hub 1", "colour": "#0072b2", "note": "", "locked": False},
            {"id": "h2", "name": "Café", "colour": "#123456", "note": "two\nlines", "locked": True},
        ],
        "assignment": {"F81010": "h2", "F81011": "h1"},
    }
    assert linked.matches_data


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CODE = st.from_regex(r"[A-Z][0-9]{5}", fullmatch=True) | st.text(
    string.ascii_letters + string.digits + "-/é", min_size=1, max_size=20
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Plan documents, also with more keys and stranger values than plans have today."""
    ids = draw(st.lists(TEXT, max_size=5, unique=True))
    hubs = [
        {"id": id, "name": draw(TEXT), "locked": draw(st.booleans()), "more": draw(st.integers())}
        for id in ids
    ]
    assignment = draw(st.dictionaries(CODE, st.sampled_from(ids), max_size=20)) if ids else {}
    return {"hubs": hubs, "assignment": assignment} | draw(st.dictionaries(TEXT, TEXT, max_size=2))


@given(documents(), st.frozensets(CODE, max_size=30), TEXT)
@settings(max_examples=60)
def test_any_plan_comes_back_from_its_link(
    document: dict[str, Any], codes: frozenset[str], period: str
) -> None:
    linked = open_link(make_link(document, codes, data_period=period), codes, data_period=period)
    assert linked.document == document
    assert linked.matches_data
    assert linked.data_period == period
    assert set(linked.missing_codes) == set(document["assignment"]) - codes
    assert linked.new_codes == ()


@given(documents(), st.frozensets(CODE, max_size=15), st.frozensets(CODE, max_size=15))
@settings(max_examples=60)
def test_other_data_are_told_from_the_same(
    document: dict[str, Any], then: frozenset[str], now: frozenset[str]
) -> None:
    linked = open_link(make_link(document, then), now)
    held = then | set(document["assignment"])
    assert linked.document == document
    assert linked.matches_data == (then == now)
    assert linked.missing_codes == tuple(sorted(held - now))
    assert linked.new_codes == tuple(sorted(now - held))
    assert linked.new_known


def test_another_period_is_other_data() -> None:
    text = make_link(plan_of(3).to_dict(), CODES, data_period=PERIOD)
    assert not open_link(text, CODES, data_period="31 March 2026").matches_data
    assert open_link(text, CODES).matches_data


def test_a_whole_country_is_not_listed_but_its_plan_still_opens() -> None:
    england = {f"{letter}{n:05d}" for letter in "ABCDEFGHJKLMNPY" for n in range(80_000, 80_400)}
    england |= set(CODES)
    plan = plan_of(8)
    linked = open_link(make_link(plan.to_dict(), england), england - {"F81010"})
    assert Plan.from_dict(linked.document) == plan
    assert (linked.matches_data, linked.new_known) == (False, False)
    assert linked.missing_codes == ("F81010",)
    assert open_link(make_link(plan.to_dict(), england), england).matches_data


def test_a_link_that_would_be_too_long_is_refused_with_a_way_out() -> None:
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=MAX_LINK_CHARACTERS))
    with pytest.raises(LinkError, match="short link"):
        make_link({"hubs": [], "assignment": {}, "note": noise}, CODES)


def test_a_character_that_no_link_carries_is_refused() -> None:
    with pytest.raises(LinkError, match="Type it again"):
        make_link({"hubs": [], "assignment": {}, "note": "half \ud83c"}, CODES)


def test_stories_make_links_of_their_own_kind() -> None:
    story = {"slides": [{"page": "hubs", "text": "What we ask for: £2m"}]}
    text = make_link(story, CODES, kind="story")
    assert open_link(text, CODES, kind="story").document == story
    with pytest.raises(LinkError, match="no link to a plan"):
        open_link(text, CODES)


@pytest.mark.parametrize(
    "document",
    [
        {"hubs": [{"id": "h1"}, {"id": "h1"}], "assignment": {"F81010": "h1"}},
        {"hubs": [{"id": "h1"}], "assignment": {"F81010": "h9"}},
        {"hubs": ["h1"], "assignment": {"F81010": "h1"}},
        {"hubs": {}, "assignment": []},
        {},
    ],
)
def test_documents_that_are_no_plans_come_back_too(document: dict[str, Any]) -> None:
    assert open_link(make_link(document, CODES), CODES).document == document


def test_a_mail_program_may_have_broken_the_line() -> None:
    text = make_link(plan_of(8).to_dict(), CODES)
    broken = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert open_link(f" {broken}\n", CODES) == open_link(text, CODES)


def test_any_change_of_a_character_is_noticed() -> None:
    text = make_link(plan_of(3, CODES[:20]).to_dict(), CODES[:20], data_period=PERIOD)
    choose = random.Random(2)
    for at in range(len(text)):
        other = choose.choice([c for c in string.ascii_letters + "-_.%é" if c != text[at]])
        with pytest.raises(LinkError):
            open_link(text[:at] + other + text[at + 1 :], CODES)
    for end in range(len(text)):
        with pytest.raises(LinkError):
            open_link(text[:end], CODES)
    with pytest.raises(LinkError):
        open_link(text + "A", CODES)


def test_a_newer_link_asks_for_an_update() -> None:
    with pytest.raises(LinkError, match="newer version"):
        open_link("p2.AAAA", CODES)


@given(st.binary(max_size=60))
@settings(max_examples=200)
def test_a_forged_link_opens_or_is_refused(body: bytes) -> None:
    try:
        linked = open_link(seal(body), CODES)
    except LinkError:
        return
    assert isinstance(linked.document, dict)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b"[]",
        b"{",
        b"\xff{}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"a":' + b"9" * 10_000 + b"}",
    ],
)
def test_forged_json_is_refused(rest: bytes) -> None:
    with pytest.raises(LinkError, match="damaged"):
        open_link(seal(b"\x02" + bytes(6) + b"\0\0\0" + rest), CODES)


@pytest.mark.parametrize(
    "body",
    [
        b"\x03" + bytes(6) + b"\0\x01\x05\0\x02" + b'{"hubs":[{"id":"h1"}]}',  # no second hub
        b"\x03" + bytes(6) + b"\0\x01\x05\0\x01" + b"{}",  # no hubs at all
        b"\x03" + bytes(6) + b"\0\x01\x05\0\x01" + b'{"hubs":["h1"]}',
        b"\x02" + bytes(6) + b"\0\x02\x05\0\0" + b"{}",  # a code twice
        b"\x02" + bytes(6) + b"\0\x01\xff\xff\xff\x01\0" + b"{}",  # a code beyond Z99999
        b"\x02" + bytes(6) + b"\0\xff\xff\xff\xff\xff\xff\0\0{}",  # more codes than bytes
        b"\x06" + bytes(6) + b"\0\0\0{}",  # a flag nobody knows
        b"\x02" + bytes(6) + b"\x01\xff\0\0{}",  # a period that is no UTF-8
    ],
)
def test_forged_codes_are_refused(body: bytes) -> None:
    with pytest.raises(LinkError, match="damaged"):
        open_link(seal(body), CODES)


def test_the_forger_of_these_tests_can_make_a_link_that_opens() -> None:
    # Otherwise the refusals above would prove nothing.
    body = b"\x03" + bytes(6) + b"\0\x01\x05\0\x01" + b'{"hubs":[{"id":"h1"}]}'
    assert open_link(seal(body), CODES).document == {
        "hubs": [{"id": "h1"}],
        "assignment": {"A00005": "h1"},
    }


def test_a_bomb_is_refused_before_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = seal(b"\x02" + bytes(6) + b"\0\0\0" + b'{"a":"' + b"x" * 5_000_000 + b'"}')
    assert len(bomb) < MAX_LINK_CHARACTERS, "the bomb must get past the limit of length"
    unpacked = []
    real = links._Reader

    def watch(data: bytes) -> links._Reader:
        unpacked.append(len(data))
        return real(data)

    monkeypatch.setattr(links, "_Reader", watch)
    with pytest.raises(LinkError, match="damaged"):
        open_link(bomb, CODES)
    assert unpacked == []
    with pytest.raises(LinkError, match="damaged"):
        open_link("p1." + "A" * 10**7, CODES)


def test_the_fingerprint_tells_period_and_practices() -> None:
    one = data_fingerprint(CODES, PERIOD)
    assert one == data_fingerprint(reversed(CODES), PERIOD)
    assert one.startswith(PERIOD)
    assert len({one, data_fingerprint(CODES), data_fingerprint(CODES[1:], PERIOD)}) == 3


# --- short links ---


def test_a_short_link_opens_the_version_it_was_made_for(database: Database) -> None:
    library = PlanLibrary(database)
    saved = library.create({"v": 1}, name="Plan")
    text = make_short_link(database, saved)
    assert re.fullmatch(r"go-[2-9a-z]{10}", text)
    assert is_short_link(text)
    assert not is_short_link(make_link({}, CODES))
    second = library.save(saved.id, 1, {"v": 2}, name="Plan")
    assert open_short_link(library, database, f" {text} ").document == {"v": 1}
    other = make_short_link(database, second)
    assert open_short_link(library, database, other).document == {"v": 2}
    assert make_short_link(database, saved) == text != other


def test_a_short_link_asked_for_by_many_at_once_is_one(database: Database) -> None:
    saved = PlanLibrary(database).create({}, name="Plan")
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: make_short_link(database, saved), range(8)))
    assert len(made) == 1


def test_a_short_link_leads_nowhere_else(database: Database) -> None:
    plans, stories = PlanLibrary(database), StoryLibrary(database)
    plan = plans.create({}, name="Plan")
    text = make_short_link(database, plan)
    for wrong in ("go-2222222222", "go-", "", text[:-1], text + "2", "go-%%%%%%%%%%", "x" * 10**6):
        with pytest.raises(NotFoundError, match="leads to no plan here"):
            open_short_link(plans, database, wrong)
    with pytest.raises(NotFoundError, match="leads to no story"):
        open_short_link(stories, database, text)


def test_a_short_link_to_a_deleted_plan_says_so(database: Database) -> None:
    library = PlanLibrary(database)
    saved = library.create({}, name="Plan")
    text = make_short_link(database, saved)
    library.delete(saved.id)
    with pytest.raises(DeletedError, match="Undo the delete"):
        open_short_link(library, database, text)
    library.undelete(saved.id)
    assert open_short_link(library, database, text).id == saved.id
