"""Peak memory of training beside what it has to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from bench.asked import Asked, asked_table
from bench.compare import Effort
from bench.group import Outcome
from bench.machine import Limits
from bench.net_cases import MEMORY, MemoryCase
from bench.pool import WorkerError, WorkerProcess

MEGABYTE = 1e6
ALLOWED_MORE = 20 * MEGABYTE
FLOAT = 4
ADAM_SLOTS = 2


def held_bytes(case: MemoryCase) -> float:
    """Parameters with the rule's slots, a batch's activations and their gradients both ways, and the best weights."""
    net = case.net
    hidden = sum(net.sizes[1:-1]) if net.batch_norm else 0
    parameters = sum((inputs + 1) * units for inputs, units in net.layers) + hidden
    copies = 1 + ADAM_SLOTS + (1 if case.best_weights else 0)
    return FLOAT * (copies * parameters + 3 * net.batch * sum(net.sizes))


class Memory:
    """Fanin alone, in a process of its own for each case, so that no peak hides another."""

    instruction_set = ""

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Megabytes of resident memory that `fit` adds at its peak to a process that has the data."""
        outcome = Outcome("MB")
        for case in MEMORY:
            for threads in limits if match in case.name else ():
                say(f"memory: {case.name}, threads {threads}")
                worker = WorkerProcess("memory_fanin", threads, {})
                try:
                    worker.greet()
                    outcome.versions["fanin"] = worker.version
                    peak = worker.ask("peak", asdict(case)) / MEGABYTE
                except WorkerError as error:
                    outcome.problems.append(f"memory, {case.name}, threads {threads}: {error}")
                else:
                    asked = (held_bytes(case) + ALLOWED_MORE) / MEGABYTE
                    outcome.asked.append(Asked(case.name, threads, peak, asked, "MB"))
                finally:
                    worker.close()
        heading = "Peak memory of training with Adam, beside what it has to hold and 20 MB"
        outcome.tables = [asked_table(heading, outcome.asked)]
        return outcome
