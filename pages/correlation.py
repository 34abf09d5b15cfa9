"""Do under-doctoring and deprivation go together, and how sure can we be?"""

import pandas as pd
import streamlit as st

from pcs_dash.measures import correlation, inequality, numbers, practice_measures, words
from pcs_dash.measures.lines import lines
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.render import charts
from pcs_dash.ui import evidence, helping, page, show
from pcs_dash.ui.address import given_labels, tell_unknown
from pcs_dash.views import maps

dataset, web, choices = page.begin()
area, definition, practices = choices.area, choices.definition, choices.practices

st.title(f"Under-doctoring and deprivation: {area.label}")
helping.about("correlation")
evidence.stop_if_empty(choices)


def menu(label: str, axis: str, key: str) -> str:
    """A measure for an axis; the choice is part of the address."""
    choices_there = practice_measures.available_variables(dataset.practices, axis)
    labels = {name: variable.label for name, variable in choices_there.items()}
    tell_unknown(key, labels)
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, bind="query-params"
    )


pick = st.columns([2, 2, 1])
with pick[0]:
    x = menu("Deprivation measure", "x", "x")
with pick[1]:
    y = menu("Compared with", "y", "y")
with pick[2]:
    weighted = st.toggle(
        "Weigh by list size",
        key="weighted",
        bind="query-params",
        help="Off: every practice counts the same. On: large practices count for more.",
    )

across, up = practice_measures.VARIABLES[x], practice_measures.VARIABLES[y]
results = {
    method: correlation.correlate_practices(
        practices, x, y, definition=definition.key, method=method, weighted=weighted
    )
    for method in correlation.METHODS
}
headline = results[correlation.HEADLINE]
sentence = words.correlation_words(
    headline,
    place=area.name,
    x=x,
    y=y,
    definition=definition.key,
    date=dataset.workforce_period,
)
evidence.say(sentence, headline=True)

left, right = st.columns([3, 2], gap="medium")
x_values = practice_measures.measure(practices, x, definition.key)
y_values = practice_measures.measure(practices, y, definition.key)
weights = practices["patients"].astype("float64") if weighted else None
fitted = lines(x_values, y_values, weights=weights)
with left:
    st.subheader("Practice by practice")
    on_ratio = y == "patients_per_fte_gp"
    evidence.chart(
        charts.scatter(
            practices,
            x=practice_measures.shown_measure(practices, x, definition.key),
            y=y_values,
            x_title=across.label,
            y_title=f"{up.label} ({up.unit})" if up.unit not in up.label.lower() else up.label,
            benchmark=choices.benchmark.value if on_ratio else None,
            benchmark_label=f"{choices.benchmark.label} {numbers.number(choices.benchmark.value)}",
            lines=[(line.name, line.intercept, line.slope) for line in fitted],
            description=sentence.text,
            height=480,
        ),
        sentence.text,
        key="scatter",
    )
    places = numbers.decimals_for(max((abs(line.slope) for line in fitted), default=0.0))
    if fitted:
        st.caption(
            "Slope per unit of deprivation: "
            + "; ".join(f"{line.name} {numbers.number(line.slope, places)}" for line in fitted)
            + ". Theil-Sen is the median of the slopes between all pairs of practices: a few odd "
            "practices can't turn it. How sure the direction is, the coefficients say."
        )
with right:
    st.subheader("On the map")
    all_x = practice_measures.measure(dataset.practices, x, definition.key)
    all_y = practice_measures.measure(dataset.practices, y, definition.key)
    counted = dataset.practices.index.isin(practices.index)
    content = maps.view(
        web,
        area,
        key="correlation",
        fill=None,
        marks=maps.bivariate_marks(all_y.where(counted), all_x.where(counted)),
        values=patients_per_fte_gp(dataset.practices, definition.key),
        value_title=f"Patients per FTE GP ({definition.label.lower()})",
        tiles=choices.tiles,
    )
    show.show_map(
        web, content, key="correlation-map", height=400, practices=practices["practice_name"]
    )
    show.bivariate_legend(across.label, up.label)


def coefficients() -> None:
    """Three coefficients: ranks, pairs, and the figures as they are."""
    st.subheader("Three coefficients")
    show.small_table(
        pd.DataFrame([coefficient_row(result) for result in results.values()]),
        caption="Practice level: every practice is one point",
    )
    for reason in dict.fromkeys(result.reason for result in results.values() if result.reason):
        st.info(reason)
    st.caption(
        "Spearman's rho and Kendall's tau go by ranks, so that a few extreme figures can't carry "
        "them. Pearson's r takes the figures as they are; where a few practices carry it, no "
        "interval of it holds, and its p is from permutations."
    )
    told = [
        words.correlation_words(
            result,
            place=area.name,
            x=x,
            y=y,
            definition=definition.key,
            date=dataset.workforce_period,
        ).text
        for result in results.values()
    ]
    evidence.paper("\n\n".join(told), key="coefficients")


def coefficient_row(result: correlation.Correlation) -> dict[str, str]:
    """A coefficient with all it rests on, as text."""
    missing = f" ({result.n_missing} without a figure)" if result.n_missing else ""
    return {
        "Coefficient": correlation.COEFFICIENT_NAMES[result.method],
        "Value": numbers.number(result.coefficient, 2),
        "95% interval": numbers.between(result.ci_low, result.ci_high, 2),
        "p": numbers.p_text(result.p_value) or numbers.NO_FIGURE,
        "Practices": f"{result.n:,}{missing}",
        "Interval by": result.interval_method,
    }


coefficients()

st.subheader("Areas side by side")
counted_everywhere = (
    dataset.practices[~dataset.practices["flag_low_fte"]]
    if st.session_state.get("exclude")
    else dataset.practices
)
forest = correlation.forest(
    counted_everywhere, x=x, y=y, definition=definition.key, weighted=weighted
)
forest_text = "; ".join(
    f"{name}: {numbers.number(row['coefficient'], 2)} "
    f"({words.interval_text(row['ci_low'], row['ci_high'], 2)}, n = {int(row['n']):,})"
    for name, row in forest.iterrows()
)
forest_text = (
    f"{correlation.COEFFICIENT_NAMES[correlation.HEADLINE]} of {up.label} with {across.label}. "
    f"{forest_text}. "
    f"{words.definition_text(definition.key, dataset.workforce_period)}"
)
evidence.chart(
    charts.forest(
        forest,
        title=f"{correlation.COEFFICIENT_NAMES[correlation.HEADLINE]} with 95% interval",
        description=forest_text,
        highlight=area.name,
    ),
    forest_text,
    key="forest",
)
st.caption(
    "An interval that crosses zero is no evidence of an association in that place. With "
    f"{len(forest)} intervals side by side, one or two may exclude zero by chance alone."
)
show.download_csv(forest, name=f"correlation-areas-{x}-{y}-{definition.key}")
st.subheader("Within places and between places")


def groups() -> tuple[str, str]:
    """Column and word of the groups: places, or PCNs where there is one place only."""
    return ("place", "places") if len(practices["place"].unique()) > 1 else ("pcn", "PCNs")


@st.fragment
def levels() -> None:
    """Whether what holds over all practices also holds inside the places."""
    column, unit = groups()
    result = correlation.within_between(x_values, y_values, practices[column])
    said = words.within_between_words(
        result, definition=definition.key, date=dataset.workforce_period, unit=unit
    )
    rows = {
        "Over all practices": result.pooled,
        f"Within {unit}": result.within,
        f"Between {unit}": result.between,
    }
    table = pd.DataFrame(
        {
            name: {
                "coefficient": found.coefficient,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "n": found.n,
            }
            for name, found in rows.items()
        }
    ).T.rename_axis("level")
    table["n"] = table["n"].astype(int)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        evidence.chart(
            charts.forest(
                table,
                title="Spearman's rho with 95% interval",
                description=said.text,
                unit="Practices or groups",
            ),
            said.text,
            key="within",
        )
    with right:
        evidence.say(said)
        between = numbers.p_text(result.between.p_value)
        st.caption(
            "All by ranks over all practices, unweighted. Within: each of the "
            f"{len(result.groups)} {unit} has a level of its own. Between: one point for each, its "
            f"means"
            f"{f' ({between})' if between else ''}. {result.between.reason}"
        )
    show.small_table(group_rows(result.groups, unit), caption=f"Inside each of the {unit}")
    show.download_csv(result.groups, name=f"within-{area.key}-{x}-{y}-{definition.key}")


def group_rows(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Each group's means and coefficient as text."""
    columns = [unit.removesuffix("s").capitalize() if unit == "places" else "PCN"]
    columns += [
        "Practices",
        "Mean deprivation",
        "Mean figure",
        "Spearman's rho (95% interval)",
        "p",
    ]
    rows = []
    for group, row in table.iterrows():
        coefficient = "too few practices"
        if pd.notna(row["coefficient"]):
            limits = numbers.between(row["ci_low"], row["ci_high"], 2)
            coefficient = f"{numbers.number(row['coefficient'], 2)} ({limits})"
        cells = [group, f"{int(row['n']):,}", numbers.number(row["mean_x"], 1)]
        cells += [numbers.number(row["mean_y"], numbers.decimals_for(row["mean_y"])), coefficient]
        cells.append(numbers.p_text(row["p_value"]).removeprefix("p = ").removeprefix("p "))
        rows.append(dict(zip(columns, cells, strict=True)))
    return pd.DataFrame(rows, columns=columns)


levels()


@st.fragment
def allowing() -> None:
    """The correlation that is left once age and recorded illness are allowed for."""
    st.subheader("Allowing for age and illness")
    labels = given_labels()
    given = st.multiselect(
        "Allow for",
        list(labels),
        default=["pct_65plus", "prev_hyp", "prev_dm"],
        format_func=labels.__getitem__,
        key="given",
        bind="query-params",
    )
    if not given:
        st.info("Choose at least one figure to allow for.")
        return
    result = correlation.partial_correlation(
        x_values, y_values, practices[given].rename(columns=labels)
    )
    plain_result = correlation.correlate(x_values, y_values)
    said = words.correlation_words(
        result, place=area.name, x=x, y=y, definition=definition.key, date=dataset.workforce_period
    )
    said = words.partial_words(said, [labels[key] for key in given])
    evidence.say(said)
    show.small_table(
        pd.DataFrame(
            [
                {
                    correlation.COEFFICIENT_NAMES[correlation.HEADLINE]: name,
                    "Value": numbers.number(shown.coefficient, 2),
                    "95% interval": numbers.between(shown.ci_low, shown.ci_high, 2),
                    "p": numbers.p_text(shown.p_value) or numbers.NO_FIGURE,
                    "Practices": f"{shown.n:,}",
                }
                for name, shown in (("as it is", plain_result), ("allowing for these", result))
            ]
        ),
        caption="Before and after, both unweighted",
    )
    st.caption(
        "Illness is recorded less where GPs are few, so allowing for it can hide a real "
        "disadvantage."
    )
    evidence.paper(said.text, key="given")


allowing()

st.subheader("Which practices carry the result?")
carried = evidence.computed(
    ("influence", evidence.codes(choices), definition.key, x, y, weighted),
    lambda: correlation.influence(x_values, y_values, weights=weights),
    label="Leaving out each practice",
)
if carried.empty:
    st.info("There are too few practices to leave one out.")
else:
    carried_text = words.influence_words(carried, headline.coefficient, place=area.name)
    st.markdown(f"**{carried_text}**")
    named = carried.assign(name=practices["practice_name"].reindex(carried.index))
    named["flagged"] = practices["flag_low_fte"].reindex(carried.index)
    st.dataframe(
        named.rename_axis("code").reset_index()[
            [
                "code", "name", "coefficient_without", "change", "ci_low", "ci_high",
                "changes_conclusion", "flagged",
            ]
        ],
        hide_index=True,
        height=260,
        placeholder="no figure",
        column_config={
            "code": "Code",
            "name": "Practice",
            "coefficient_without": st.column_config.NumberColumn("rho without it", format="%.3f"),
            "change": st.column_config.NumberColumn("Change", format="%+.3f"),
            "ci_low": st.column_config.NumberColumn("95% from", format="%.2f"),
            "ci_high": st.column_config.NumberColumn("to", format="%.2f"),
            "changes_conclusion": "Changes the conclusion",
            "flagged": "Implausible FTE",
        },
        alt=f"Practices of {area.name} by how much the coefficient moves without them",
    )  # fmt: skip
    evidence.paper(carried_text, key="influence")
    show.download_csv(named, name=f"influence-{area.key}-{x}-{y}-{definition.key}")

st.subheader("By deprivation quintile of where patients live")
by_quintile = inequality.quintile_table(
    practices, definition=definition.key, edition=choices.edition
)
gap = by_quintile.gaps["patients_per_fte_gp"]
gap_sentence = words.gap_words(
    gap, place=area.name, definition=definition.key, date=dataset.workforce_period
)
left, right = st.columns([3, 2], gap="medium")
with left:
    evidence.chart(
        charts.by_quintile(
            by_quintile.shown,
            value="patients_per_fte_gp",
            title="Patients per FTE GP",
            benchmark=choices.benchmark.value,
            benchmark_label=f"{choices.benchmark.label} {numbers.number(choices.benchmark.value)}",
            description=gap_sentence.text,
        ),
        gap_sentence.text,
        key="by-quintile",
    )
with right:
    st.markdown(f"**{gap_sentence.finding}** {gap_sentence.caution} {gap_sentence.basis}")
    st.caption(
        f"Each practice's patients and FTE are shared out over quintiles in proportion to where "
        f"its patients lived in {dataset.mix_words} (IMD {choices.edition}). Intervals: "
        f"{by_quintile.interval_method}. More of it on the page Inequality."
    )
show.download_csv(by_quintile.shown, name=f"quintiles-{area.key}-{definition.key}")

show.footer(
    f"{choices.basis}",
    "Deprivation: patient-weighted IMD 2025 score (OHID), or shares of patients by quintile "
    f"({dataset.mix_words}, NHS England and MHCLG).",
)
