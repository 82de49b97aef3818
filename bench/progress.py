"""Which case is timed, and how long the run still takes."""

from __future__ import annotations

import sys
import time


def say(sentence: str) -> None:
    """Progress and problems, apart from the tables."""
    print(sentence, file=sys.stderr, flush=True)


class Progress:
    """Learns from the cases that are done how their time relates to what their efforts promise.

    plan
        for each group, how many cases it has on how many numbers of threads, and the seconds of rounds of one
    """

    def __init__(self, plan: dict[str, tuple[int, float]]) -> None:
        self.plan = plan
        self.done: dict[str, int] = dict.fromkeys(plan, 0)
        self.spent: dict[str, float] = dict.fromkeys(plan, 0.0)
        self.began = 0.0

    def begin(self, group: str, case: str, threads: int) -> None:
        """Say so."""
        place = f"{group}, case {self.done[group] + 1} of {self.plan[group][0]}"
        say(f"{place}: {case}, threads {threads}{self.left()}")
        self.began = time.perf_counter()

    def end(self, group: str) -> None:
        """Learn from a case."""
        self.done[group] += 1
        self.spent[group] += time.perf_counter() - self.began

    def left(self) -> str:
        """Minutes, once a case is done; a group that has not begun is taken to be like the others."""
        promised = {name: self.done[name] * seconds for name, (_, seconds) in self.plan.items()}
        if not sum(promised.values()):
            return ""
        overall = sum(self.spent.values()) / sum(promised.values())
        seconds = sum(
            (cases - self.done[name])
            * each
            * (self.spent[name] / promised[name] if promised[name] else overall)
            for name, (cases, each) in self.plan.items()
        )
        return f", about {seconds / 60:.0f} min left" if seconds >= 60 else ", less than a minute left"
