"""Plots of histories show one fit, or compare several by what differs between them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fanin
from fanin import optim, plot
from fanin.plot.labels import labels_of
from helpers import refuse_imports

X = np.linspace(-1, 1, 60)[:, None]


def fit(rule=None, loss="squared_error", **options):
    net = fanin.Network(1, [fanin.Dense(4, "tanh"), fanin.Dense(1)], loss)
    y = X**2 if loss == "squared_error" else (X > 0).astype(float)
    return net.fit(X, y, **{"rule": rule, "epochs": 6, "validation_data": (X, y), **options})


def labelled(axes):
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines if line.get_label()[0] != "_"}


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_history_has_its_losses_its_metric_and_its_rate(tmp_path):
    history = fit(optim.Adam(optim.Cosine(0.1)), "logistic", callbacks=[fanin.EarlyStopping(patience=9)])
    figure = plot.history(history)
    losses, accuracy, rates = figure.axes
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Loss by epoch", "Validation accuracy by epoch", "Learning rate by epoch"]
    assert labelled(losses)["training"] == history.loss
    assert labelled(losses)["validation"] == history.val_loss
    assert f"best epoch: {history.best_epoch}" in labelled(losses)
    assert list(accuracy.lines[0].get_ydata()) == history.val_metric
    assert list(rates.lines[0].get_ydata()) == history.learning_rate
    assert accuracy.get_yscale() == "linear"
    assert rates.get_ylim()[0] >= 1e-6 * max(history.learning_rate)
    figure.savefig(tmp_path / "history.png", backend="agg")
    assert (tmp_path / "history.png").stat().st_size > 10_000


def test_a_history_without_validation_has_no_metric():
    figure = plot.history(fit("sgd", validation_data=None))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss by epoch", "Learning rate by epoch"]
    assert list(labelled(figure.axes[0])) == ["training"]


def test_findings_of_a_watched_fit_are_marked_in_its_history():
    history = fit("sgd", epochs=40, diagnose=True)
    numbers = [str(k) for k, found in enumerate(history.diagnosis.findings, 1) if found.epoch is not None]
    marked = [text.get_text() for text in plot.history(history).axes[0].texts]
    assert ", ".join(marked) == ", ".join(numbers)


def test_histories_are_compared_by_what_differs_between_their_rules(tmp_path):
    histories = [fit(optim.Adam(rate)) for rate in (0.001, 0.01)]
    losses, metric, rates = plot.history(histories).axes
    assert legend(rates) == ["learning_rate 0.001", "learning_rate 0.01"]
    assert legend(losses) == ["training", "validation"]
    for at, history in enumerate(histories):
        training, validation = losses.lines[2 * at : 2 * at + 2]
        assert (list(training.get_ydata()), training.get_linestyle()) == (history.loss, "--")
        assert (list(validation.get_ydata()), validation.get_linestyle()) == (history.val_loss, "-")
        assert training.get_color() == validation.get_color() == metric.lines[at].get_color()
    named = plot.history({"first": histories[0], "second": fit(validation_data=None), 3: histories[1]})
    assert legend(named.axes[2]) == ["first", "second", "3"]
    named.savefig(tmp_path / "histories.png", backend="agg")


def test_many_histories_have_different_colours():
    history = fit()
    rates = plot.history([history] * 12).axes[2]
    assert len({line.get_color() for line in rates.lines}) == 12
    assert legend(rates)[:2] == ["AdamW", "AdamW (2)"]


def test_an_epoch_alone_or_without_a_number_is_drawn_all_the_same():
    history = fit(epochs=1)
    assert plot.history(history).axes[0].lines[1].get_marker() == "o"
    history.loss[0] = history.val_loss[0] = math.nan
    texts = [text.get_text() for text in plot.history(history).axes[0].texts]
    assert texts == ["nothing finite to show"]


@pytest.mark.parametrize(
    ("rules", "labels"),
    [
        ([optim.Adam(0.1)], ["Adam"]),
        ([optim.Adam(0.1), optim.SGD(0.1)], ["Adam", "SGD"]),
        (
            [optim.Momentum(0.1, 0.5), optim.Momentum(0.2, 0.9)],
            ["learning_rate 0.1, momentum 0.5", "learning_rate 0.2, momentum 0.9"],
        ),
        (
            [optim.SGD(0.1), optim.SGD(optim.Cosine(0.1)), optim.SGD(optim.Cosine(0.2))],
            ["learning_rate 0.1", "learning_rate Cosine first 0.1", "learning_rate Cosine first 0.2"],
        ),
        (
            [optim.SGD(0.1), optim.Around(optim.SGD(0.1), clip_norm=1.0), optim.Adam()],
            ["SGD, clip_norm None", "SGD, clip_norm 1", "Adam, clip_norm None"],
        ),
        ([optim.LBFGS(), optim.LBFGS(memory=5)], ["memory 10", "memory 5"]),
    ],
    ids=str,
)
def test_labels_have_only_what_differs(rules, labels):
    assert labels_of(rules) == labels


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (1, TypeError, "histories: expected a History, the result of fit, or several, got 1"),
        ("fit", TypeError, "histories: expected a History, the result of fit, or several, got 'fit'"),
        ([], ValueError, "histories: expected at least one, got none"),
        ({"a": 2}, TypeError, "histories: expected a History, .*, got 2 at position 0"),
    ],
    ids=str,
)
def test_what_is_no_history_gets_a_clear_message(given, error, message):
    with pytest.raises(error, match=message):
        plot.history(given)


def test_without_matplotlib_a_plot_of_a_history_names_the_extra(monkeypatch):
    history = fit(epochs=1)
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'needs matplotlib, .*pip install "fanin\[plot\]"'):
        plot.history(history)
