"""A question whose practices carry the measures of users' own files too."""

from __future__ import annotations

from dataclasses import replace

from pcs_dash.views.kept_answers import kept
from pcs_dash.views.question import Question


def with_own(question: Question) -> Question:
    """The same question, its practices with a column for each own measure; itself without any."""
    found = question.readers.own(question.dataset)
    if found is None:
        return question
    known = question.dataset
    dataset = kept(
        found, known.key, lambda: replace(known, practices=known.practices.join(found.table))
    )
    return replace(
        question,
        dataset=dataset,
        practices=dataset.practices.loc[question.practices.index],
        excluded=dataset.practices.loc[question.excluded.index],
    )
