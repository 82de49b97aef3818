"""Plots of update rules and of races of learning rates, and the page of rules."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import optim, plot
from helpers import ROOT, inputs_for, python_prints, refuse_imports, rule_classes, rule_named

PAGE = ROOT / "docs" / "guide" / "rules.md"


def test_each_rule_has_a_path_from_the_start_and_a_line_of_errors(every_rule, tmp_path):
    rule = rule_named(every_rule)
    figure = plot.trajectories([rule, optim.SGD(0.01)] if every_rule != "sgd" else [rule], steps=30)
    paths, errors = figure.axes
    x, y = paths.lines[0].get_data()
    assert (x[0], y[0]) == plot.Bowl().start
    assert len(x) == 31
    assert paths.lines[0].get_label() == errors.lines[0].get_label() == rule.kind
    np.testing.assert_allclose(errors.lines[0].get_ydata(), plot.Bowl().error(np.stack([x, y], axis=1)))
    figure.savefig(tmp_path / "paths.png", backend="agg")
    assert (tmp_path / "paths.png").stat().st_size > 10_000


def test_a_path_is_the_path_of_the_true_weights():
    bowl = plot.Bowl((1, 4), angle=30, start=(1, 2))
    along, across = np.array([np.sqrt(3), 1]) / 2, np.array([-1, np.sqrt(3)]) / 2  # the bowl's axes
    H = 1 * np.outer(along, along) + 4 * np.outer(across, across)
    w, v, path = np.array([1.0, 2.0]), np.zeros(2), bowl.path(optim.Nesterov(0.1, 0.5), 5)
    for t in range(6):
        np.testing.assert_allclose(path[t], w, rtol=1e-12)
        assert bowl.error(w) == pytest.approx(w @ H @ w / 2, rel=1e-12)
        v = 0.5 * v - 0.1 * H @ (w + 0.5 * v)
        w = w + v


@pytest.mark.parametrize("rate", [0.2, 1e9, 1e300], ids=str)
def test_a_path_that_diverges_is_drawn_until_it_has_left(rate, tmp_path):
    figure = plot.trajectories({"too fast": optim.SGD(rate), "fine": optim.SGD(0.05)}, steps=400)
    assert len(figure.axes[0].lines[0].get_xdata()) < 20
    assert len(figure.axes[0].lines[1].get_xdata()) == 401
    figure.savefig(tmp_path / "paths.svg")


def test_rules_of_one_kind_are_distinguished_by_their_hyper_parameters():
    figure = plot.trajectories([optim.SGD(0.01), optim.SGD(0.02), optim.SGD(0.02), optim.Adam()], steps=2)
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == [
        "SGD, learning_rate 0.01",
        "SGD, learning_rate 0.02",
        "SGD, learning_rate 0.02 (3)",
        "Adam",
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((optim.SGD(),), TypeError, "rules: expected a list of update rules such as fanin.optim.Adam"),
        (([],), ValueError, "rules: expected at least one update rule, got none"),
        (
            ([0.1],),
            TypeError,
            r"rule: expected an update rule such as fanin.optim.Adam\(\), or a name, got 0.1",
        ),
        (([optim.SGD()], "bowl"), TypeError, "bowl: expected a fanin.plot.Bowl, got 'bowl'"),
    ],
    ids=str,
)
def test_what_cannot_be_plotted_gets_a_clear_message(arguments, error, message):
    with pytest.raises(error, match=message):
        plot.trajectories(*arguments)


def test_a_plot_has_at_least_one_step():
    with pytest.raises(ValueError, match="steps: expected at least 1, got 0"):
        plot.trajectories([optim.SGD()], steps=0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"curvatures": (1, 0)}, ValueError, r"curvatures\[1\]: expected a number in \(0, infinity\), got 0"),
        ({"curvatures": 1}, TypeError, "curvatures: expected two numbers, got 1"),
        ({"start": (1, 2, 3)}, TypeError, r"start: expected two numbers, got \(1, 2, 3\)"),
        ({"angle": "30"}, TypeError, "angle: expected a number, got '30'"),
    ],
    ids=str,
)
def test_an_invalid_bowl_gets_a_clear_message(options, error, message):
    with pytest.raises(error, match=message):
        plot.Bowl(**options)


def race(y, **options):
    X = np.linspace(-1, 1, 40)[:, None]
    net = fanin.Network(1, [fanin.Dense(4, "tanh"), fanin.Dense(1)])
    return fanin.find_rate(net, X, y(X), rule=optim.Adam("auto"), epochs=60, batch_size=8, **options)


def test_a_race_is_drawn_by_step_and_by_rate_with_the_choice_marked(tmp_path):
    curve = race(np.square)
    figure = plot.rates(curve)
    by_step, by_rate = figure.axes
    for line, leg in zip(by_step.lines, curve.legs, strict=True):
        assert line.get_label() == f"{leg.rate:g}"
        assert list(line.get_xdata()) == [0, *leg.steps]
        assert list(line.get_ydata()) == [curve.start, *leg.losses]
    *points, _, _, chosen = by_rate.lines
    assert [line.get_xdata()[0] for line in points] == [leg.rate for leg in curve.legs]
    assert [line.get_ydata()[0] for line in points] == [leg.score for leg in curve.legs]
    assert chosen.get_xdata()[0] == curve.rate
    assert by_step.get_yscale() == by_rate.get_yscale() == by_rate.get_xscale() == "log"
    figure.savefig(tmp_path / "rates.png", backend="agg")
    assert (tmp_path / "rates.png").stat().st_size > 10_000


def test_rates_that_are_out_are_labelled_and_do_not_stretch_the_plot(tmp_path):
    curve = race(np.square, rates=[0.01, 1e3, 1e38])
    by_step = plot.rates(curve).axes[0]
    assert [line.get_label() for line in by_step.lines] == ["0.01", "1000, out", "1e+38, out"]
    assert by_step.get_ylim()[1] <= 10 * curve.start
    by_step.figure.savefig(tmp_path / "rates.png", backend="agg")
    with pytest.raises(
        TypeError,
        match=r"shown: expected a RateCurve, the result of fanin\.find_rate, or rules or sch.*, got 1",
    ):
        plot.rates(1)


def test_schedules_are_drawn_by_step_with_what_differs_as_labels(tmp_path):
    schedules = [optim.Cosine(0.5, steps=50), optim.Cosine(0.5, steps=50, warm_up=10), optim.Adam(0.25)]
    axes = plot.rates(schedules, steps=60).axes[0]
    labels = ["Cosine, warm_up 0", "Cosine, warm_up 10", "Adam"]
    assert [line.get_label() for line in axes.lines] == labels
    for line, schedule in zip(axes.lines, [*schedules[:2], lambda t: 0.25], strict=True):
        assert list(line.get_xdata()) == list(range(1, 61))
        assert list(line.get_ydata()) == [schedule(t) for t in range(1, 61)]
    spanning = plot.rates({"mine": optim.Cosine(1.0)}, steps=10**6).axes[0]
    assert spanning.get_title(loc="left") == "mine by step"
    assert list(spanning.lines[0].get_ydata()[[0, -1]]) == [optim.Cosine(1.0)(t, 10**6) for t in (1, 10**6)]
    assert len(spanning.lines[0].get_xdata()) == 2000
    spanning.figure.savefig(tmp_path / "schedule.png", backend="agg")


@pytest.mark.parametrize(
    ("shown", "options", "error", "message"),
    [
        ([], {}, ValueError, "shown: expected at least one, got none"),
        ([0.1], {}, TypeError, "shown: expected a RateCurve, .*, got 0.1 at position 0"),
        (optim.Adam("auto"), {}, ValueError, 'as the learning rate of Adam, got "auto"'),
        (optim.Adam(), {"steps": 0}, ValueError, "steps: expected at least 1, got 0"),
    ],
    ids=str,
)
def test_what_has_no_rate_gets_a_clear_message(shown, options, error, message):
    with pytest.raises(error, match=message):
        plot.rates(shown, **options)


def test_without_matplotlib_a_message_says_how_to_install_it(monkeypatch):
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'fanin.plot: needs matplotlib, .*pip install "fanin\[plot\]"'):
        plot.trajectories([optim.SGD()])


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, fanin, fanin.plot\nprint('matplotlib' in sys.modules)"
    assert python_prints("-c", code).strip() == "False"


def rows_of_page() -> dict[str, list[str]]:
    rules = PAGE.read_text(encoding="utf-8").split("\n## ")[1]
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", rules, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_the_page_of_rules_lists_each_rule_in_the_order_of_the_core():
    assert list(rows_of_page()) == [c.__name__ for c in rule_classes().values()]


def test_the_page_of_rules_has_the_state_and_the_bytes_of_each(every_rule):
    rule = rule_named(every_rule)
    equation, state, moved, when = rows_of_page()[rule.kind]
    slots = [
        name for name, value in optim.Optimizer(rule, [np.ones(1)]).state.items() if isinstance(value, list)
    ]
    assert state == (", ".join(slots) or "-")
    second = "second_gradients" in inputs_for(rule, [np.ones(1)])
    assert int(moved) == 4 * (3 + 2 * len(slots) + second)
    assert "<-" in equation or "Adam" in equation
    assert len(when) > 10
