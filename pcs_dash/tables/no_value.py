"""Words that mean "none": what stands in files where there is no figure, no network or no hub."""

from __future__ import annotations

from pcs_dash.tables.labels import name_key

# NHS England writes NA for "not supplied"; ND is what files before February 2023 write.
NOT_SUPPLIED = ("NA", "ND", "")
# Estimated or suppressed, in the workforce's files.
NO_FIGURE = ("EST", "NS", "*", ".", "N/A")
# A practice in no network, as the mappings write it. It is no network of its own.
NO_PCN = ("U", "UNALLOCATED", "UNKNOWN OR NO PCN")
# Compilations of others write these for what they don't know.
NOT_KNOWN = ("UNKNOWN", "NONE", "NULL")
# What no stored hub may be called (by `name_key`): older plans may bear the words below as names.
NO_HUB = frozenset({"unassigned", "nan", "<na>", "#n/a"})
# What people write for "in no hub", by `name_key`.
_NO_GROUP = frozenset(
    {
        "", "-", "--", "–", "—", ".", "?", "??", "n/a", "na", "n.a.", "n.a", "nan", "<na>",
        "nat", "nil", "none", "null", "tbc", "tba", "tbd", "t.b.c.",
        "to be confirmed", "to be decided", "to be determined", "to be agreed", "unknown",
        "not known", "not applicable", "unassigned", "unallocated", "ungrouped", "not assigned",
        "not allocated", "not in a hub", "not in a pcn", "no hub", "no group", "no pcn",
        "no network", "no locality", "no neighbourhood", "no cluster", "without hub",
        "unknown or no pcn",
    }
)  # fmt: skip


def means_no_group(text: str) -> bool:
    """Whether a name in a file stands for "in no group" rather than for a group."""
    return name_key(text) in _NO_GROUP
