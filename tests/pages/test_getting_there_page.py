"""Getting there as a page: what an address asks is what it says."""

from __future__ import annotations


def test_the_address_says_mode_and_reach(run_page) -> None:
    app = run_page("getting_there", area="thurrock", mode="drive", within="15")
    assert app.title[0].value.startswith("Getting there")
    assert not app.error
    said = "\n".join(str(part.value) for part in [*app.markdown, *app.caption])
    assert "within 15 minutes of the nearest practice by car (modelled)" in said
