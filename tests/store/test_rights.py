"""Who may do what: every case by name, and the libraries that ask it, on both databases."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from pcs_dash.store import audit
from pcs_dash.store.database import Database
from pcs_dash.store.documents import DocumentLibrary, NotFoundError, StoryLibrary
from pcs_dash.store.links import make_short_link, open_short_link, share, shared_link
from pcs_dash.store.plan_library import PlanLibrary
from pcs_dash.store.rights import (
    BY_LINK,
    EVERYONE,
    NOBODY,
    ROLES,
    Access,
    Action,
    RefusedError,
    Sharing,
    Who,
    may,
    require,
)

ANN = Who("ann", "Ann", "editor")
BOB = Who("bob", "Bob", "editor")
VIV = Who("viv", "Viv", "viewer")
DOT = Who("dot", "Dot", "data manager")
OF_ONE = (Action.READ, Action.EDIT, Action.DELETE, Action.SHARE)
OF_ALL = tuple(action for action in Action if action not in OF_ONE)
R, E, D, S = OF_ONE

# What each may do with a document of Ann's, whether they hold its link or not.
TABLE = {
    (ANN, Sharing.PRIVATE, False): {R, E, D, S},
    (ANN, Sharing.READ, False): {R, E, D, S},
    (ANN, Sharing.EDIT, False): {R, E, D, S},
    (ANN, Sharing.ALL, False): {R, E, D, S},
    (BOB, Sharing.PRIVATE, False): set(),
    (BOB, Sharing.PRIVATE, True): set(),
    (BOB, Sharing.READ, False): set(),
    (BOB, Sharing.READ, True): {R},
    (BOB, Sharing.EDIT, False): set(),
    (BOB, Sharing.EDIT, True): {R, E},
    (BOB, Sharing.ALL, False): {R, E},
    (VIV, Sharing.PRIVATE, True): set(),
    (VIV, Sharing.READ, True): {R},
    (VIV, Sharing.EDIT, True): {R},
    (VIV, Sharing.ALL, False): {R},
    (DOT, Sharing.PRIVATE, False): set(),
    (DOT, Sharing.READ, True): {R},
    (DOT, Sharing.EDIT, True): {R, E},
    (DOT, Sharing.ALL, False): {R, E},
}


@pytest.mark.parametrize("case", TABLE, ids=lambda case: f"{case[0].id} {case[1]} {case[2]}")
def test_what_each_may_do_with_anns_document(case: tuple[Who, Sharing, bool]) -> None:
    who, sharing, by_link = case
    allowed = {action for action in OF_ONE if may(who, action, Access("ann", sharing, by_link))}
    assert allowed == TABLE[case]


def test_what_each_may_do_without_a_document() -> None:
    editors = {Action.SAVE, Action.UPLOAD}
    allowed = {who.id: {a for a in OF_ALL if may(who, a)} for who in (VIV, ANN, DOT, NOBODY)}
    assert allowed == {"viv": set(), "ann": editors, "dot": set(OF_ALL), NOBODY.id: set()}
    require(ANN, Action.SAVE)
    with pytest.raises(RefusedError, match="As viewer you may not save"):
        require(VIV, Action.SAVE)


def test_what_nobody_owns_is_cleared_away_by_data_managers() -> None:
    left = Access(None, Sharing.ALL)
    assert {a for a in OF_ONE if may(DOT, a, left)} == {R, E, D, S}
    assert {a for a in OF_ONE if may(ANN, a, left)} == {R, E}
    assert {a for a in OF_ONE if may(VIV, a, left)} == {R}


people = st.builds(
    Who, st.sampled_from(["ann", "bob"]), st.just("x"), st.sampled_from([*ROLES, None])
)
accesses = st.builds(
    Access, st.sampled_from(["ann", None, ""]), st.sampled_from(Sharing), st.booleans()
)


@given(people, accesses, st.sampled_from(OF_ONE))
def test_nothing_is_changed_unread_and_a_higher_role_takes_nothing_away(
    who: Who, document: Access, action: Action
) -> None:
    if may(who, action, document):
        assert may(who, Action.READ, document)
        assert who.role is not None
        for role in ROLES[ROLES.index(who.role) :]:
            assert may(Who(who.id, who.name, role), action, document)
    private = document.sharing is Sharing.PRIVATE
    if private and document.owner != who.id and document.owner is not None:
        assert not may(who, action, document)
    # No link opens what is not shared by one.
    if document.sharing not in BY_LINK:
        assert may(who, action, document) == may(who, action, document._replace(by_link=False))
    assert may(EVERYONE, action, document)


# --- the libraries ---


@pytest.fixture
def ann(database: Database) -> PlanLibrary:
    return PlanLibrary(database, ANN)


def _as(database: Database, who: Who) -> PlanLibrary:
    return PlanLibrary(database, who)


def test_the_database_lists_what_the_rights_allow(database: Database) -> None:
    """One of every kind of document, each opened by its link by those who may."""
    everyone = [ANN, BOB, VIV, DOT, NOBODY, EVERYONE]
    expected = {who.id: set[int]() for who in everyone}
    for owner, sharing in product([ANN, EVERYONE], Sharing):
        books = _as(database, owner)
        id = books.create({}, name=sharing).id
        link = share(books, id, sharing)
        for who in everyone:
            came = bool(link) and who in (BOB, VIV)
            if came:
                open_short_link(_as(database, who), database, link)
            if may(who, Action.READ, Access(owner.id or None, sharing, came)):
                expected[who.id].add(id)
    for who in everyone:
        books = _as(database, who)
        listed = {entry.id: entry for entry in books.entries()}
        assert set(listed) == expected[who.id]
        assert books.count() == len(listed)
        assert all(books.allows(Action.READ, entry) for entry in listed.values())
        assert all(books.open(id).access == entry.access for id, entry in listed.items())


def test_nobody_elses_private_plan_can_be_had_by_any_door(
    database: Database, ann: PlanLibrary
) -> None:
    saved = ann.create({"secret": 1}, name="Secret", author="Somebody else")
    assert (saved.author, saved.owner_name, saved.access) == (
        "Ann",
        "Ann",
        Access("ann", Sharing.PRIVATE),
    )
    short = make_short_link(database, saved, ANN)
    with pytest.raises(NotFoundError) as nothing:
        ann.open(99)
    no_such = str(nothing.value).replace("99", str(saved.id)).removesuffix(". List what there is.")
    for who in (BOB, VIV, DOT):
        books = _as(database, who)
        doors = {
            "open": lambda b: b.open(saved.id),
            "version": lambda b: b.open(saved.id, 1),
            "versions": lambda b: b.versions(saved.id),
            "save": lambda b: b.save(saved.id, 1, {}, name="Mine"),
            # Nor does an older version tell by a conflict whose the newer is.
            "conflict": lambda b: b.save(saved.id, 7, {}, name="Mine"),
            "merge": lambda b: b.merge(saved.id, 1, {}, theirs_version=1),
            "delete": lambda b: b.delete(saved.id),
            "undelete": lambda b: b.undelete(saved.id),
            "share": lambda b: share(b, saved.id, Sharing.ALL),
            "link": lambda b: shared_link(b, saved.id),
            "name": lambda b: b.find("Secret"),
            "short link": lambda b: open_short_link(b, database, short),
        }
        for door, through in doors.items():
            with pytest.raises(NotFoundError) as refused:
                through(books)
            assert "Ann" not in str(refused.value), door
            if door not in ("name", "short link"):
                assert str(refused.value).startswith(no_such), door
        assert books.entries() == books.entries(deleted=True) == books.entries("secret") == []
    assert ann.open(saved.id) == saved


def test_a_link_lets_those_in_who_have_it_until_it_is_withdrawn(
    database: Database, ann: PlanLibrary
) -> None:
    id = ann.create({"v": 1}, name="Plan").id
    link = share(ann, id, Sharing.READ)
    assert len(link) == 29
    bob, viv = _as(database, BOB), _as(database, VIV)
    assert bob.entries() == []
    assert open_short_link(bob, database, link).document == {"v": 1}
    assert [entry.id for entry in bob.entries()] == [id]
    with pytest.raises(RefusedError, match="belongs to Ann"):
        bob.save(id, 1, {"v": 2}, name="Plan")
    with pytest.raises(NotFoundError):
        open_short_link(StoryLibrary(database, BOB), database, link)
    # Whoever may edit has the same link; a viewer who has it stays a viewer.
    assert share(ann, id, Sharing.EDIT) == link == shared_link(ann, id)
    assert bob.save(id, 1, {"v": 2}, name="Plan").version == 2
    open_short_link(viv, database, link)
    with pytest.raises(RefusedError, match="you are viewer here"):
        viv.save(id, 2, {}, name="Plan")
    for forbidden in (bob.delete, viv.delete):
        with pytest.raises(RefusedError):
            forbidden(id)
    assert share(ann, id, Sharing.PRIVATE) == ""
    assert bob.entries() == viv.entries() == []
    assert share(ann, id, Sharing.READ) != link
    assert bob.entries() == []
    with pytest.raises(NotFoundError):
        open_short_link(bob, database, link)


def test_viewers_save_nothing(database: Database) -> None:
    viv = _as(database, VIV)
    id = PlanLibrary(database).create({}, name="Of nobody").id
    for door in (
        lambda: viv.create({}, name="x"),
        lambda: viv.save(id, 1, {}, name="x"),
        lambda: viv.delete(id),
        lambda: viv.undelete(id),
        lambda: share(viv, id, Sharing.PRIVATE),
        lambda: make_short_link(database, viv.open(id), VIV),
    ):
        with pytest.raises(RefusedError):
            door()
    assert DocumentLibrary(database).entries() == []
    assert [entry.version for entry in PlanLibrary(database).entries()] == [1]


def test_where_nobody_signs_in_all_is_as_ever_and_nothing_is_audited(database: Database) -> None:
    books = PlanLibrary(database)
    saved = books.create({}, name="Plan", author="Typed")
    assert (saved.author, saved.access) == ("Typed", Access(None, Sharing.ALL))
    books.delete(saved.id, author="Typed")
    assert books.open(saved.id).deleted_by == "Typed"
    assert audit.entries(database) == []


def test_the_audit_says_who_did_what_and_cannot_be_changed(
    database: Database, ann: PlanLibrary
) -> None:
    id = ann.create({}, name="Secret").id
    ann.save(id, 1, {}, name="Secret")
    share(ann, id, Sharing.ALL)
    with pytest.raises(RefusedError):
        _as(database, BOB).delete(id)
    ann.delete(id)
    ann.undelete(id)
    share(ann, id, Sharing.PRIVATE)
    with pytest.raises(NotFoundError):
        _as(database, DOT).open(id)
    rows = audit.entries(database)
    assert [(row["person"], row["action"], row["detail"]) for row in reversed(rows)] == [
        ("ann", "saved", "version 1"),
        ("ann", "saved", "version 2"),
        ("ann", "shared", "all"),
        ("bob", "refused", "delete"),
        ("ann", "deleted", ""),
        ("ann", "undeleted", ""),
        ("ann", "shared", "private"),
        ("dot", "refused", "read"),
    ]
    assert {(row["kind"], row["document_id"]) for row in rows} == {("plan", id)}
    assert "Secret" not in str(rows)
    assert audit.entries(database, since=rows[1]["at"]) == rows[:2]
    for change in ("DELETE FROM audit", "UPDATE audit SET person = 'bob'"):
        with pytest.raises(DatabaseError, match="never changed"), database.writing() as session:
            session.execute(text(change))
