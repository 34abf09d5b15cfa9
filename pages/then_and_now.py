"""What was published in 2014 to 2018, what today's figures say, and what changed in between."""

import pandas as pd
import streamlit as st

from pcs_dash.measures import profile, words
from pcs_dash.measures.then_now import ThenNow, claim_retested, then_and_now
from pcs_dash.render import charts
from pcs_dash.tables.load import load_gp_age_profile_2014
from pcs_dash.ui import data, evidence, helping, page, show

# The figures are those embedded, whatever is loaded for the area of the menu.
_, web, choices = page.begin(needs_gps=False)
# The claim is about Essex, whatever area the menu says.
dataset, _ = data.load()
definition = choices.definition
counted = (
    dataset.practices[~dataset.practices["flag_low_fte"]]
    if st.session_state.get("exclude")
    else dataset.practices
)

st.title("Then and now: the claim of 2015, and the figures since")
helping.about("then_and_now")
claim = claim_retested(counted, definition=definition.key, date=dataset.workforce_period)
st.markdown(f"#### {claim.then} {claim.verdict}")
st.markdown(f"**Now.** {claim.now.finding} {claim.now.caution} {claim.now.basis}")
st.caption(f"Source of the claim: {claim.then_source}. Its coefficient was not published.")

forest = pd.DataFrame(
    {
        name: {
            "coefficient": result.coefficient,
            "ci_low": result.ci_low,
            "ci_high": result.ci_high,
            "p_value": result.p_value,
            "n": result.n,
            "n_missing": result.n_missing,
        }
        for name, result in claim.results.items()
    }
).T.rename_axis("area")
forest[["n", "n_missing"]] = forest[["n", "n_missing"]].astype(int)
told = [
    words.correlation_words(
        result, place=name, definition=definition.key, date=dataset.workforce_period
    )
    for name, result in claim.results.items()
]
tested = f"{claim.then} {claim.verdict} {words.join(told)}"
st.subheader("The claim tested on today's figures")
evidence.chart(
    charts.forest(
        forest,
        title="Pearson's r with 95% interval",
        description=tested,
        highlight="Thurrock",
        mark_at=(0.0, 0.5),
    ),
    tested,
    key="claim",
)
st.caption(
    "Dashed lines: no correlation (0) and a strong one (0.5). A claim of a strong positive "
    "correlation is upheld only if the whole interval lies to the right of 0.5."
)
for part in told[1:]:
    evidence.say(part)
show.download_csv(forest, name=f"claim-{definition.key}")

rows = then_and_now(
    counted,
    dataset.published,
    load_gp_age_profile_2014(),
    definition=definition.key,
    date=dataset.workforce_period,
    edition=choices.edition,
)


def published(figure: str, place: str, period: str) -> float:
    """A published value; the table is embedded and checked when it is read."""
    table = dataset.published
    found = table[
        (table["figure"] == figure) & (table["place"] == place) & (table["period"] == period)
    ]
    return float(found["value"].iloc[0]) if len(found) else float("nan")


st.subheader("Patients per GP: Thurrock beside England")
ratio = rows[0]
ratio_said = words.then_now_words(ratio)
evidence.chart(
    charts.then_and_now(
        pd.DataFrame(
            {
                "then": {
                    "England": published("patients per FTE GP (mean)", "England", "2014/15"),
                    "Thurrock": ratio.then_value,
                },
                "now": {
                    "England": published(
                        "patients per FTE GP (fully qualified)", "England", "May 2025"
                    ),
                    "Thurrock": ratio.now_value,
                },
            }
        ),
        title="Patients per FTE GP",
        then="2014/15, as counted then",
        now="now (England: May 2025)",
        description=ratio_said.text,
    ),
    ratio_said.text,
    key="ratio",
)
evidence.say(ratio_said)

st.subheader("Single-handed practices")
single = [row for row in rows if row.figure == "single-handed GP contracts"]
single_said = " ".join(f"{row.place}: then {row.then_text}, now {row.now_text}." for row in single)
evidence.chart(
    charts.then_and_now(
        pd.DataFrame(
            {
                "then": {row.place: row.then_value for row in single},
                "now": {row.place: row.now_value for row in single},
            }
        ),
        title="Number",
        then="2014: contracts held by a single GP",
        now="now: practices with one GP by headcount",
        description=f"{single_said} {single[0].change}",
    ),
    f"{single_said} {single[0].change}",
    key="single",
)
st.caption(f"{single[0].change} Source of then: {single[0].then_source}.")

st.subheader("Every figure, and what changed in its definition")


def row_text(row: ThenNow) -> dict[str, str]:
    """A row of the table, in words."""
    return {
        "Figure": f"{row.figure}, {row.place}",
        "Then": f"{row.then_text} ({row.then_period})",
        "Now": f"{row.now_text} ({row.now_period})"
        if pd.notna(row.now_value)
        else profile.NO_FIGURE,
        "Measured alike?": "yes" if row.comparable else "no",
        "What changed": row.change,
        "Source of then": row.then_source,
    }


table = pd.DataFrame([row_text(row) for row in rows])
evidence.reading_table(
    table[[row not in single for row in rows]],
    caption="Published figures of 2014 to 2018 beside today's; single-handed practices: see above",
)
with st.expander("Words for your paper: every figure", icon=":material/content_copy:"):
    st.code(words.join([words.then_now_words(row) for row in rows]), language=None, wrap_lines=True)
show.download_csv(table.set_index("Figure"), name=f"then-and-now-{definition.key}")
show.footer(
    f"Then: the sources named in each row. Now: General Practice Workforce, "
    f"{dataset.workforce_period} (NHS England), {definition.label} ({definition.meaning}); "
    f"IMD {choices.edition} (MHCLG). "
    "This page is about Thurrock and the seven places, whatever area the menu says.",
)
