"""The autosaved draft of a browser."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from pcs_dash.store.checks import MAX_DOCUMENT_BYTES
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.drafts import (
    clean_drafts,
    drop_draft,
    load_draft,
    open_draft,
    save_draft,
)
from pcs_dash.store.models import DraftRow
from pcs_dash.tables.errors import UserError

TOKEN = "0123456789abcdef"


def test_a_draft_survives_a_restart_and_the_latest_wins(url: str) -> None:
    with open_database(url) as database:
        assert load_draft(database, TOKEN) is None
        save_draft(database, TOKEN, {"step": 1})
        save_draft(database, TOKEN, {"step": 2, "nul\0": "\ud83c"})
    with open_database(url) as database:
        draft = load_draft(database, TOKEN)
        assert draft is not None
        assert draft.document == {"step": 2, "nul\0": "\ud83c"}
        assert timedelta(0) <= datetime.now(UTC) - draft.saved_at < timedelta(minutes=1)


def test_browsers_and_kinds_have_drafts_of_their_own(database: Database) -> None:
    other = f"{TOKEN}-other"
    save_draft(database, TOKEN, {"mine": "plan"})
    save_draft(database, TOKEN, {"mine": "story"}, kind="story")
    save_draft(database, other, {"other": "plan"})
    kept = [
        load_draft(database, TOKEN),
        load_draft(database, TOKEN, kind="story"),
        load_draft(database, other),
    ]
    assert [draft and draft.document for draft in kept] == [
        {"mine": "plan"}, {"mine": "story"}, {"other": "plan"},
    ]  # fmt: skip


def test_only_drafts_untouched_for_long_are_cleaned(database: Database) -> None:
    tokens = [f"{TOKEN}-{days}" for days in (0, 89, 91, 400)]
    for token in tokens:
        save_draft(database, token, {})
    with database.writing() as session:
        for token in tokens:
            age = timedelta(days=int(token.rpartition("-")[2]))
            session.execute(
                update(DraftRow)
                .where(DraftRow.token == token)
                .values(saved_at=datetime.now(UTC) - age)
            )
    assert clean_drafts(database) == 2
    assert [load_draft(database, token) is not None for token in tokens] == [True] * 2 + [False] * 2
    save_draft(database, tokens[1], {})
    assert clean_drafts(database, older_than_days=1) == 0


@pytest.mark.parametrize("token", ["", "short", "x" * 101, "0123456789abcde\n", "' OR 1=1 --    "])
def test_a_damaged_token_is_refused(database: Database, token: str) -> None:
    for attempt in (
        lambda: save_draft(database, token, {}),
        lambda: load_draft(database, token),
    ):
        with pytest.raises(UserError, match="token"):
            attempt()


def test_a_draft_beyond_the_limit_is_refused_and_the_last_one_kept(database: Database) -> None:
    save_draft(database, TOKEN, {"a": 1})
    with pytest.raises(UserError, match="draft takes"):
        save_draft(database, TOKEN, {"a": "x" * MAX_DOCUMENT_BYTES})
    draft = load_draft(database, TOKEN)
    assert draft is not None
    assert draft.document == {"a": 1}


def test_a_first_draft_saved_twice_at_once_is_one_draft(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda step: save_draft(database, TOKEN, {"step": step}), range(16)))
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM drafts")).scalar() == 1


def test_of_two_tabs_none_overwrites_the_other_both_are_told_and_both_are_kept(
    database: Database,
) -> None:
    save_draft(database, TOKEN, {"step": 0}, kind="story")
    (one, begun), (two, _) = (open_draft(database, TOKEN, "plan") for _ in range(2))
    assert begun == []
    assert one.keep(database, {"one": 1}) == ""
    assert "Both are kept" in two.keep(database, {"two": 1})
    assert "Both are kept" in one.keep(database, {"one": 2})
    # Told once, and from then on each in its place.
    assert (one.keep(database, {"one": 3}), two.keep(database, {"two": 2})) == ("", "")
    place, drafts = open_draft(database, TOKEN, "plan")
    assert [draft.document for draft in drafts] == [{"two": 2}, {"one": 3}]
    assert (place.name, place.seen) == (two.name, drafts[0].saved_at)
    drop_draft(database, TOKEN, drafts[1].kind)
    assert [draft.document for draft in open_draft(database, TOKEN, "plan")[1]] == [{"two": 2}]
    assert load_draft(database, TOKEN, kind="story") is not None


def test_a_tab_that_goes_on_where_another_ended_overwrites_it(database: Database) -> None:
    first, _ = open_draft(database, TOKEN, "plan")
    first.keep(database, {"step": 1})
    then, drafts = open_draft(database, TOKEN, "plan")
    assert drafts[0].document == {"step": 1}
    assert then.keep(database, {"step": 2}) == ""
    assert [draft.document for draft in open_draft(database, TOKEN, "plan")[1]] == [{"step": 2}]


def test_of_many_tabs_at_once_every_change_is_kept(database: Database) -> None:
    places = [open_draft(database, TOKEN, "plan")[0] for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: places[n].keep(database, {"tab": n}), range(6)))
    kept = [draft.document["tab"] for draft in open_draft(database, TOKEN, "plan")[1]]
    assert sorted(kept) == list(range(6))


def test_two_saves_of_one_draft_differ_in_time_even_where_the_clock_goes_back(
    database: Database,
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    first = save_draft(database, TOKEN, {"step": 1}, after=None)
    with database.writing() as session:
        session.execute(update(DraftRow).values(saved_at=ahead))
    assert save_draft(database, TOKEN, {"step": 2}, after=first) is None
    later = save_draft(database, TOKEN, {"step": 2}, after=ahead)
    assert later is not None
    assert later > ahead
