"""Heavy work, and the reading of files given by others, outside the process that serves pages.

    executor().submit(function, *args, owner=..., limits=Limits(60), **options) -> Job

The function runs in a process of its own (`worker`), within its limits of time and memory, when its
turn comes (`executor`); on this computer, or on a Dask cluster where PCS_DASH_SCHEDULER names its
scheduler (`cluster`).
"""

from pcs_dash.jobs.calls import JobError, Limits
from pcs_dash.jobs.executor import Executor, Job, executor
from pcs_dash.jobs.for_pages import beside, for_page

__all__ = ["Executor", "Job", "JobError", "Limits", "beside", "executor", "for_page"]
