"""Other programs that take processors while something is timed."""

import os
import time
from pathlib import Path

MOST = 0.1  # processors; the system itself takes some hundredths
BLUR = 0.03  # seconds: the system counts in ticks
VOID = "void: other programs ran"


def busy_seconds() -> float:
    """Processor time of the whole system since its start."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
    return (sum(ticks) - sum(ticks[3:5])) / os.sysconf("SC_CLK_TCK")  # all but idle and waiting


def own_seconds() -> float:
    """Processor time of this process and of all that descend from it, also of those that have ended."""
    parents, ticks = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        pid = int(path.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))

    def is_own(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and is_own(parents[pid]))

    return sum(ticks[pid] for pid in ticks if is_own(pid)) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Counts from its construction on; where there is no /proc, no other program is known to run."""

    def __init__(self) -> None:
        self.start, self.before = time.perf_counter(), self.others()

    def others(self) -> float:
        """Processor seconds of other programs since the system's start."""
        try:
            return busy_seconds() - own_seconds()
        except (OSError, ValueError):
            return 0.0

    def processors(self) -> float:
        """How many processors other programs have taken in the mean."""
        elapsed = max(time.perf_counter() - self.start, 0.01)
        return max(0.0, self.others() - self.before - BLUR) / elapsed

    def disturbed(self) -> bool:
        return self.processors() > MOST
