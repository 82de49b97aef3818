"""Masked values are rejected wherever numbers are read; a masked array without masked values is like any other."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import initializers, optim
from helpers import digest

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
Y = np.array([1.0, 2.0, 3.0])
MASK = np.array([[False, False], [False, False], [True, False]])
MASKED = np.ma.array(X, mask=MASK)


def fit(X=X, y=Y, **options):
    fanin.Network(2, [fanin.Dense(1)]).fit(X, y, rule=optim.SGD(), **options)


def net():
    return fanin.Network(2, [fanin.Dense(1)])


def weights(**changed):
    return {**net().get_weights(), **changed}


def stepped(gradient):
    optim.Optimizer(optim.SGD(), [np.zeros((3, 2))]).step([gradient])


def with_state(m):
    optimizer = optim.Optimizer(optim.Momentum(), [np.zeros((3, 2))])
    optimizer.state = {"t": 1, "v": [m]}


ONES, CELL = np.ones(2), "row 2, column 0"
Y_MASKED = np.ma.array(Y, mask=[False, True, False])
USES = {
    f"X: {CELL}": [
        lambda: fit(X=MASKED),
        lambda: fit(X=list(MASKED)),
        lambda: fit(X=[tuple(MASKED[0]), MASKED[1], list(MASKED[2])]),
        lambda: net().predict(MASKED),
        lambda: net().evaluate(MASKED, Y),
        lambda: net().objective(MASKED, Y),
        lambda: net().fit_chunks([(MASKED, Y)], rule=optim.SGD()),
        lambda: fit(validation_data=(MASKED, Y)),
        lambda: fanin.train_together([(net(), MASKED, Y, {"rule": optim.SGD()})]),
    ],
    "y: row 1": [lambda: fit(y=Y_MASKED), lambda: fit(y=[1.0, np.ma.masked, 3.0])],
    "sample_weight: row 1": [
        lambda: fit(sample_weight=Y_MASKED),
        lambda: net().evaluate(X, Y, sample_weight=Y_MASKED),
        lambda: F.loss(X[:, :1], Y, "squared_error", sample_weight=Y_MASKED),
    ],
    "layer1.weight: row 1, column 0": [
        lambda: net().set_weights(weights(**{"layer1.weight": np.ma.array([[1.0], [1.0]], mask=[[0], [1]])}))
    ],
    "w: row 1": [lambda: net().objective(X, Y).loss(Y_MASKED)],
    f"array: {CELL}": [lambda: initializers.Values(MASKED), lambda: fanin.Dense(2, initializer=MASKED)],
    f"x: {CELL}": [
        lambda: F.dense(MASKED, np.ones((2, 1))),
        lambda: F.dense_backward(X, MASKED, np.eye(2)),
        lambda: F.batch_norm(MASKED, ONES, ONES),
        lambda: F.batch_norm_inference(MASKED, ONES, ONES, ONES, ONES),
        lambda: F.standardize(MASKED),
    ],
    "mean: row 0": [lambda: F.standardize(X, MASKED[2], ONES)],
    "deviation: row 0": [lambda: F.standardize(X, ONES, MASKED[2])],
    "gamma: row 0": [lambda: F.batch_norm(X, MASKED[2], ONES)],
    f"z: {CELL}": [lambda: F.activation(MASKED, "tanh")],
    f"da: {CELL}": [lambda: F.activation_backward(MASKED, X, "tanh")],
    f"a: {CELL}": [
        lambda: F.loss(MASKED, X, "squared_error"),
        lambda: F.loss_gradient(MASKED, X, "squared_error"),
        lambda: F.loss_outputs(MASKED, "softmax_cross_entropy"),
    ],
    f"out: {CELL}": [
        lambda: F.activation(X, "tanh", out=MASKED.copy()),
        lambda: F.standardize(X, out=MASKED.copy()),
    ],
    f"gradients[0]: {CELL}": [lambda: stepped(MASKED)],
    f"state: v[0]: {CELL}": [lambda: with_state(MASKED)],
}


@pytest.mark.parametrize("words", USES)
def test_a_masked_value_is_refused_by_its_place_wherever_numbers_are_read(words):
    for use in USES[words]:
        with pytest.raises(
            ValueError, match=re.escape(f"{words} is masked; missing values are not supported")
        ):
            use()


def test_nothing_is_changed_by_data_with_a_masked_value():
    net = fanin.Network(2, [fanin.Dense(1)])
    before = digest(net)
    with pytest.raises(ValueError, match=f"X: {CELL} is masked"):
        net.fit(MASKED, Y, rule=optim.SGD())
    assert digest(net) == before


def test_a_masked_array_without_a_masked_value_is_like_any_other():
    whole = np.ma.array(X, mask=np.zeros_like(MASK))
    nets = [net() for _ in range(3)]
    for one, data in zip(nets, (X, whole, list(whole)), strict=True):
        one.fit(data, np.ma.array(Y), rule=optim.Adam())
    assert len({digest(one) for one in nets}) == 1
    assert F.dense(np.ma.array([[1.0]]), [[2.0]]) == 2
    for given in (X, whole):
        results = F.standardize(given)
        assert all(type(result) is np.ndarray for result in results)
        np.testing.assert_array_equal(results[0], F.standardize(X)[0])


def test_a_list_inside_itself_is_refused_and_not_followed_for_ever():
    endless: list = []
    endless.append(endless)
    with pytest.raises((TypeError, ValueError), match="x: expected"):
        F.dense(endless, [[1.0]])
