"""The commands of `python -m pcs_dash`, one module each."""

# Command -> what it is for. Named here, so that asking for help imports none of them.
COMMANDS = {
    "audit": "who did what, where people sign in",
    "backup": "copy the library of plans, stories and scenarios into a file",
    "compare": "two hub plans, or a plan and today's PCNs, held against each other",
    "correlate": "correlation of two measures over an area's practices",
    "hubs": "what a hub plan means: patients, GPs, deprivation and rules by hub",
    "inequality": "Slope and Relative Index of Inequality by deprivation",
    "metrics": "patients per FTE GP and the other capacity measures",
    "plans": "list, export and import saved plans",
    "report": "a board paper: .pptx, .pdf, .html or .xlsx",
    "restore": "put a backup back into the library",
    "rollback": "go back to an earlier version of the official data",
    "scenario": "what happens if nothing is done, and what if",
    "search": "find a practice, PCN, area, town, postcode or LSOA",
    "sentence": "the finding in plain English",
    "specifications": "does the conclusion survive another way of measuring?",
    "status": "what official data are loaded, their age, and how to refresh them",
    "stories": "list, export and import saved stories",
    "suggest": "suggest hubs of an area's practices",
    "travel": "minutes to practices, and where sites should stand",
    "update": "load this month's official data",
    "view": "what a page of the app says, as words or JSON",
}
