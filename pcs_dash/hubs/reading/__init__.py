"""Reading plans that people bring: file -> sheets of rows -> columns understood -> groups -> plan.

`formats` says what a file is and gives its sheets; `columns` which column holds what; `groups` and
`shapes` which practice is in which hub; `reader` puts them together into a `PlanReading`.
"""

from pcs_dash.hubs.reading.faults import ColumnChoiceError, CrossingShapeError, UnknownPracticeError
from pcs_dash.hubs.reading.reader import file_content, read_plan, read_plan_file
from pcs_dash.hubs.reading.reading_report import PlanReading, Unknown

__all__ = [
    "ColumnChoiceError",
    "CrossingShapeError",
    "PlanReading",
    "Unknown",
    "UnknownPracticeError",
    "file_content",
    "read_plan",
    "read_plan_file",
]
