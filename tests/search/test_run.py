"""`search.run`: networks on their way up the rungs, each as if trained alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fanin
from fanin import optim, search
from fanin.data.order import in_random_order
from searched import SMALL, SPACE, X, Y, make_net, scores
from terminals import in_terminal


def held_out(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The rows that a search holds out, and those it trains on."""
    order = in_random_order(len(X), seed)
    count = round(0.2 * len(X))
    return np.sort(order[:count]), np.sort(order[count:])


@pytest.mark.parametrize(
    "rule", [None, optim.Momentum(0.01), optim.Adam(optim.WarmUp(optim.Constant(0.01), 20))]
)
def test_a_network_of_a_search_is_the_one_that_a_single_fit_makes(rule):
    def make(units):
        net = fanin.Network(2, [fanin.Dense(units, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
        return net, {"rule": rule or optim.Around(optim.AdamW(), average_share=0.05), "batch_size": 16}

    result = search.run(make, {"units": search.IntUniform(2, 12)}, X, Y, n_iter=9, max_epochs=9)
    net, options = make(**result.best_params)
    train = held_out()[1]
    steps = -(-len(train) // 16)
    rate = options["rule"].rate
    before = rate if isinstance(rate, optim.Schedule) else optim.Constant(rate)
    level = before(7 * steps)
    tail = optim.Chain([before, optim.Polynomial(level, 0.0, steps=2 * steps)], steps=[7 * steps])
    net.fit(X[train], Y[train], epochs=9, batch_size=16, rule=options["rule"].at_rate(tail))
    assert {name: value.tobytes() for name, value in net.get_weights().items()} == {
        name: value.tobytes() for name, value in result.net.get_weights().items()
    }


def test_the_score_is_that_of_the_rows_held_out():
    result = search.run(make_net, SPACE, X, Y, **SMALL)
    held = held_out()[0]
    assert -result.best_score == pytest.approx(result.net.evaluate(X[held], Y[held])["loss"], rel=1e-6)


def test_the_score_weighs_validation_rows():
    weights = np.linspace(0, 1, len(X))
    held, train = held_out()
    given = (X[held], Y[held], weights[held])
    result = search.run(
        make_net, SPACE, X[train], Y[train], validation_data=given, scoring="accuracy", **SMALL
    )
    found = result.net.evaluate(X[held], Y[held], sample_weight=weights[held])["accuracy"]
    assert result.best_score == pytest.approx(found, rel=1e-6)


def test_the_same_seed_gives_the_same_search_on_any_number_of_threads():
    found = []
    for threads in (1, 2, 3):
        with fanin.num_threads(threads):
            found.append(search.run(make_net, SPACE, X, Y, seed=3, **SMALL))
    assert scores(found[0]) == scores(found[1]) == scores(found[2])
    assert found[0].net.to_bytes() == found[2].net.to_bytes()
    assert scores(search.run(make_net, SPACE, X, Y, seed=4, **SMALL)) != scores(found[0])


def test_a_grid_is_tried_whole():
    grid = search.Grid({"rate": search.LogUniform(1e-3, 1e-1), "units": [4, 8]}, points=3)
    result = search.run(make_net, grid, X, Y, max_epochs=4)
    assert len(result.trials) == 6
    assert sorted({trial.params["rate"] for trial in result.trials}) == pytest.approx([1e-3, 1e-2, 1e-1])


def test_a_network_that_diverges_loses_and_is_reported():
    space = {"rate": [1e30, 0.01, 0.02, 0.03]}
    result = search.run(sgd, space, X, X, min_epochs=3, max_epochs=3)
    failed = next(trial for trial in result.trials if trial.params["rate"] == 1e30)
    assert np.isnan(failed.score)
    assert "became NaN or infinite" in failed.last.error or "diverged" in failed.last.error
    assert "1 failed" in result.log[1]


def test_a_search_in_which_all_diverge_names_the_commonest_cause():
    with pytest.raises(ValueError, match=r"all 3 trials failed; the commonest cause \(3 of them\): "):
        search.run(sgd, {"rate": [1e30, 2e30, 3e30]}, X, X, max_epochs=3)


def sgd(rate: float) -> tuple[fanin.Network, dict[str, object]]:
    net = fanin.Network(2, [fanin.Dense(4), fanin.Dense(2)], "squared_error")
    return net, {"rule": optim.SGD(rate)}


def test_a_mistake_in_the_function_is_reported_with_its_parameters():
    with pytest.raises(ValueError, match=r"make_net\(units -?\d+\): .*units"):
        search.run(lambda units: make_net(0.01, units), {"units": [-1, -2]}, X, Y)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda rate: None, "expected a fanin.Network, or .network, options of fit., got None"),
        (lambda rate: (make_net(rate)[0], {"epochs": 3}), "options: expected any of rule, .*, got 'epochs'"),
        (lambda rate: (make_net(rate)[0], {"rule": optim.LBFGS()}), "expected an update rule, got LBFGS"),
        (
            lambda rate: (make_net(rate)[0], {"rule": optim.Adam("auto")}),
            'expected a learning rate, got "auto"',
        ),
        (
            lambda rate: (make_net(rate)[0], {"rule": optim.Adam(optim.Cosine(rate))}),
            "learning_rate: expected a number or a schedule with steps of its own, got Cosine",
        ),
    ],
)
def test_what_a_search_cannot_train_is_an_error(made, message):
    with pytest.raises((TypeError, ValueError), match=message):
        search.run(made, {"rate": search.LogUniform(1e-3, 1e-1)}, X, Y, **SMALL)


def test_a_time_limit_too_short_for_one_trial_is_an_error():
    with pytest.raises(ValueError, match="max_time: no trial was trained and scored in this time"):
        search.run(make_net, SPACE, X, Y, max_time=1e-9)


def test_a_search_with_a_time_limit_returns_what_there_is():
    result = search.run(make_net, SPACE, X, Y, n_iter=3000, max_epochs=2000, max_time=0.5)
    assert len(result.trials) < 3000
    assert result.net is not None


def interrupted_at(number: int) -> Callable[..., Any]:
    """A function that makes networks, and presses Ctrl-C when it makes this one."""
    made = []

    def make(rate, units):
        made.append(rate)
        if len(made) == number:
            raise KeyboardInterrupt
        return make_net(rate, units)

    return make


def test_ctrl_c_returns_what_there_is():
    result = search.run(interrupted_at(12), SPACE, X, Y, rounds=2, **SMALL)
    assert result.best == search.run(make_net, SPACE, X, Y, **SMALL).best
    assert not result.complete
    assert "Interrupted: the best so far is taken." in result.log


def test_ctrl_c_before_any_score_is_passed_on():
    with pytest.raises(KeyboardInterrupt):
        search.run(interrupted_at(3), SPACE, X, Y, **SMALL)


def test_a_sentence_for_each_decision_is_printed_if_asked(capsys):
    result = search.run(make_net, SPACE, X, Y, verbose=True, **SMALL)
    assert capsys.readouterr().out.splitlines() == list(result.log)
    search.run(make_net, SPACE, X, Y, **SMALL)
    assert capsys.readouterr().out == ""


def test_a_terminal_shows_a_line_below_the_decisions(monkeypatch, capsys):
    terminal = in_terminal(monkeypatch, 120)
    result = search.run(make_net, SPACE, X, Y, verbose=True, **SMALL)
    assert capsys.readouterr().out.splitlines() == list(result.log)
    assert terminal.drawings[0].startswith("3 epochs: trial 0/9 ")
    assert f", best score {result.best_score:.5g}" in terminal.drawings[-1]
    assert all(len(drawing) < 120 for drawing in terminal.drawings)
