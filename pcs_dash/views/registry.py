"""Every view, in the order of the menu. A new view is one module, named here, and one test."""

from __future__ import annotations

from pcs_dash.tables.errors import UserError
from pcs_dash.views import (
    board_request,
    catchments,
    correlation,
    costs,
    deprivation,
    england,
    getting_there,
    how_sure,
    hub_plans,
    inequality,
    list_sizes,
    new_homes,
    overview,
    plan_ahead,
    practices,
    quality,
    robustness,
    similar_places,
    spatial_pattern,
    staff,
    then_now,
    under_doctored,
    verdict,
)
from pcs_dash.views.answer import View

VIEWS: dict[str, View] = {
    view.key: view
    for view in (
        overview.VIEW,
        under_doctored.VIEW,
        practices.VIEW,
        deprivation.VIEW,
        correlation.VIEW,
        how_sure.VIEW,
        verdict.VIEW,
        inequality.VIEW,
        spatial_pattern.VIEW,
        robustness.VIEW,
        then_now.VIEW,
        plan_ahead.VIEW,
        new_homes.VIEW,
        hub_plans.OPTIONS,
        hub_plans.ONE_BY_ONE,
        costs.VIEW,
        board_request.VIEW,
        england.VIEW,
        catchments.VIEW,
        getting_there.VIEW,
        list_sizes.VIEW,
        staff.VIEW,
        similar_places.VIEW,
        quality.VIEW,
    )
}


def find_view(key: str) -> View:
    """The view of that key; UserError, which names them all, when there is none."""
    if key not in VIEWS:
        raise UserError(f"There is no view '{key[:40]}'. Choose one of: {', '.join(VIEWS)}.")
    return VIEWS[key]


def views_of(page: str) -> list[View]:
    """The views that stand on a sheet of the app, the first that it is about first."""
    return [view for view in VIEWS.values() if view.page == page]
