"""Updates inside the blocks of the weight gradient beside updates after the whole gradient has been written."""

from __future__ import annotations

from collections.abc import Callable

from bench.asked import Asked
from bench.compare import Effort, Library, Timing, Variant
from bench.group import Group, Outcome
from bench.machine import Limits
from bench.net_cases import RULES_ON_NETS, RuleOnNet
from bench.report import Table, number, time_cell
from bench.rules import DIVIDES, SLOTS
from bench.theory import FLOAT, step_phases, working_set

STEP, GRADIENTS = "step", "gradients"


class Fused:
    """Fanin alone, called from C++: all three ways take the same steps, and the first two give the same bits."""

    instruction_set = ""

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """One table of all three ways, and what a fused update adds to a step without one."""
        ways = [
            Variant("fused", "fanin", STEP),
            Variant("flat", "flat", STEP),
            Variant("none", "fanin", GRADIENTS),
        ]
        steps = Group(
            name="fused",
            libraries=[Library("fanin", "fused_fanin", ways, 0.0)],
            cases=list(RULES_ON_NETS),
            results={STEP: "", GRADIENTS: ""},
            work=lambda case: sum(phase.flops for phase in step_phases(case.net)),
            limit=fused_seconds,
        )
        outcome = steps.run(limits, effort, match, say)
        outcome.tables = [fused_table(outcome, limits)]
        return outcome


def fused_seconds(case: RuleOnNet, result: str, limits: Limits) -> float:
    """The limit of a step with that rule; without an update nothing but a gradient is written."""
    slots, divides = (SLOTS[case.rule], case.rule in DIVIDES) if result == STEP else (-0.5, False)
    return sum(phase.seconds(limits) for phase in step_phases(case.net, slots, divides))


def added_seconds(case: RuleOnNet, limits: Limits) -> float:
    """The larger of what reading and writing its slots takes, and its square roots and divisions."""
    weights = sum((inputs + 1) * units for inputs, units in case.net.layers)
    traffic = 2 * FLOAT * SLOTS[case.rule] * weights / limits.bandwidth(working_set(case.net))
    return max(traffic, weights / limits.roots if case.rule in DIVIDES else 0)


def fused_table(outcome: Outcome, limits: dict[int, Limits]) -> Table:
    """A row for each net, rule and number of threads."""
    table = Table(
        "Updates fused into the weight gradient, and flat after it",
        [
            "case",
            "threads",
            "fused, us",
            "flat, us",
            "flat / fused",
            "no update, us",
            "fused adds",
            "may add",
        ],
    )
    cases = {case.name: case for case in RULES_ON_NETS}
    found: dict[tuple[str, int], dict[str, Timing]] = {}
    for row in outcome.cases:
        ways = found.setdefault((row["case"], row["threads"]), {})
        ways.update({f"{row['result']} {way}": Timing(us) for way, us in row["microseconds"].items()})
    for (name, threads), ways in found.items():
        if len(ways) < 3:
            continue
        fused, flat, none = ways["step fanin"], ways["step flat"], ways["gradients fanin"]
        may_add = 1e6 * added_seconds(cases[name], limits[threads])
        adds = fused.median - none.median
        outcome.asked.append(Asked(f"{name}: what a fused update adds", threads, adds, may_add, "us"))
        table.rows.append(
            [
                name,
                str(threads),
                *map(time_cell, (fused, flat)),
                f"{flat.median / fused.median:.2f}x",
                time_cell(none),
                number(adds),
                number(may_add),
            ]
        )
    return table
