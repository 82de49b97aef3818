"""How training grows: the time of a step with the weights of the net, of an epoch with its samples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.compare import Effort, Library, Timing
from bench.group import Group, Outcome
from bench.machine import Limits
from bench.net_cases import GROWING_SAMPLES, GROWING_WEIGHTS, GrowingNet
from bench.report import Table, number, time_cell
from bench.steps import LOSS_TOLERANCE, step_flops, variants
from bench.theory import step_seconds


@dataclass(frozen=True)
class Curve:
    """One way to grow: the nets, their size, and how many steps are timed as one."""

    heading: str
    size_name: str
    time_name: str
    nets: Sequence[GrowingNet]
    size: Callable[[GrowingNet], int]
    steps: Callable[[GrowingNet], int]

    def points(self, cases: list[dict[str, Any]]) -> dict[int, list[tuple[int, Timing]]]:
        """Size and microseconds of the cases that are on the curve, by threads."""
        nets = {net.name: net for net in self.nets}
        found: dict[int, list[tuple[int, Timing]]] = {}
        for case in cases:
            if case["case"] in nets and "fanin" in case["microseconds"]:
                net = nets[case["case"]]
                rounds = [self.steps(net) * microseconds for microseconds in case["microseconds"]["fanin"]]
                found.setdefault(case["threads"], []).append((self.size(net), Timing(rounds)))
        return {threads: sorted(points, key=lambda point: point[0]) for threads, points in found.items()}

    def table(self, cases: list[dict[str, Any]]) -> Table:
        """The exponent p between two neighbours, time ~ size^p: 1 where growth is linear."""
        table = Table(
            self.heading,
            [self.size_name, "threads", f"{self.time_name}, us", f"ns / {self.size_name[:-1]}", "exponent"],
        )
        for threads, points in self.points(cases).items():
            exponents = [math.nan, *(exponent(a, b) for a, b in itertools.pairwise(points))]
            for (size, timing), p in zip(points, exponents, strict=True):
                cells = [number(1e3 * timing.median / size), "" if math.isnan(p) else f"{p:.2f}"]
                table.rows.append([f"{size:,}", str(threads), time_cell(timing), *cells])
        return table

    def draw(self, axes: Any, cases: list[dict[str, Any]]) -> None:
        """Time by size on logarithmic axes, beside a line of slope 1 through the largest."""
        for threads, points in self.points(cases).items():
            sizes, times = [size for size, _ in points], [timing.median for _, timing in points]
            (line,) = axes.plot(
                sizes, times, marker="o", markersize=4, label=f"{threads} thread{'s' if threads > 1 else ''}"
            )
            straight = [times[-1] * size / sizes[-1] for size in sizes]
            axes.plot(sizes, straight, color=line.get_color(), linestyle=":", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(self.heading, fontsize=11)
        axes.set_xlabel(f"{self.size_name} (dotted: linear)", fontsize=9)
        axes.set_ylabel(f"microseconds {self.time_name}", fontsize=9)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.legend(fontsize=7, frameon=False)


def exponent(smaller: tuple[int, Timing], larger: tuple[int, Timing]) -> float:
    """Slope between two points on logarithmic axes."""
    return math.log(larger[1].median / smaller[1].median) / math.log(larger[0] / smaller[0])


CURVES = [
    Curve(
        "Growth with the weights: a step with Adam, batch 64",
        "weights",
        "a step",
        GROWING_WEIGHTS,
        lambda net: net.weights,
        lambda net: 1,
    ),
    Curve(
        "Growth with the samples: an epoch of 54-128-128-7 with Adam, batch 64",
        "samples",
        "an epoch",
        GROWING_SAMPLES,
        lambda net: net.samples,
        lambda net: net.steps,
    ),
]


class Growth:
    """Fanin alone."""

    instruction_set = ""

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Time the nets as training steps, and tell the two curves."""
        steps = Group(
            name="growth",
            libraries=[Library("fanin", "steps_fanin", variants(fit="fanin"), LOSS_TOLERANCE)],
            cases=[*GROWING_WEIGHTS, *GROWING_SAMPLES],
            results={"training": "Growth: training steps"},
            work=step_flops,
            limit=lambda net, _, limits: step_seconds(net, limits),
        )
        outcome = steps.run(limits, effort, match, say)
        curves = [curve.table(outcome.cases) for curve in CURVES]
        outcome.tables += [table for table in curves if table.rows]
        return outcome
