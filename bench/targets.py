"""What the project asks of itself, as a table, beside what a run measured."""

import re
from collections.abc import Callable, Iterator, Sequence
from statistics import geometric_mean, median
from typing import Any, NamedTuple

from bench.cases import PRODUCTS
from bench.changes import on_more_threads, threads_hurt
from bench.neighbours import VOID
from bench.report import Row, Table, groups, number

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
    "times scikit-learn": lambda row, _: row.over("scikit-learn"),
    "times PyTorch": lambda row, _: row.over("PyTorch"),
    "times PyTorch fused": lambda row, _: row.over("PyTorch fused"),
    "of PyTorch's time": lambda row, _: 1 / row.over("PyTorch") if row.over("PyTorch") else 0,
    "times one thread": lambda row, one: one.ours / row.ours,
    "% more than without batch norm": lambda row, bare: 100 * (row.ours / bare.ours - 1),
    **dict.fromkeys(("times one array", "times quiet"), lambda row, other: row.ours / other.ours),
    "us from C++": lambda row, _: median(row.times.get("fanin in C++", [0])),
    **dict.fromkeys(("us", "us here", "s", "kB", "MB", "%", "times", "1e-9"), lambda row, _: row.ours),
}


LARGE = "|".join(
    product.name
    for product in PRODUCTS
    if product.rows >= 64 and product.columns >= 128 and product.depth >= 128
    if product.columns <= 2048 and product.depth <= 2048
)
PLAIN = "^(?!.*Adam)"
FLOAT32 = f"{PLAIN}(?!.*float64)"
MANY = f"{PLAIN}.*, ({LARGE}), threads (?!1$)"
PRODUCT_TARGETS = [
    ("at least 0.90 of the limit at worst", f"{PLAIN}.*, ({LARGE}), threads 1$"),
    ("at least 0.88 of the limit over 50 us at worst", MANY),
    ("at least 0.75 of the limit below 50 us at worst", MANY),
    ("at least 0.70 of the limit at worst", f"{PLAIN}.*, 32 x 64 x 20, threads"),
    ("at least 0.85 of the limit at worst", f"{PLAIN}.*float64"),
    ("at least 1.15 times the best peer in the mean, at least 0.97 times the best peer at worst", FLOAT32),
]
# nets on two threads
STEPS = {
    "20-64-2": "at most 4 us here, at least 3.5 times the best peer, at least 60 times PyTorch fused",
    "54-128-128-7": "at most 50 us here, at least 1 times the best peer, at least 8 times PyTorch fused",
    "784-256-128-10": "at most 270 us here, at least 1 times the best peer, at least 4 times PyTorch fused",
    "784-1024-1024-10": "at most 7700 us here, at least 1 times the best peer, at least 1.4 times PyTorch fused",
    "784-2048-2048-10": "at least 1.25 times the best peer, at least 1.25 times PyTorch fused",
    "784-256-128-10 BN": "at least 2.2 times the best peer, at least 4 times PyTorch fused",
    "784-1024-1024-10 BN": "at least 1.35 times the best peer",
    "37-93-51-17-3": "at least 1 times the best peer",
    "300-500-100-12-100-500-300": "at least 1 times the best peer",
    "160-160-160-160-160-160-160-160-10": "at least 1 times the best peer",
}

# data of a fit of MLPClassifier, its type, and how many times as fast on one thread, and on two
FITS = [
    ("digits", "float32", 5.5, 9),
    ("digits", "float64", 3, 5),
    ("breast cancer", "float32", 7, 9),
    ("breast cancer", "float64", 5, 7),
    ("20-64-2", "float32", 30),
    ("20-64-2", "float64", 17),
    ("784-256-128-10", "float32", 3),
]

# Group, what is bounded, bounds, and a pattern in `result, case, threads N` of the rows that count
TARGETS = [
    *(("products", "products", *target) for target in PRODUCT_TARGETS),
    *(("products_avx2", "AVX2 forced, products", *target) for target in PRODUCT_TARGETS),
    (
        "few_rows",
        "few rows",
        "at least 0.70 of the limit at worst, at least 1 times the best peer at worst",
        "",
    ),
    *(("steps", "step", bounds, f"^training, {net}, threads 2$") for net, bounds in STEPS.items()),
    ("steps", "step", "at least 0.80 of the limit", "2048-2048-10, threads 2$"),
    ("steps", "step", "at most 12 % more than without batch norm", " BN,"),
    ("steps", "step", "at least 1.85 times one thread", "(1024-1024|2048-2048)-10, threads 2$"),
    *(
        ("codes", "steps on codes", f"at least {times} times the best peer", f"^step, {n} numbers")
        for n, times in ((8, 1.8), (20, 2.7), (50, 4))
    ),
    ("codes", "the layer of codes", "at least 6 times the best peer", "^layer"),
    ("online", "online", "at least 1 times the best peer", ""),
    ("predict", "predict", "at most 1.5 us here", " 20-64-2, 1 row, threads 1$"),
    ("predict", "predict", "at most 12 us here", " 784-256-128-10, 1 row, threads 1$"),
    ("predict", "predict", "at least 0.85 of the limit, at least 1.3 times PyTorch", "60,000 rows"),
    ("batch_norm", "batch norm", "at least 0.75 of the limit at worst", "(?<!32 x 64|4 x 256), threads"),
    (
        "batch_norm",
        "batch norm",
        "at least 4 times PyTorch in the mean, at least 2 times PyTorch at worst",
        "",
    ),
    ("rules", "rules from 10^6 weights", "at least 0.85 of the limit at worst", ",000,000,"),
    (
        "rules",
        "rules",
        "at least 4 times PyTorch in the mean, at least 1.3 times PyTorch fused in the mean",
        "",
    ),
    ("rules", "Rprop", "at least 15 times PyTorch at worst", "rprop"),
    ("rules", "200 arrays of 500", "at most 1.5 times one array", "200 x 500"),
    ("fused", "what a fused update adds", "at most its limit in us", "added"),
    ("embedded", "a row from C++", "at most 0.3 us", "predict, 20-64-2, 1 row"),
    ("embedded", "a row from C++", "at most 8 us", "predict, 784-256-128-10, 1 row"),
    ("embedded", "load a file and predict", "at most 1000 us", "start, 20-64-2"),
    ("embedded", "size", "at most 1000 kB", "stripped"),
    *(
        (
            "sklearn",
            "fit",
            f"at least {times} times the best peer",
            f"^fit, {net}.*{dtype}, threads {threads}$",
        )
        for net, dtype, *of_threads in FITS
        for threads, times in enumerate(of_threads, 1)
    ),
    ("sklearn", "predict, a row", "at most 10 us", "^a row, digits.*, threads 1$"),
    ("sklearn", "a search on two processors over one", "at least 1.6 times", "^search"),
    ("memory", "peak memory", "at most its limit in MB", ""),
    ("sharing", "busy", "at most 6 times quiet", "busy, "),
    ("sharing", "two fits at once over in turn", "at most 1.3 times", "two fits"),
    ("sharing", "all threads over one", "at most 1.15 times", "short fits"),
    ("fashion_mnist", "accuracy", "at least 89.7 %", "accuracy.*10 epochs"),
    (
        "tables",
        "tables",
        "at most 96.5 % in the mean, at most 100 % at worst",
        "^relative error",
    ),
    ("tables", "tables", "at most 5 s at worst", "^fit"),
    ("curvature", "product", "at most 2.2 times", "^Hessian.*over gradient(?!.* 600,000)"),
    ("curvature", "product", "at most 1.5 times", "^Gauss.*over gradient(?!.* 600,000)"),
    ("curvature", "product, nothing kept", "at most 2.9 times", "^Hessian.*over gradient.* 600,000"),
    ("curvature", "product, nothing kept", "at most 1.9 times", "^Gauss.*over gradient.* 600,000"),
    ("curvature", "L-BFGS", "at most 1.1 times", "^evaluations over SciPy"),
    ("curvature", "L-BFGS", "at least 3 times scikit-learn", "^L-BFGS, .*(digits|breast)"),
    ("curvature", "L-BFGS", "at least 1.3 times scikit-learn", "^L-BFGS, .*Fashion"),
    ("curvature", "LM", "at most 0.1 s", "^Levenberg.*sinc, 300 "),
    ("curvature", "LM", "at most 100 1e-9", "^squared error.*sinc, 300 "),
    ("curvature", "LM", "at most 2 s", "^Levenberg.*sinc, 20,000 "),
    ("curvature", "LM", "at most 300 1e-9", "^squared error.*sinc, 20,000 "),
    ("curvature", "advice", "at most 105 % at worst", "^over the better road"),
    ("search", "population", "at least 1.9 times", "^population.*threads 2$"),
    ("search", "random search", "at least 30 times scikit-learn", "^random search.*threads 2$"),
    ("search", "tuning", "at most 100 %", "^test error over"),
    ("doctor", "faults", "at least 95 %", "^recall, recall: all faults,"),
    ("doctor", "good runs", "at most 2 %", "^false alarms, recall: all faults,"),
    ("doctor", "watching", "at most 1.03 times", "^watching"),
    ("sparse", "rows met", "at least 0.60 of the limit", "^sparse step"),
    ("sparse", "step", "at least 3 times PyTorch", "^sparse step.*adam,"),
    ("sparse", "texts", "at most 5 s", "^hash and fit"),
    ("recurrent", "sequences", "at least 2 times the best peer", "^training.* 32-128-1, 100 rows, threads"),
    ("recurrent", "sequences", "at least 3 times the best peer", "^training.* 32-32-1, 100 rows, threads"),
    ("recurrent", "ragged", "at most 1.05 times", "^ragged"),
    ("recurrent", "stream", "at most 0.6 us from C++, at most 2.5 us", "1-32-1, threads 1$"),
    ("recurrent", "stream", "at most 2 us from C++, at most 2.5 us", "1-64-1, threads 1$"),
    ("fashion_mnist", "time", "at most 0.45 of PyTorch's time", "an epoch"),
]
BOUND = re.compile(r"(at least|at most) (its limit in|\S+) (.+?)(?: (at worst|in the mean))?(?:, |$)")


class Measured(NamedTuple):
    """The value of a row, or of several together, beside its bound; void where other programs ran."""

    name: str
    threads: int
    value: float
    bound: float
    void: bool


def measured(asked: str, unit: str, where: str, rows: Sequence[Row], here: float) -> Iterator[Measured]:
    """The value of each row that counts and whose value and bound are known."""
    known = {row.key(): row for row in rows if "fanin" in row.times}
    for row in known.values():
        other = known.get(OTHERS.get(unit, Row.key)(row))
        if other is None or not re.search(where, f"{row.result}, {row.case}, threads {row.threads}"):
            continue
        name = row.case if row.result in ("training", "predict", "step") else f"{row.result}, {row.case}"
        bound = row.limit if asked == "its limit in" else float(asked) * (here if unit == "us here" else 1)
        if (value := VALUES[unit](row, other)) and bound is not None:
            yield Measured(name, row.threads, value, bound, row.disturbed or other.disturbed)


def together(found: Sequence[Measured], side: str, over: str) -> Measured:
    """The worst of several, or their mean: void where one of them is."""
    worst = (min if side == "at least" else max)(found, key=lambda one: one.value)
    value, name = worst.value, f"{worst.name}, worst of {len(found)}" if len(found) > 1 else worst.name
    if over == "in the mean":
        value, name = geometric_mean(one.value for one in found), f"geometric mean of {len(found)}"
    return worst._replace(name=name, value=value, void=any(one.void for one in found))


def line(what: str, of: Measured, side: str, unit: str) -> dict[str, object]:
    met = of.value >= of.bound if side == "at least" else of.value <= of.bound
    return {
        "target": f"{what}: {of.name}",
        "threads": of.threads,
        "measured, unit": number(of.value),
        "asked, unit": f"{side} {number(of.bound)}",
        "unit": unit,
        "verdict": VOID if of.void else "met" if met else "missed",
    }


def targets_table(run: dict[str, Any], group: str = "") -> Table:
    """All bounds on what a run measured, or those on a group."""
    peaks = [team["gflops"]["float32"] for team in run["machine"].get("teams", []) if team["threads"] == 2]
    here = PEAK_OF_TIMES / peaks[0] if peaks else 1.0
    rows, lines = groups(run), []
    for of_group, what, bounds, where in TARGETS:
        for side, asked, unit, over in BOUND.findall(bounds) if group in ("", of_group) else ():
            found = list(measured(asked, unit, where, rows.get(of_group, []), here))
            for threads in dict.fromkeys(one.threads for one in found):
                of_team = [one for one in found if one.threads == threads]
                chosen = [together(of_team, side, over)] if over else of_team
                lines += [line(what, one, side, unit) for one in chosen]
    if not group and (compared := list(on_more_threads(run))):
        hurt = sum(threads_hurt(one, many) for _, one, many in compared)
        void = any(one.disturbed or many.disturbed for _, one, many in compared)
        slower = Measured(f"of {len(compared)}", compared[0][2].threads, hurt, 0, void)
        lines.append(line("slower by 5 %", slower, "at most", "cases"))
    return Table(f"Targets of {group}" if group else "Targets", lines)
