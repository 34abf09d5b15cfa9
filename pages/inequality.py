"""Do people in deprived places have fewer GPs, by how much, and how sure is it?"""

from dataclasses import replace

import pandas as pd
import streamlit as st

from pcs_dash.measures import inequality, need, profile, words
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.render import charts
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data, evidence, helping, page, show
from pcs_dash.ui.address import level_labels, tell_unknown
from pcs_dash.ui.choices import Choices

dataset, web, choices = page.begin()
area, definition, edition = choices.area, choices.definition, choices.edition

st.title(f"Inequality by deprivation: {area.label}")
helping.about("inequality")
evidence.stop_if_empty(choices)

NAMES = {
    "patients_per_fte_gp": "Patients per FTE GP",
    "fte_gp_per_10000": "FTE GPs per 10,000 patients",
}


def decimals(measure: str) -> int:
    """Whole patients, tenths of a GP."""
    return 0 if measure == "patients_per_fte_gp" else 1


by_quintile = inequality.quintile_table(
    choices.practices, definition=definition.key, edition=edition
)
headline = words.inequality_words(
    inequality.area_inequality(choices.practices, definition=definition.key, edition=edition),
    place=area.name,
    date=dataset.workforce_period,
)
evidence.say(headline, headline=True)

if by_quintile.n_practices < inequality.FEWEST_PRACTICES:
    st.info(
        f"{words.count(by_quintile.n_practices, 'practice')} can't show an inequality: every "
        "quintile would repeat the same few figures. Choose a larger area."
    )
    evidence.paper(headline.text, key="headline")
    show.footer(choices.basis)
    st.stop()

gap = by_quintile.gaps["patients_per_fte_gp"]
ends = by_quintile.shown["patients_per_fte_gp"]
show.figures(
    show.Figure("Most deprived fifth", profile.number(ends[1]), "patients per FTE GP"),
    show.Figure("Least deprived fifth", profile.number(ends[5]), "patients per FTE GP"),
    show.Figure(
        "Ratio, most to least",
        profile.decimal(gap.ratio),
        evidence.between(gap.ratio_low, gap.ratio_high),
    ),
    show.Figure(
        "Difference",
        profile.signed(gap.difference, 0),
        evidence.between(gap.difference_low, gap.difference_high, 0),
    ),
)
st.caption(
    "Small print under a figure: its 95% interval. "
    f"{choices.basis} IMD {edition}; quintile 1 is the most deprived fifth of England."
)

st.subheader("By quintile")
for column, measure in zip(st.columns(2, gap="medium"), inequality.MEASURES, strict=True):
    with column:
        said = words.gap_words(
            by_quintile.gaps[measure],
            place=area.name,
            definition=definition.key,
            date=dataset.workforce_period,
        )
        on_ratio = measure == "patients_per_fte_gp"
        evidence.chart(
            charts.by_quintile(
                by_quintile.shown,
                value=measure,
                title=NAMES[measure],
                benchmark=choices.benchmark.value if on_ratio else None,
                benchmark_label=f"{choices.benchmark.label} {choices.benchmark.value:,.0f}",
                description=said.text,
            ),
            said.text,
            key=f"by-quintile-{measure}",
        )
        evidence.say(said)


def quintile_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The quintiles as text, a figure with its interval in a cell."""
    rows = {"Quintile": [QUINTILE_LABELS[int(q)] for q in table.index]}
    rows["Patients"] = [profile.number(value) for value in table["patients"]]
    rows["FTE GPs"] = [profile.number(value, 1) for value in table["fte_gp"]]
    for measure in inequality.MEASURES:
        places = decimals(measure)
        rows[f"{NAMES[measure]} (95% interval)"] = [
            f"{profile.number(row[measure], places)} "
            f"({evidence.between(row[f'{measure}_low'], row[f'{measure}_high'], places)})"
            for _, row in table.iterrows()
        ]
    return pd.DataFrame(rows)


show.small_table(
    quintile_rows(by_quintile.shown), caption=f"{area.name} by deprivation quintile (IMD {edition})"
)
st.caption(
    f"Each practice's patients and FTE are shared out over quintiles in proportion to where its "
    f"patients lived in {dataset.mix_words}. Intervals: {by_quintile.interval_method}; "
    f"{words.count(by_quintile.n_practices, 'practice')}, {by_quintile.n_missing:,} left out for "
    "a missing figure."
)
show.download_csv(by_quintile.shown, name=f"quintiles-{area.key}-{definition.key}-imd{edition}")


@st.fragment
def slopes(choices: Choices) -> None:
    """Slope and Relative Index of Inequality at a level, with either interval."""
    st.subheader("Slope and Relative Index of Inequality")
    left, right = st.columns([3, 2], gap="medium")
    with right:
        labels = level_labels()
        tell_unknown("level", labels)
        level = st.selectbox(
            "Level",
            list(labels),
            format_func=labels.__getitem__,
            key="level",
            bind="query-params",
            help="By quintile: five groups of patients, by where they live. By practice: every "
            "practice is a point, ranked by the IMD 2025 score of its patients. By small area: "
            "every LSOA is a point; a practice's GPs are shared out by where its patients live.",
        )
        resampled = st.toggle(
            "Bootstrap interval",
            key="bootstrap",
            bind="query-params",
            help="Off: the jackknife, which leaves out one practice at a time. On: 2,000 random "
            "resamples of the practices, always the same ones (seed 0).",
        )
    interval = "bootstrap" if resampled else "jackknife"
    registrations = data.registrations()
    registered = () if level != "lsoa" else data.registrations_version()
    results = {
        measure: evidence.computed(
            (
                "sii",
                evidence.codes(choices),
                definition.key,
                edition,
                level,
                measure,
                interval,
                *registered,
            ),
            lambda measure=measure: inequality.area_inequality(
                choices.practices,
                level=level,
                measure=measure,
                definition=definition.key,
                edition=edition,
                interval=interval,
                registrations=registrations,
                lsoa_rank=dataset.lsoas[f"imd{edition}_rank"],
            ),
            label="Resampling the practices",
        )
        for measure in inequality.MEASURES
    }
    if registrations is None:
        with right:
            st.caption(data.NO_REGISTRATIONS)
    elif level == "lsoa":
        source = data.registered_in(registrations)
        note = (
            f"Weighed by {source}; those beyond {evidence.whole(choices)} leave with their share "
            "of FTE."
        )
        results = {key: replace(result, note=note) for key, result in results.items()}
    said = words.inequality_words(
        results["patients_per_fte_gp"], place=area.name, date=dataset.workforce_period
    )
    shown = results["patients_per_fte_gp"]
    with left:
        evidence.chart(
            charts.gradient(
                most_deprived_first(shown, choices.practices),
                value="patients_per_fte_gp",
                title="Patients per FTE GP",
                intercept=shown.index.intercept,
                sii=shown.index.sii,
                description=said.text,
            ),
            said.text,
            key="gradient",
        )
    with right:
        rows = pd.DataFrame([index_row(measure, result) for measure, result in results.items()])
        show.small_table(
            rows, caption=f"{labels[level]}, {words.count(shown.n_practices, 'practice')}"
        )
        if shown.reason:
            st.info(shown.reason)
        if (level, interval) != ("quintile", "jackknife"):
            # Otherwise it is the headline of the page.
            evidence.say(said)
        st.caption(
            "SII: the fitted figure at the least deprived end minus that at the most deprived end, "
            "as OHID defines it; below zero, the figure is higher where people are more deprived. "
            "RII: the first over the second. "
            + (f"Interval: {shown.index.interval_method}." if not shown.reason else "")
        )
    show.download_csv(
        pd.DataFrame([flat(measure, result) for measure, result in results.items()]).set_index(
            "measure"
        ),
        name=f"slope-index-{area.key}-{definition.key}-{level}",
    )


def most_deprived_first(result: inequality.AreaInequality, practices: pd.DataFrame) -> pd.DataFrame:
    """The groups in the order of the line: quintiles as they are, practices by score, LSOAs by
    rank. LSOAs where only a handful of the patients live stay in the line, but get no dot.
    """
    if result.level == "quintile":
        return result.groups
    if result.level == "lsoa":
        ranks = dataset.lsoas[f"imd{edition}_rank"].reindex(result.groups.index)
        groups = result.groups.loc[ranks.sort_values().index]
        few = groups["patients"] < small_number()
        return groups.assign(patients_per_fte_gp=groups["patients_per_fte_gp"].mask(few))
    scores = practices["imd_score"].reindex(result.groups.index)
    return result.groups.loc[scores.sort_values(ascending=False).index]


def index_row(measure: str, result: inequality.AreaInequality) -> dict[str, str]:
    """SII and RII of a measure as text."""
    index, places = result.index, decimals(measure)
    return {
        "Measure": NAMES[measure],
        "SII": profile.number(index.sii, places),
        "95% interval": evidence.between(index.sii_low, index.sii_high, places),
        "RII": profile.decimal(index.rii),
        "95% interval of RII": evidence.between(index.rii_low, index.rii_high),
    }


def flat(measure: str, result: inequality.AreaInequality) -> dict[str, object]:
    """The same to full precision, with what it rests on."""
    index = result.index
    return {
        "measure": measure,
        "level": result.level,
        "gp_definition": result.definition,
        "imd_edition": "2025" if result.level == "practice" else result.edition,
        "sii": index.sii,
        "sii_low": index.sii_low,
        "sii_high": index.sii_high,
        "rii": index.rii,
        "rii_low": index.rii_low,
        "rii_high": index.rii_high,
        "n_practices": result.n_practices,
        "n_missing": result.n_missing,
        "interval": index.interval_method,
        "period": dataset.workforce_period,
    }


slopes(choices)

st.subheader("Are GPs concentrated?")
left, right = st.columns([3, 2], gap="medium")
held = inequality.concentration_index(
    choices.practices[gp_definition(definition.key).column],
    choices.practices["patients"],
    choices.practices["imd_score"],
)
said = words.concentration_words(
    held, place=area.name, definition=definition.key, date=dataset.workforce_period
)
with left:
    evidence.chart(
        charts.concentration(held.curve, resource="FTE GPs", description=said.text),
        said.text,
        key="concentration",
    )
with right:
    evidence.say(said)
    st.caption(
        "Practices are ranked by the IMD 2025 score of their patients. A curve below the line of "
        "even shares: the most deprived have less than their share of GPs, and the index is above "
        "zero (Kakwani, Wagstaff and van Doorslaer 1997)."
    )
show.download_csv(held.curve, name=f"concentration-{area.key}-{definition.key}")

st.subheader("Allowing for need")
try:
    model = need.need_model(dataset.practices)
except UserError as error:
    st.info(f"No list can be adjusted for need here. {error}")
    st.stop()
lists = need.need_adjusted_patients(dataset.practices, model)
adjusted_practices, without_need = need.with_lists(choices.practices, lists)
both = {
    "raw": choices.practices.drop(index=list(without_need)),
    "need-adjusted": adjusted_practices,
}
tables = {
    kind: inequality.quintile_table(table, definition=definition.key, edition=edition)
    for kind, table in both.items()
}
indices = {
    kind: inequality.area_inequality(table, definition=definition.key, edition=edition)
    for kind, table in both.items()
}
said = words.inequality_words(
    indices["need-adjusted"], place=area.name, date=dataset.workforce_period
)
raw_said = words.inequality_words(indices["raw"], place=area.name, date=dataset.workforce_period)
compared = f"On need-adjusted lists: {said.text} On raw lists: {raw_said.text}"
left, right = st.columns([3, 2], gap="medium")
with left:
    evidence.chart(
        charts.raw_and_adjusted(
            pd.concat(
                pd.DataFrame(
                    {
                        "quintile": result.shown.index,
                        "list": kind,
                        "value": result.shown["patients_per_fte_gp"],
                        "low": result.shown["patients_per_fte_gp_low"],
                        "high": result.shown["patients_per_fte_gp_high"],
                    }
                )
                for kind, result in tables.items()
            ),
            title="Patients per FTE GP",
            description=compared,
        ),
        compared,
        key="need",
    )
with right:
    st.markdown(f"**On need-adjusted lists: {said.finding}** {said.caution}")
    show.small_table(
        pd.DataFrame(
            [
                {
                    "Lists": kind,
                    "SII": profile.number(result.index.sii),
                    "95% interval": evidence.between(
                        result.index.sii_low, result.index.sii_high, 0
                    ),
                    "RII": profile.decimal(result.index.rii),
                    "95% interval of RII": evidence.between(
                        result.index.rii_low, result.index.rii_high
                    ),
                }
                for kind, result in indices.items()
            ]
        ),
        caption="Patients per FTE GP by quintile, raw beside need-adjusted",
    )
    st.caption(
        "Need: a list counts for the appointments expected of its ages and recorded illness, from "
        f"a regression over {model.n:,} practices of Essex that explains {model.r_squared:.0%} of "
        "the variation. It is not the national weighted list, and recorded use falls short of "
        "need where people go without: adjusting can hide a real disadvantage."
        + (f" {len(without_need)} practices have no index and left both." if without_need else "")
    )
places = need.need_adjusted_summary(choices.practices, lists, "district", definition=definition.key)
st.dataframe(
    places.reset_index()[
        [
            "district",
            "practices",
            "patients_per_fte_gp",
            "adjusted_patients_per_fte_gp",
            "need_index",
            "left_out",
        ]
    ],
    hide_index=True,
    placeholder="no figure",
    column_config={
        "district": "District",
        "practices": "Practices",
        "patients_per_fte_gp": st.column_config.NumberColumn("Patients per FTE GP", format="%,.0f"),
        "adjusted_patients_per_fte_gp": st.column_config.NumberColumn(
            "Need-adjusted", format="%,.0f"
        ),
        "need_index": st.column_config.NumberColumn("Need (1 = Essex)", format="%.2f"),
        "left_out": "Left out",
    },
    alt=f"Districts of {area.name}: raw and need-adjusted patients per FTE GP",
)
show.download_csv(places, name=f"need-{area.key}-{definition.key}")

show.footer(
    f"General Practice Workforce, {dataset.workforce_period} (NHS England); patients by quintile, "
    f"{dataset.mix_words} (NHS England, IMD {edition} of MHCLG); need: QOF prevalence and "
    "appointments (NHS England).",
    "SII and RII after OHID (PHEindicatormethods).",
)
