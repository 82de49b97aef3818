"""Pictures of a search show each trial, with the best, its ties and the failures marked."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import plot, search
from helpers import refuse_imports
from imagined_searches import SPACE, lines_of, of_trials, searched


@pytest.fixture
def result():
    return searched()


def brightness(line):
    return np.dot(line.get_color()[:3], [0.299, 0.587, 0.114])


@pytest.mark.parametrize(
    "draw", [plot.parallel_coordinates, plot.rungs, lambda result: plot.scores(result, "rate")]
)
def test_a_picture_of_a_search_can_be_saved(result, draw, tmp_path):
    draw(result).savefig(tmp_path / "search.png", backend="agg")
    assert (tmp_path / "search.png").stat().st_size > 10_000


def test_parallel_coordinates_have_an_axis_for_each_parameter_and_a_line_for_each_trial(result):
    axes = plot.parallel_coordinates(result).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert {"rate", "momentum", "sizes: total", "batch_size", "decay", "activation", "score"} <= set(texts)
    lines = of_trials(axes)
    assert len(lines) == len(result.trials)
    assert all(list(line.get_xdata()) == list(range(len(SPACE) + 1)) for line in lines)
    assert all(0 <= y <= 1 for line in lines for y in line.get_ydata()[:-1])
    assert len(lines_of(axes, "failed")) == 2
    assert "failed" in texts


def test_the_better_a_trial_the_darker_its_line_and_the_best_is_drawn_last_and_in_bold(result):
    lines = of_trials(plot.parallel_coordinates(result).axes[0])[2:]
    assert np.all(np.diff([brightness(line) for line in lines]) < 0)
    assert lines[-1].get_label() == "best"
    assert lines[-1].get_zorder() == max(line.get_zorder() for line in lines)
    widths = {line.get_label(): line.get_linewidth() for line in lines}
    assert widths["best"] > widths["trained to the last rung"] > widths["stopped earlier"]
    assert (
        lines[0].get_linewidth() < lines[-4].get_linewidth()
    )  # stopped at the first rung, and at the second


def test_lines_rise_with_the_values_on_scales_that_are_even_in_their_logarithms(result):
    axes, names = plot.parallel_coordinates(result).axes[0], list(SPACE)
    drawn = [*result.trials[:2], *sorted(result.trials[2:], key=lambda trial: trial.outcomes[-1].score)]
    heights = np.array([line.get_ydata() for line in of_trials(axes)])
    for name, expected in (
        ("rate", np.log10),
        ("momentum", lambda beta: -np.log10(1 - beta)),
        ("dropout", lambda share: share),
        ("sizes", lambda sizes: sum(sizes)),
    ):
        values = [float(expected(trial.params[name])) for trial in drawn]
        assert np.corrcoef(values, heights[:, names.index(name)])[0, 1] == pytest.approx(1)
    for name, order in (("batch_size", [32, 64, 128]), ("activation", ["tanh", "relu"])):
        places = {
            trial.params[name]: y for trial, y in zip(drawn, heights[:, names.index(name)], strict=True)
        }
        assert [places[value] for value in order] == pytest.approx(np.linspace(0, 1, len(order)))


def test_scores_are_drawn_by_a_rate_on_a_log_scale_with_a_marker_for_each_rung(result):
    axes = plot.scores(result, "rate").axes[0]
    assert (axes.get_xscale(), axes.get_xlabel(), axes.get_ylabel()) == ("log", "rate", "score")
    by_rung = [line for line in axes.lines if "epoch" in line.get_label()]
    assert [line.get_label() for line in by_rung] == [
        "1 epoch: 8 trials",
        "3 epochs: 14 trials",
        "9 epochs: 3 trials",
    ]
    assert len({line.get_marker() for line in by_rung}) == len({line.get_color() for line in by_rung}) == 3
    last = [(trial.params["rate"], trial.outcomes[-1].score) for trial in result.trials[-3:]]
    assert sorted(zip(*by_rung[-1].get_data(), strict=True)) == sorted(last)


def test_the_best_its_ties_and_failures_are_marked_in_a_picture_of_scores(result):
    axes = plot.scores(result, "rate").axes[0]
    for label, trial in (("best", result.trials[-1]), ("tied with the best", result.trials[-2])):
        (ring,) = lines_of(axes, label)
        assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (trial.params["rate"], trial.outcomes[-1].score)
        assert ring.get_color() == "none"
    (failures,) = lines_of(axes, "2 failed")
    assert list(failures.get_xdata()) == [trial.params["rate"] for trial in result.trials[:2]]
    assert max(failures.get_ydata()) < min(trial.outcomes[-1].score for trial in result.trials[2:])
    assert axes.get_ylim()[0] < min(failures.get_ydata())


def test_a_search_without_ties_and_failures_has_no_marks_for_them():
    result = searched({"rate": search.LogUniform(1e-4, 1e-1)})
    result.trials, result.ties = result.trials[2:], ()
    labels = {line.get_label() for line in plot.scores(result, "rate").axes[0].lines}
    assert {"best"} == {label for label in labels if "epoch" not in label}
    assert not lines_of(plot.parallel_coordinates(result).axes[0], "failed")


def test_scores_far_below_the_others_do_not_stretch_a_picture(result):
    result.trials[2].outcomes[0].score = -1e9
    for figure in (plot.scores(result, "rate"), plot.rungs(result)):
        low, high = figure.axes[0].get_ylim()
        assert high - low < 1
    lines = of_trials(plot.parallel_coordinates(result).axes[0])
    assert min(y for line in lines[2:] for y in line.get_ydata()) >= 0


def test_steps_of_a_pipeline_are_left_out_of_labels_unless_names_need_them():
    for names, labels in (
        (("mlp__rate", "scaler__copy"), {"rate", "copy"}),
        (("a__rate", "b__rate"), {"a__rate", "b__rate"}),
    ):
        result = searched(dict.fromkeys(names, search.Uniform(0, 1)))
        texts = {text.get_text() for text in plot.parallel_coordinates(result).axes[0].texts}
        assert labels <= texts


def test_rungs_have_a_line_for_each_trial_and_the_number_of_trials_at_each(result):
    axes = plot.rungs(result).axes[0]
    assert axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "1\n27 trials",
        "3\n18 trials",
        "9\n3 trials",
    ]
    lines = of_trials(axes)
    assert len(lines) == len(result.trials)
    assert list(lines[-1].get_xdata()) == [outcome.epochs for outcome in result.best.outcomes]
    assert list(lines[-1].get_ydata()) == [outcome.score for outcome in result.best.outcomes]
    (failures,) = lines_of(axes, "2 failed")
    assert list(failures.get_xdata()) == [1, 3]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["best", "trained to the last rung", "stopped earlier", "2 failed"]


def test_importance_is_drawn_beside_ngs_tiers_the_largest_share_first(result, tmp_path):
    result.importance = {"momentum": 0.07, "rate": 0.6, "activation": 0.0, "dropout": 0.2}
    figure = plot.importance(result)
    bars, ranking = figure.axes
    assert [text.get_text() for text in bars.get_yticklabels()] == [
        "rate",
        "dropout",
        "momentum",
        "activation",
    ]
    assert [bar.get_width() for bar in bars.patches] == [0.6, 0.2, 0.07, 0.0]
    assert [text.get_text().strip() for text in bars.texts] == ["60%", "20%", "7%", "0%"]
    assert list(ranking.lines[0].get_xdata()) == [1, 3, 2, 3]
    assert bars.get_ylim() == ranking.get_ylim() == (3.5, -0.5)
    figure.savefig(tmp_path / "importance.png", backend="agg")
    assert (tmp_path / "importance.png").stat().st_size > 5_000


PICTURES = {
    "parallel_coordinates": plot.parallel_coordinates,
    "scores": lambda result: plot.scores(result, "rate"),
    "rungs": plot.rungs,
    "importance": plot.importance,
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_search_without_a_finished_trial_cannot_be_drawn(name, result):
    result.trials = result.trials[:2]
    with pytest.raises(ValueError, match="result: expected at least one finished trial, got 2 that failed"):
        PICTURES[name](result)


@pytest.mark.parametrize("name", PICTURES)
def test_anything_but_the_result_of_a_search_is_rejected(name):
    with pytest.raises(TypeError, match="result: expected the result of a search, got 1"):
        PICTURES[name](1)


def test_an_unknown_parameter_is_rejected_with_the_names_there_are():
    result = searched({"rate": search.Uniform(0, 1), "units": [8, 16]})
    with pytest.raises(ValueError, match="name: expected one of rate, units, got 'rat'"):
        plot.scores(result, "rat")


@pytest.mark.parametrize("name", PICTURES)
def test_without_matplotlib_a_picture_of_a_search_says_how_to_install_it(name, result, monkeypatch):
    result.importance = dict.fromkeys(SPACE, 0.1)
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'fanin.plot: needs matplotlib, .*pip install "fanin\[plot\]"'):
        PICTURES[name](result)
