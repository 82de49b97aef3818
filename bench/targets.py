"""What the project asks of itself, as a table, beside what a run measured."""

import re
from collections.abc import Callable, Iterator, Sequence
from statistics import geometric_mean
from typing import Any, NamedTuple

from bench.cases import PRODUCTS
from bench.changes import on_more_threads, threads_hurt
from bench.neighbours import VOID
from bench.record import Row, groups
from bench.report import Table, number

# GFLOP/s on two threads where times "here" were asked for: elsewhere they are in proportion
PEAK_OF_TIMES = 388.0

# What is bounded of a row, by its unit: 0 where it is unknown. Beside it comes another row, or itself.
OTHERS: dict[str, Callable[[Row], tuple[str, str, int]]] = {
    "times one thread": lambda row: (row.result, row.case, 1),
    "% more than without batch norm": lambda row: (row.result, row.case.removesuffix(" BN"), row.threads),
    "times one array": lambda row: (row.result, f"{row.case.split(',')[0]}, 100,000", row.threads),
    "times quiet": lambda row: ("quiet", row.case, row.threads),
}
VALUES: dict[str, Callable[[Row, Row], float]] = {
    "of the limit": lambda row, _: row.fraction,
    "of the limit over 50 us": lambda row, _: row.fraction if row.ours > 50 else 0,
    "of the limit below 50 us": lambda row, _: row.fraction if row.ours <= 50 else 0,
    "times the best peer": lambda row, _: row.over(),
    "times PyTorch": lambda row, _: row.over("PyTorch"),
    "times PyTorch fused": lambda row, _: row.over("PyTorch fused"),
    "of PyTorch's time": lambda row, _: 1 / row.over("PyTorch") if row.over("PyTorch") else 0,
    "times one thread": lambda row, one: one.ours / row.ours,
    "% more than without batch norm": lambda row, bare: 100 * (row.ours / bare.ours - 1),
    "times one array": lambda row, one: row.ours / one.ours,
    "times quiet": lambda row, quiet: row.ours / quiet.ours,
    **dict.fromkeys(("us", "us here", "kB", "MB", "%", "times"), lambda row, _: row.ours),
}


class Target(NamedTuple):
    """A bound, such as "at least 0.9" or "at most its limit", on rows whose `result, case, threads N` match `where`.

    It is on each of them, on the "worst" or on their geometric "mean".
    """

    group: str
    what: str
    unit: str
    bound: str
    where: str = ""
    over: str = "each"

    @property
    def at_least(self) -> bool:
        return self.bound.startswith("at least")


LARGE = "|".join(
    product.name
    for product in PRODUCTS
    if product.rows >= 64 and max(product.columns, product.depth) <= 2048
    if min(product.columns, product.depth) >= 128
)
PLAIN = "^(?!.*Adam)"
FLOAT32 = f"{PLAIN}(?!.*float64)"
MANY = f"{PLAIN}.*, ({LARGE}), threads (?!1$)"
PRODUCT_TARGETS = [
    ("of the limit", "at least 0.90", f"{PLAIN}.*, ({LARGE}), threads 1$", "worst"),
    ("of the limit over 50 us", "at least 0.88", MANY, "worst"),
    ("of the limit below 50 us", "at least 0.75", MANY, "worst"),
    ("of the limit", "at least 0.70", f"{PLAIN}.*, 32 x 64 x 20, threads", "worst"),
    ("of the limit", "at least 0.85", f"{PLAIN}.*float64", "worst"),
    ("times the best peer", "at least 1.15", FLOAT32, "mean"),
    ("times the best peer", "at least 0.97", FLOAT32, "worst"),
]

# A net on two threads: microseconds, ratio to the best peer, ratio to PyTorch with fused Adam, where they are asked for
STEPS: dict[str, tuple[float | None, float, float | None]] = {
    "20-64-2": (4, 3.5, 60),
    "54-128-128-7": (50, 1.0, 8),
    "784-256-128-10": (270, 1.0, 4),
    "784-1024-1024-10": (7700, 1.0, 1.4),
    "784-2048-2048-10": (None, 1.25, 1.25),
    "784-256-128-10 BN": (None, 2.2, 4),
    "784-1024-1024-10 BN": (None, 1.35, None),
    "37-93-51-17-3": (None, 1.0, None),
    "300-500-100-12-100-500-300": (None, 1.0, None),
    "160-160-160-160-160-160-160-160-10": (None, 1.0, None),
}
STEP_SIDES = {"us here": "at most", "times the best peer": "at least", "times PyTorch fused": "at least"}

TARGETS = [
    *(Target("products", "products", *target) for target in PRODUCT_TARGETS),
    *(Target("products_avx2", "AVX2 forced, products", *target) for target in PRODUCT_TARGETS),
    Target("few_rows", "few rows", "of the limit", "at least 0.70", over="worst"),
    Target("few_rows", "few rows", "times the best peer", "at least 1", over="worst"),
    *(
        Target("steps", "step", unit, f"{side} {asked}", f"^training, {net}, threads 2$")
        for net, of_net in STEPS.items()
        for (unit, side), asked in zip(STEP_SIDES.items(), of_net, strict=True)
        if asked is not None
    ),
    Target("steps", "step", "of the limit", "at least 0.80", "2048-2048-10, threads 2$"),
    Target("steps", "step", "% more than without batch norm", "at most 12", " BN,"),
    Target("steps", "step", "times one thread", "at least 1.85", "(1024-1024|2048-2048)-10, threads 2$"),
    Target("predict", "predict", "us here", "at most 1.5", " 20-64-2, 1 row, threads 1$"),
    Target("predict", "predict", "us here", "at most 12", " 784-256-128-10, 1 row, threads 1$"),
    Target("predict", "predict", "of the limit", "at least 0.85", "60,000 rows"),
    Target("predict", "predict", "times PyTorch", "at least 1.3", "60,000 rows"),
    Target(
        "batch_norm", "batch norm", "of the limit", "at least 0.75", "(?<!32 x 64|4 x 256), threads", "worst"
    ),
    Target("batch_norm", "batch norm", "times PyTorch", "at least 4", over="mean"),
    Target("batch_norm", "batch norm", "times PyTorch", "at least 2", over="worst"),
    Target("rules", "rules from 10^6 weights", "of the limit", "at least 0.85", ",000,000,", "worst"),
    Target("rules", "rules", "times PyTorch", "at least 4", over="mean"),
    Target("rules", "rules", "times PyTorch fused", "at least 1.3", over="mean"),
    Target("rules", "Rprop", "times PyTorch", "at least 15", "rprop", "worst"),
    Target("rules", "200 arrays of 500", "times one array", "at most 1.5", "200 x 500"),
    Target("fused", "what a fused update adds", "us", "at most its limit", "added"),
    Target("embedded", "a row from C++", "us", "at most 0.3", "predict, 20-64-2, 1 row"),
    Target("embedded", "a row from C++", "us", "at most 8", "predict, 784-256-128-10, 1 row"),
    Target("embedded", "load a file and predict", "us", "at most 1000", "start, 20-64-2"),
    Target("embedded", "size", "kB", "at most 1000", "stripped"),
    Target("memory", "peak memory", "MB", "at most its limit"),
    Target("sharing", "busy", "times quiet", "at most 6", "busy, "),
    Target("sharing", "two fits at once over in turn", "times", "at most 1.3", "two fits"),
    Target("sharing", "all threads over one", "times", "at most 1.15", "short fits"),
    Target("fashion_mnist", "accuracy", "%", "at least 89.7", "accuracy.*10 epochs"),
    Target("fashion_mnist", "time", "of PyTorch's time", "at most 0.45", "an epoch"),
]


class Measured(NamedTuple):
    """The value of a row, or of several together, beside its bound; void where other programs ran."""

    name: str
    threads: int
    value: float
    bound: float
    void: bool


def measured(target: Target, rows: Sequence[Row], scale: float) -> Iterator[Measured]:
    """The value of each row that counts and whose value and bound are known; a bound "here" is scaled."""
    known = {row.key(): row for row in rows if "fanin" in row.times}
    asked = target.bound.split()[-1]
    for row in known.values():
        other = known.get(OTHERS.get(target.unit, Row.key)(row))
        if other is None or not re.search(target.where, f"{row.result}, {row.case}, threads {row.threads}"):
            continue
        name = row.case if row.result in ("training", "predict", "step") else f"{row.result}, {row.case}"
        bound = row.limit if asked == "limit" else float(asked) * (scale if target.unit == "us here" else 1)
        if (value := VALUES[target.unit](row, other)) and bound is not None:
            yield Measured(name, row.threads, value, bound, row.disturbed or other.disturbed)


def together(found: Sequence[Measured], target: Target) -> Measured:
    """The worst of several, or their mean: void where one of them is."""
    worst = (min if target.at_least else max)(found, key=lambda one: one.value)
    value, name = worst.value, f"{worst.name}, worst of {len(found)}" if len(found) > 1 else worst.name
    if target.over == "mean":
        value, name = geometric_mean(one.value for one in found), f"geometric mean of {len(found)}"
    return worst._replace(name=name, value=value, void=any(one.void for one in found))


def line(target: Target, of: Measured) -> dict[str, object]:
    """A row of the table."""
    met = of.value >= of.bound if target.at_least else of.value <= of.bound
    return {
        "target": f"{target.what}: {of.name}",
        "threads": of.threads,
        "measured, unit": number(of.value),
        "asked, unit": f"{'at least' if target.at_least else 'at most'} {number(of.bound)}",
        "unit": target.unit,
        "verdict": VOID if of.void else "met" if met else "missed",
    }


def targets_table(run: dict[str, Any], group: str = "") -> Table:
    """All bounds on what a run measured, or those on a group."""
    rows = groups(run)
    peaks = [team["gflops"]["float32"] for team in run["machine"].get("teams", []) if team["threads"] == 2]
    scale = PEAK_OF_TIMES / peaks[0] if peaks else 1.0
    lines = []
    for target in TARGETS:
        found = list(measured(target, rows.get(target.group, []), scale))
        for threads in dict.fromkeys(one.threads for one in found if group in ("", target.group)):
            of_team = [one for one in found if one.threads == threads]
            chosen = of_team if target.over == "each" else [together(of_team, target)]
            lines += [line(target, one) for one in chosen]
    if not group and (compared := list(on_more_threads(run))):
        hurt = sum(threads_hurt(one, many) for _, one, many in compared)
        void = any(one.disturbed or many.disturbed for _, one, many in compared)
        slower = Measured(f"of {len(compared)}", compared[0][2].threads, hurt, 0, void)
        lines.append(line(Target("", "slower by 5 %", "cases", "at most 0"), slower))
    return Table(f"Targets of {group}" if group else "Targets", lines)
