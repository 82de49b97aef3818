"""What the project asks of itself, beside what a run measured: the worst case of each bound."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.asked import Asked
from bench.cases import PRODUCTS, Product
from bench.record import groups
from bench.threads import pairs, threads_hurt

# Times were asked for a machine with this peak on two threads: on another they are in proportion.
PEAK_OF_TIMES = 388.0
SHAPES = {product.name: product for product in PRODUCTS}
WIDE = "784-1024-1024-10", "784-2048-2048-10"


@dataclass(frozen=True)
class Row:
    """One case of a run: medians in microseconds by column, and the limit."""

    case: str
    result: str
    threads: int
    times: dict[str, float]
    limit: float

    @property
    def ours(self) -> float:
        return self.times["fanin"]

    @property
    def fraction(self) -> float:
        return self.limit / self.ours

    def over(self, *columns: str) -> float:
        """Time of the best of these peers, of all where none is named, over ours; 0 where none was timed."""
        peers = [t for name, t in self.times.items() if name in columns or (not columns and name != "fanin")]
        return min(peers) / self.ours if peers else 0.0


Chosen = Callable[[Row], bool]


class Run:
    """The record of a run, by group."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    def rows(self, group: str, chosen: Chosen = lambda row: True) -> list[Row]:
        """The cases of a group that fanin was timed on."""
        rows = [
            Row(
                case["case"],
                case["result"],
                case["threads"],
                {name: statistics.median(rounds) for name, rounds in case["microseconds"].items()},
                case.get("limit_microseconds", 0.0),
            )
            for case in self.record.get(group, {"cases": []})["cases"]
            if "fanin" in case["microseconds"]
        ]
        return [row for row in rows if chosen(row)]

    def one(self, group: str, case: str, threads: int, result: str) -> Row | None:
        """One case, if it was timed."""
        rows = self.rows(group, lambda row: (row.case, row.threads, row.result) == (case, threads, result))
        return rows[0] if rows else None

    def scale(self) -> float:
        """How many times as long as on the machine that times were asked for."""
        teams = [team for team in self.record["machine"]["teams"] if team["threads"] == 2]
        return PEAK_OF_TIMES / teams[0]["gflops"]["float32"] if teams else 1.0


def least(
    what: str, threads: int, values: Iterable[tuple[float, Row]], asked: float, unit: str
) -> list[Asked]:
    """The worst of some cases, which must be at least so much; nothing where there are none."""
    known = [(value, row) for value, row in values if value > 0]
    if not known:
        return []
    value, row = min(known, key=lambda pair: pair[0])
    result = "" if row.result in ("training", "predict", "step") else f"{row.result} "
    where = f"{result}{row.case}" + (f", worst of {len(known)}" if len(known) > 1 else "")
    return [Asked(f"{what}: {where}", threads, value, asked, unit, at_least=True)]


def mean(what: str, threads: int, values: Iterable[float], asked: float, unit: str) -> list[Asked]:
    """The geometric mean of some cases, which must be at least so much."""
    known = [value for value in values if value > 0]
    if not known:
        return []
    name = f"{what}: geometric mean of {len(known)}"
    return [Asked(name, threads, statistics.geometric_mean(known), asked, unit, at_least=True)]


def fractions(rows: list[Row]) -> list[tuple[float, Row]]:
    return [(row.fraction, row) for row in rows]


def ratios(rows: list[Row], *columns: str) -> list[tuple[float, Row]]:
    return [(row.over(*columns), row) for row in rows]


LIMIT, TIMES = "of the limit", "times"


def product_targets(run: Run) -> Iterator[Asked]:
    """Products against the peak and against peers."""

    def large(product: Product) -> bool:
        return (
            product.rows >= 64
            and max(product.columns, product.depth) <= 2048
            and (min(product.columns, product.depth) >= 128)
        )

    for group in ("products", "products_avx2"):
        name = "AVX2 forced, products" if group == "products_avx2" else "products"
        single = [row for row in run.rows(group) if "Adam" not in row.result]
        for threads in sorted({row.threads for row in single}):
            rows = [row for row in single if row.threads == threads]
            known = [row for row in rows if row.case in SHAPES]
            big = [row for row in known if large(SHAPES[row.case])]
            if threads == 1:
                yield from least(name, threads, fractions(big), 0.90, LIMIT)
            else:
                slow = [row for row in big if row.ours > 50]
                yield from least(f"{name} over 50 us", threads, fractions(slow), 0.88, LIMIT)
                quick = [row for row in big if row.ours <= 50]
                yield from least(f"{name} below 50 us", threads, fractions(quick), 0.75, LIMIT)
            short = [row for row in known if SHAPES[row.case].rows == 32]
            yield from least(f"{name}, batch 32", threads, fractions(short), 0.70, LIMIT)
            double = [row for row in rows if "float64" in row.case]
            yield from least(f"{name}, float64", threads, fractions(double), 0.85, LIMIT)
            against = [(ratio, row) for ratio, row in ratios(known) if ratio > 0]
            yield from mean(f"{name} beside the best peer", threads, [r for r, _ in against], 1.15, TIMES)
            yield from least(f"{name} beside the best peer", threads, against, 0.97, TIMES)
    for threads in (1, 2):
        few = run.rows("few_rows", lambda row, threads=threads: row.threads == threads)  # type: ignore[misc]
        yield from least("few rows", threads, fractions(few), 0.70, LIMIT)
        yield from least("few rows beside the best peer", threads, ratios(few), 1.0, TIMES)


# net: asked microseconds, ratio to the best peer, ratio to PyTorch with fused Adam
STEPS: dict[str, tuple[float | None, float, float | None]] = {
    "20-64-2": (4, 3.5, 60),
    "54-128-128-7": (50, 1.0, 8),
    "784-256-128-10": (270, 1.0, 4),
    "784-1024-1024-10": (7700, 1.0, 1.4),
    "784-2048-2048-10": (None, 1.25, 1.25),
    "784-256-128-10 BN": (None, 2.2, 4),
    "784-1024-1024-10 BN": (None, 1.35, None),
}


def step_targets(run: Run) -> Iterator[Asked]:
    """Training steps on two threads; scaled times, ratios, what batch norm adds, threads."""
    for row in run.rows("steps", lambda row: row.threads == 2):
        microseconds, best, fused = STEPS.get(row.case, (None, 1.0, None))
        if microseconds is not None:
            scaled = microseconds * run.scale()
            yield Asked(f"step: {row.case} ({microseconds:,.0f} us there)", 2, row.ours, scaled, "us here")
        yield from least("step beside the best peer", 2, ratios([row]), best, TIMES)
        if fused is not None:
            yield from least("step beside PyTorch fused", 2, ratios([row], "PyTorch fused"), fused, TIMES)
    two = run.one("steps", WIDE[1], 2, "training")
    if two:
        yield from least("step", 2, fractions([two]), 0.80, LIMIT)
    for name in ("784-256-128-10", WIDE[0]):
        for threads in (1, 2):
            plain = run.one("steps", name, threads, "training")
            normalized = run.one("steps", f"{name} BN", threads, "training")
            if plain and normalized:
                added = 100 * (normalized.ours / plain.ours - 1)
                yield Asked(f"step: what batch norm adds to {name}", threads, added, 12, "%")
    for name in WIDE:
        one, two = (run.one("steps", name, threads, "training") for threads in (1, 2))
        if one and two:
            speedup = one.ours / two.ours
            yield Asked(f"step: {name} on two threads", 2, speedup, 1.85, "times one", at_least=True)


def predict_targets(run: Run) -> Iterator[Asked]:
    """Prediction from Python."""
    for name, microseconds in (("20-64-2, 1 row", 1.5), ("784-256-128-10, 1 row", 12.0)):
        row = run.one("predict", name, 1, "predict")
        if row:
            yield Asked(f"predict: {name}", 1, row.ours, microseconds * run.scale(), "us here")
    for threads in (1, 2):
        row = run.one("predict", "784-256-128-10, 60,000 rows", threads, "predict")
        if row:
            yield from least("predict", threads, fractions([row]), 0.85, LIMIT)
            yield from least("predict beside PyTorch", threads, ratios([row], "PyTorch"), 1.3, TIMES)


def batch_norm_targets(run: Run) -> Iterator[Asked]:
    """Batch norm on arrays."""
    small = ("32 x 64", "64 x 256")
    for threads in (1, 2):
        rows = [row for row in run.rows("batch_norm") if row.threads == threads]
        yield from least(
            "batch norm", threads, fractions([row for row in rows if row.case not in small]), 0.75, LIMIT
        )
        against = ratios(rows, "PyTorch")
        yield from mean("batch norm beside PyTorch", threads, [ratio for ratio, _ in against], 4, TIMES)
        yield from least("batch norm beside PyTorch", threads, against, 2, TIMES)


def rule_targets(run: Run) -> Iterator[Asked]:
    """Update rules on arrays."""
    for threads in (1, 2):
        rows = [row for row in run.rows("rules") if row.threads == threads]
        large = [row for row in rows if weights_of(row.case) >= 10**6]
        yield from least("rules from 10^6 weights", threads, fractions(large), 0.85, LIMIT)
        default, fused = ratios(rows, "PyTorch"), ratios(rows, "PyTorch fused")
        yield from mean("rules beside PyTorch", threads, [ratio for ratio, _ in default], 4, TIMES)
        yield from mean("rules beside PyTorch fused", threads, [ratio for ratio, _ in fused], 1.3, TIMES)
        rprop = [(ratio, row) for ratio, row in default if row.case.startswith("rprop")]
        yield from least("Rprop beside PyTorch", threads, rprop, 15, TIMES)
        for row in rows:
            rule, _, size = row.case.partition(", ")
            one = run.one("rules", f"{rule}, 100,000", threads, row.result)
            if size == "200 x 500" and one:
                ratio = row.ours / one.ours
                yield Asked(f"rules: {rule}, 200 arrays of 500 over one of 10^5", threads, ratio, 1.5, TIMES)


def weights_of(name: str) -> int:
    """The weights of `rule, size` or `rule, arrays x size`."""
    product = 1
    for factor in name.partition(", ")[2].split(" x "):
        product *= int(factor.replace(",", ""))
    return product


def thread_targets(run: Run) -> Iterator[Asked]:
    """How many cases more threads slow down."""
    found = [
        threads_hurt(one, many)
        for name, group in groups(run.record).items()
        for *_, one, many in pairs(group["cases"])
    ]
    if found:
        yield Asked(f"cases of {len(found)} that two threads slow down by 5 %", 2, sum(found), 0, "cases")


def targets(record: dict[str, Any]) -> list[Asked]:
    """All bounds on what a run measured, and those that its groups have told themselves."""
    run = Run(record)
    asked = [
        *product_targets(run),
        *step_targets(run),
        *predict_targets(run),
        *batch_norm_targets(run),
        *rule_targets(run),
        *thread_targets(run),
    ]
    for name, group in groups(record).items():
        for row in group.get("asked", []):
            values = {key: value for key, value in row.items() if key != "met"}
            asked.append(Asked(**{**values, "what": f"{name}: {row['what']}"}))
    return asked
