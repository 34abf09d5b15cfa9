"""Do under-doctoring and deprivation go together, and how sure can we be?"""

import pandas as pd
import streamlit as st

from pcs_dash.measures import correlation, inequality, profile, words
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
    choices_there = correlation.available_variables(dataset.practices, axis)
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

across, up = correlation.VARIABLES[x], correlation.VARIABLES[y]
results = {
    method: correlation.correlate_practices(
        practices, x, y, definition=definition.key, method=method, weighted=weighted
    )
    for method in correlation.METHODS
}
sentence = words.correlation_words(
    results["pearson"],
    place=area.name,
    x=x,
    y=y,
    definition=definition.key,
    date=dataset.workforce_period,
)
evidence.say(sentence, headline=True)

left, right = st.columns([3, 2], gap="medium")
x_values = correlation.measure(practices, x, definition.key)
y_values = correlation.measure(practices, y, definition.key)
weights = practices["patients"].astype("float64") if weighted else None
fitted = correlation.lines(x_values, y_values, weights=weights)
with left:
    st.subheader("Practice by practice")
    on_ratio = y == "patients_per_fte_gp"
    evidence.chart(
        charts.scatter(
            practices,
            x=correlation.shown_measure(practices, x, definition.key),
            y=y_values,
            x_title=across.label,
            y_title=f"{up.label} ({up.unit})" if up.unit not in up.label.lower() else up.label,
            benchmark=choices.benchmark.value if on_ratio else None,
            benchmark_label=f"{choices.benchmark.label} {choices.benchmark.value:,.0f}",
            lines=[(line.name, line.intercept, line.slope) for line in fitted],
            description=sentence.text,
            height=480,
        ),
        sentence.text,
        key="scatter",
    )
    places = words.decimals_for(max((abs(line.slope) for line in fitted), default=0.0))
    if fitted:
        st.caption(
            "Slope per unit of deprivation, with 95% interval: "
            + "; ".join(
                f"{line.name} {words.number(line.slope, places)} "
                f"({evidence.between(line.slope_low, line.slope_high, places)})"
                for line in fitted
            )
            + ". Theil-Sen is the median of the slopes between all pairs of practices: a few odd "
            "practices can't turn it."
        )
with right:
    st.subheader("On the map")
    all_x = correlation.measure(dataset.practices, x, definition.key)
    all_y = correlation.measure(dataset.practices, y, definition.key)
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


@st.fragment
def coefficients() -> None:
    """Three coefficients, from a formula or resampled."""
    st.subheader("Three coefficients")
    resampled = st.toggle(
        "Bootstrap intervals",
        key="bootstrap",
        bind="query-params",
        help="Off: from a formula (Fisher's z; Bonett and Wright). On: 2,000 random resamples of "
        "the practices, bias-corrected (BCa), always the same ones (seed 0).",
    )
    shown = results
    if resampled:
        shown = {
            method: evidence.computed(
                ("bootstrap", evidence.codes(choices), definition.key, x, y, method, weighted),
                lambda method=method: correlation.correlate(
                    x_values, y_values, method=method, weights=weights, interval="bootstrap"
                ),
                label="Resampling the practices",
            )
            for method in correlation.METHODS
        }
    show.small_table(
        pd.DataFrame([coefficient_row(result) for result in shown.values()]),
        caption="Practice level: every practice is one point",
    )
    for result in shown.values():
        if result.reason:
            st.info(result.reason)
            break
    told = {
        method: words.correlation_words(
            result,
            place=area.name,
            x=x,
            y=y,
            definition=definition.key,
            date=dataset.workforce_period,
        ).text
        for method, result in shown.items()
    }
    evidence.paper("\n\n".join(told.values()), key="coefficients")


def coefficient_row(result: correlation.Correlation) -> dict[str, str]:
    """A coefficient with all it rests on, as text."""
    missing = f" ({result.n_missing} without a figure)" if result.n_missing else ""
    return {
        "Coefficient": correlation.COEFFICIENT_NAMES[result.method],
        "Value": profile.decimal(result.coefficient),
        "95% interval": evidence.between(result.ci_low, result.ci_high),
        "p": words.p_text(result.p_value) or profile.NO_FIGURE,
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
    f"{name}: {profile.decimal(row['coefficient'])} "
    f"({words.interval_text(row['ci_low'], row['ci_high'], 2)}, n = {int(row['n']):,})"
    for name, row in forest.iterrows()
)
forest_text = (
    f"Pearson's r of {up.label} with {across.label}. {forest_text}. "
    f"{words.definition_text(definition.key, dataset.workforce_period)}"
)
evidence.chart(
    charts.forest(
        forest, title="Pearson's r with 95% interval", description=forest_text, highlight=area.name
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
    """Whether the slope over all practices is also the slope inside the places."""
    column, unit = groups()
    result = evidence.computed(
        ("within", evidence.codes(choices), definition.key, x, y, column),
        lambda: correlation.within_between(x_values, y_values, practices[column]),
        label="Fitting the mixed model",
    )
    said = words.within_between_words(
        result, definition=definition.key, date=dataset.workforce_period, unit=unit
    )
    rows = {
        "Over all practices": ("pooled", result.n),
        f"Within {unit}": ("within", result.n),
        f"Between {unit}": ("between", result.n_groups),
        "Mixed model": ("mixed", result.n),
    }
    table = pd.DataFrame(
        {
            name: {
                "coefficient": getattr(result, key),
                "ci_low": getattr(result, f"{key}_low"),
                "ci_high": getattr(result, f"{key}_high"),
                "n": n,
            }
            for name, (key, n) in rows.items()
        }
    ).T.rename_axis("slope")
    table["n"] = table["n"].astype(int)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        evidence.chart(
            charts.forest(
                table,
                title="Slope with 95% interval",
                description=said.text,
                domain=None,
                unit="Practices or groups",
            ),
            said.text,
            key="within",
        )
    with right:
        evidence.say(said)
        if result.note:
            st.caption(result.note)
        if results["pearson"].excludes_zero and result.pooled_low < 0 < result.pooled_high:
            st.info(
                "The interval of Pearson's r at the top leaves zero out, this one does not: it "
                "allows for practices that spread unequally, and a few very high figures carry "
                "much of the correlation. Say both, or leave out implausible FTE and look again."
            )
        st.caption(
            "Slope: the change of the figure for one unit of deprivation. "
            f"Within: each of the {result.n_groups} {unit} has its own level. Between: one point "
            "a group. Mixed: a random level for each group"
            + (
                f", {result.group_share:.0%} of the variance lies between them."
                if pd.notna(result.group_share)
                else "."
            )
            + f" Unweighted. Intervals: {result.errors}."
        )
    show.small_table(group_rows(result.groups, unit), caption=f"The line inside each of the {unit}")
    show.download_csv(result.groups, name=f"within-{area.key}-{x}-{y}-{definition.key}")


def group_rows(table: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Each group's means and slope as text."""
    columns = [unit.removesuffix("s").capitalize() if unit == "places" else "PCN"]
    columns += ["Practices", "Mean deprivation", "Mean figure", "Slope (95% interval)"]
    largest = table[["slope_low", "slope_high"]].abs().to_numpy()
    decimals = words.decimals_for(largest[largest == largest].max(initial=0.0))
    rows = []
    for group, row in table.iterrows():
        slope = "too few practices"
        if pd.notna(row["slope"]):
            limits = evidence.between(row["slope_low"], row["slope_high"], decimals)
            slope = f"{words.number(row['slope'], decimals)} ({limits})"
        cells = [group, f"{int(row['n']):,}", words.number(row["mean_x"], 1)]
        cells += [words.number(row["mean_y"], words.decimals_for(row["mean_y"])), slope]
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
    plain_result = results["pearson"]
    said = words.correlation_words(
        result, place=area.name, x=x, y=y, definition=definition.key, date=dataset.workforce_period
    )
    said = words.partial_words(said, [labels[key] for key in given])
    evidence.say(said)
    show.small_table(
        pd.DataFrame(
            [
                {
                    "Pearson's r": name,
                    "Value": profile.decimal(shown.coefficient),
                    "95% interval": evidence.between(shown.ci_low, shown.ci_high),
                    "p": words.p_text(shown.p_value) or profile.NO_FIGURE,
                    "Practices": f"{shown.n:,}",
                }
                for name, shown in (("as it is", plain_result), ("allowing for these", result))
            ]
        ),
        caption="Before and after; the second is unweighted",
    )
    st.caption(
        "Illness is recorded less where GPs are few, so allowing for it can hide a real "
        "disadvantage."
    )
    evidence.paper(said.text, key="given")


allowing()

st.subheader("Which practices carry the result?")
carried = correlation.influence(x_values, y_values, weights=weights)
if carried.empty:
    st.info("There are too few practices to leave one out.")
else:
    carried_text = words.influence_words(carried, results["pearson"].coefficient, place=area.name)
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
            "coefficient_without": st.column_config.NumberColumn("r without it", format="%.3f"),
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
            benchmark_label=f"{choices.benchmark.label} {choices.benchmark.value:,.0f}",
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
