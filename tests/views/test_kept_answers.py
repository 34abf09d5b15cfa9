"""What is worked out once for an object goes with it."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import dataclass

import pandas as pd

from pcs_dash.views.kept_answers import is_kept, kept


@dataclass(frozen=True, eq=False)
class Owner:
    name: str = "owner"


def test_it_is_worked_out_once_for_each_owner_and_key() -> None:
    one, other = Owner(), Owner()
    made: list[None] = []
    for owner, key in [(one, "a"), (one, "a"), (one, "b"), (other, "a")]:
        kept(owner, key, lambda: made.append(None))
    assert len(made) == 3
    assert is_kept(one, "b")
    assert not is_kept(other, "b")


def referring_to_itself(owner: object) -> weakref.ref[object]:
    kept(owner, "itself", lambda: [owner])
    return weakref.ref(owner)


def test_what_refers_back_to_its_owner_goes_with_it() -> None:
    gone = [referring_to_itself(Owner()), referring_to_itself(pd.DataFrame({"patients": [1]}))]
    gc.collect()
    assert [each() for each in gone] == [None, None]


def test_another_process_gets_the_owner_without_it() -> None:
    owner = Owner()
    kept(owner, "what no other process can have", lambda: lambda: None)
    assert not is_kept(pickle.loads(pickle.dumps(owner)), "what no other process can have")
