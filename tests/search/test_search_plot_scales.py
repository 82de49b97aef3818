"""Pictures of a search draw each parameter on the scale that it was drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import plot, search
from imagined_searches import SPACE, lines_of, of_trials, searched


@pytest.fixture
def result():
    return searched()


def ticks_of(result, name):
    axes = plot.scores(result, name).axes[0]
    return [text.get_text() for text in axes.get_xticklabels()]


def test_momentum_is_drawn_by_its_distance_from_one_and_labelled_as_it_is(result):
    axes = plot.scores(result, "momentum").axes[0]
    assert axes.get_xscale() == "log"
    assert axes.xaxis_inverted()
    best = lines_of(axes, "best")[0].get_xdata()[0]
    assert best == pytest.approx(1 - result.best.params["momentum"])
    labels = ticks_of(result, "momentum")
    assert {"0.9", "0.99"} <= set(labels)
    np.testing.assert_allclose(1 - axes.get_xticks(), [float(label) for label in labels])


def test_choices_are_evenly_spaced_numbers_among_them_in_order(result):
    assert ticks_of(result, "batch_size") == ["32", "64", "128"]
    assert ticks_of(result, "activation") == ["tanh", "relu"]
    assert list(plot.scores(result, "batch_size").axes[0].get_xticks()) == [0, 1, 2]


def test_a_zero_among_logarithmic_values_has_a_place_below_them(result):
    axes = plot.scores(result, "decay").axes[0]
    lowest = min(trial.params["decay"] for trial in result.trials if trial.params["decay"])
    assert axes.get_xscale() == "log"
    assert ticks_of(result, "decay")[0] == "0"
    assert axes.get_xticks()[0] < lowest
    values = np.concatenate([line.get_xdata() for line in axes.lines if "epoch" in line.get_label()])
    zeros = sum(trial.params["decay"] == 0 for trial in result.trials[2:])
    assert np.sum(values == axes.get_xticks()[0]) == zeros > 0


def test_a_few_tuples_are_categories_and_many_are_drawn_by_their_total():
    few = searched({"sizes": [(64, 32), (16,), (8, 8)]}, trials=3)
    few.trials[2].outcomes[0].score = 0.9
    assert ticks_of(few, "sizes") == ["(16,)", "(8, 8)", "(64, 32)"]
    many = searched({"sizes": SPACE["sizes"]})
    axes = plot.scores(many, "sizes").axes[0]
    assert axes.get_xlabel() == "sizes: total"
    assert lines_of(axes, "best")[0].get_xdata()[0] == sum(many.best.params["sizes"])


@pytest.mark.parametrize(
    ("entry", "values"),
    [(search.IntUniform(1, 1000, log=True), [1, 1000]), (search.LogUniform(0.04, 0.06), [0.041, 0.059])],
    ids=repr,
)
def test_a_narrow_or_wide_range_has_at_least_two_ticks_between_its_ends(entry, values):
    result = searched({"n": entry})
    for trial in result.trials:
        trial.params = {"n": values[trial.number % 2]}
    axes = plot.scores(result, "n").axes[0]
    ticks = axes.get_xticks()
    assert axes.get_xscale() == "log"
    assert 2 <= len(ticks) <= 7
    assert 0.85 * values[0] <= ticks[0] < ticks[-1] <= 1.15 * values[1]


@pytest.mark.parametrize("value", [0.1, "a", (3, 4), None], ids=repr)
def test_a_parameter_that_never_changes_is_drawn(value, tmp_path):
    result = searched({"n": [value], "rate": search.Uniform(0, 1)})
    plot.scores(result, "n").savefig(tmp_path / "scores.png")
    heights = {line.get_ydata()[0] for line in of_trials(plot.parallel_coordinates(result).axes[0])}
    assert heights == {0.5}


def test_points_of_a_grid_are_drawn_on_the_scales_of_its_space():
    result = searched({"rate": search.LogUniform(1e-4, 1e-1), "units": [8, 16]})
    result.space = search.Grid(result.space)
    assert plot.scores(result, "rate").axes[0].get_xscale() == "log"


def test_scipys_log_uniform_distribution_is_drawn_on_a_log_scale():
    stats = pytest.importorskip("scipy.stats")
    result = searched({"rate": stats.loguniform(1e-4, 1e-1), "dropout": stats.uniform(0, 0.5)})
    scales = {name: plot.scores(result, name).axes[0].get_xscale() for name in ("rate", "dropout")}
    assert scales == {"rate": "log", "dropout": "linear"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("rate", "default"), ("dropout", "default"), ("sizes", "default"), ("activation", "default")],
)
def test_a_parameter_that_early_trials_leave_at_its_default_has_a_place_for_it(result, name, text):
    for trial in result.trials[:9]:
        del trial.params[name]
    axes = plot.scores(result, name).axes[0]
    place = dict(zip(ticks_of(result, name), axes.get_xticks(), strict=True))[text]
    values = np.concatenate([line.get_xdata() for line in axes.lines if "epoch" in line.get_label()])
    assert np.sum(np.abs(values - place) < 0.2 * abs(place)) == 7  # two of the nine failed
    heights = [line.get_ydata() for line in of_trials(plot.parallel_coordinates(result).axes[0])]
    assert np.isfinite(heights).all()
