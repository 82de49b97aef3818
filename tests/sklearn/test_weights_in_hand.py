"""`coefs_` and `intercepts_` in users' hands: which arrays training writes to, and what a pickle holds."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from fanin.sklearn.weights import Form, Weights

FORM = Form("tanh", "identity")
ROWS = np.linspace(-1, 1, 6).reshape(3, 2)


def arrays(dtype="float64"):
    rng = np.random.default_rng(1)
    return [rng.normal(size=shape).astype(dtype) for shape in ((2, 3), (3,), (3, 1), (1,))]


def output(weights):
    return weights.network(FORM).predict(ROWS, None)


def test_nothing_is_kept_twice_before_the_lists_are_shown():
    weights = Weights(arrays(), FORM)
    core = weights.network(FORM)
    assert weights.network(FORM) is core
    assert not weights._lists
    assert not weights._known


def test_arrays_in_hand_are_written_after_training_and_read_before_the_next():
    weights = Weights(arrays(), FORM)
    coefs = weights.shown("coefs_")
    weights.network(FORM).set_arrays([2 * array for array in arrays()])
    weights.trained()
    assert weights.shown("coefs_") is coefs
    np.testing.assert_array_equal(coefs[0], 2 * arrays()[0])
    core, before = weights.network(FORM), output(weights)
    coefs[0][:] = 0
    assert weights.network(FORM) is core
    assert not np.array_equal(output(weights), before)


@pytest.mark.parametrize("given", [[1.0], np.ones(1, "float32"), np.broadcast_to(1.0, (1,))])
def test_what_cannot_hold_new_values_is_replaced_in_the_list(given):
    weights = Weights(arrays(), FORM)
    biases = weights.shown("intercepts_")
    biases[1] = given
    core = weights.network(FORM)
    assert core.get_arrays()[3] == 1
    weights.trained()
    assert biases[1].dtype == np.float64
    assert biases[1].flags.writeable
    assert weights.network(FORM) is core


def test_a_network_follows_its_form_and_the_shapes_of_its_lists():
    weights = Weights(arrays(), FORM)
    core = weights.network(Form("relu", "logistic"))
    assert core.loss[0] == "logistic"
    weights.assign("coefs_", [np.ones((2, 4)), np.ones((4, 1))])
    weights.assign("intercepts_", [np.zeros(4), np.zeros(1)])
    assert weights.network(FORM).get_arrays()[0].shape == (2, 4)


@pytest.mark.parametrize(
    ("coefs", "intercepts", "message"),
    [
        ([np.ones((2, 3))], [], r"coefs_, intercepts_: expected one array for each layer, got 1 and 0"),
        ([np.ones(2)], [np.ones(1)], r"coefs_\[0\]: expected shape \(n_in, n_out\), got \(2,\)"),
        (
            [np.ones((2, 3)), np.ones((4, 1))],
            [np.ones(3), np.ones(1)],
            r"coefs_\[1\]: expected shape \(3, 1\), got \(4, 1\)",
        ),
        ([np.ones((2, 3))], [np.ones(2)], r"intercepts_\[0\]: expected shape \(3,\), got \(2,\)"),
    ],
)
def test_lists_that_do_not_fit_give_a_clear_message(coefs, intercepts, message):
    weights = Weights()
    weights.assign("coefs_", coefs)
    weights.assign("intercepts_", intercepts)
    with pytest.raises(ValueError, match=message):
        weights.network(FORM)


def test_one_list_without_the_other_gives_a_clear_message():
    weights = Weights()
    weights.assign("coefs_", [np.ones((2, 1))])
    with pytest.raises(
        AttributeError, match="intercepts_ is not set, but the other weights are; expected both"
    ):
        weights.network(FORM)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda weights: pickle.loads(pickle.dumps(weights))])
def test_copies_hold_changes_that_the_network_has_not_seen(copied):
    weights = Weights(arrays("float32"), FORM)
    weights.shown("coefs_")[0][:] = 0
    np.testing.assert_array_equal(output(copied(weights)), output(weights))
    assert not copied(weights)._lists, "once the network has them, it alone is copied"
