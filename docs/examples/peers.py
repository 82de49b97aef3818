"""
Time of a step, and of a prediction
===================================

``python -m bench --group steps`` and ``--group predict`` time fanin and other libraries in the same run, each with the
same nets, samples and starting weights; their losses and outputs must agree before a time counts. A stored run on two
threads is drawn here: microseconds of a training step with Adam, and of predicting some rows, on logarithmic axes.
PyTorch runs its fused Adam, JAX a whole epoch as one compiled scan.
"""

from __future__ import annotations

import json
from statistics import median
from typing import Any

from common import COLOURS, GREY, ROOT, main, panels, table

RUN = ROOT / "bench" / "runs" / "steps.json"
LIBRARIES = {  # and their columns in the run
    "fanin": ("fanin",),
    "JAX": ("JAX scan", "JAX"),
    "PyTorch": ("PyTorch fused", "PyTorch"),
    "ONNX Runtime": ("ONNX Runtime",),
    "scikit-learn": ("scikit-learn",),
    "mlpack": ("mlpack",),
}
TITLES = {"training": "A training step with Adam", "predict": "A prediction"}


def run(threads: int = 2) -> dict[str, dict[str, dict[str, float]]]:
    """Return the median microseconds of each library for each case, by what is timed."""
    result: dict[str, dict[str, dict[str, float]]] = {what: {} for what in TITLES}
    stored = json.loads(RUN.read_text(encoding="utf-8"))
    for case in [*stored["steps"]["cases"], *stored["predict"]["cases"]]:
        if case["threads"] == threads:
            times = {column: median(rounds) for column, rounds in case["microseconds"].items()}
            result[case["result"]][case["case"]] = {
                library: times[column]
                for library, columns in LIBRARIES.items()
                for column in columns
                if column in times
            }
    return result


def show(result: dict[str, dict[str, dict[str, float]]]) -> None:
    for what, cases in result.items():
        names = [name for name in LIBRARIES if any(name in times for times in cases.values())]
        rows = ([case, *(times.get(name, "-") for name in names)] for case, times in cases.items())
        table([f"{TITLES[what]}, us", *names], rows)


def draw(result: dict[str, dict[str, dict[str, float]]]) -> Any:
    figure, both = panels(*TITLES.values(), height=4.2)
    for axes, cases in zip(both, result.values(), strict=True):
        for i, (name, colour) in enumerate(zip(LIBRARIES, COLOURS, strict=True)):
            places = [(times[name], -k) for k, times in enumerate(cases.values()) if name in times]
            if places:
                marker = {"marker": "D", "s": 60} if i == 0 else {"marker": "o", "s": 36}
                axes.scatter(*zip(*places, strict=True), color=colour, label=name, zorder=3, **marker)
        axes.set_xscale("log")
        axes.set_yticks([-k for k in range(len(cases))], list(cases))
        axes.grid(axis="x", color=GREY, alpha=0.2, linewidth=0.6)
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.set_xlabel("microseconds", color=GREY, fontsize=9)
    handles: dict[str, Any] = {}
    for axes in both:
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# Small nets show what a call costs: fanin runs a step of 20-64-2 in 10 microseconds, and predicts a row from Python in
# 2. A step of 784-256-128-10 is half arithmetic; there fanin is twice as fast as the next.
