"""Which case is timed, and how long the run still takes."""

import sys
import time


def say(message: str) -> None:
    """Progress and problems, apart from the tables."""
    print(message, file=sys.stderr, flush=True)


class Progress:
    """Learns how long cases take from those that are done; the plan of each group is that of `Group.plan`."""

    def __init__(self, plan: dict[str, tuple[int, float]]) -> None:
        self.plan, self.begun = plan, dict.fromkeys(plan, 0)
        self.done, self.ahead = 0.0, sum(cases * seconds for cases, seconds in plan.values())
        self.start = time.perf_counter()

    def begin(self, group: str, case: str, threads: int) -> None:
        """Say which case begins, once the one before it is done, and how many minutes are left."""
        left = ""
        if self.done:
            minutes = self.ahead / self.done * (time.perf_counter() - self.start) / 60
            left = f", about {minutes:.0f} min left" if minutes >= 1 else ", less than a minute left"
        self.begun[group] += 1
        cases, seconds = self.plan[group]
        say(f"{group}, case {self.begun[group]} of {cases}: {case}, threads {threads}{left}")
        self.done += seconds
        self.ahead -= seconds
