"""`python -m pcs_dash.official.bounded_memory COMMAND ...`: a command in bounded memory.

For files given by others (`upload`): one made to fill the memory of the computer ends its own
process. The limit is set here and not between fork and exec, which is unsafe in the app, as it
has threads. Windows has no such limit; there the sizes that `archive` allows are all there is.
"""

from __future__ import annotations

import sys

from pcs_dash.jobs.memory import limit_memory
from pcs_dash.tables.environment import whole_number

MEMORY_VARIABLE = "PCS_DASH_UPLOAD_MEMORY_MB"
# Of addresses, of which libraries reserve more than they use: a build of England holds 0.6 GB
# and reserves 2.3.
MEMORY_MB = 4_096
EXIT_OUT_OF_MEMORY = 3


def memory_mb() -> int:
    """The limit in megabytes: PCS_DASH_UPLOAD_MEMORY_MB, or 4,096."""
    return whole_number(MEMORY_VARIABLE, MEMORY_MB)


def main(arguments: list[str]) -> int:
    """Run a command of pcs_dash; EXIT_OUT_OF_MEMORY where the limit does not suffice."""
    limit_memory(memory_mb(), for_good=True)
    try:
        from pcs_dash.__main__ import main as run

        return run(arguments, asides=False)
    except MemoryError:
        print(f"It needs more memory than {memory_mb():,} MB.", file=sys.stderr)
        return EXIT_OUT_OF_MEMORY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
