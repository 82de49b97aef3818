"""Invalid targets and hyper-parameters of losses are rejected with a clear message, and nothing is changed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import fanin
from fanin import losses, optim
from helpers import digest, loss_for
from reference.targets import targets_for


def network(loss, outputs=3, **options):
    return fanin.Network(2, [fanin.Dense(outputs)], loss, **options)


def refuses(net, error, message, y):
    """Check that fit and evaluate reject these targets with this message and do not change the weights."""
    X, before = np.zeros((4, 2)), digest(net)
    with pytest.raises(error, match=message):
        net.fit(X, y, rule=optim.SGD())
    with pytest.raises(error, match=message):
        net.evaluate(X, y)
    assert digest(net) == before


def targets_with(value, row=2, column=1):
    y = targets_for("logistic", np.random.default_rng(0), 4, 3)
    y[row, column] = value
    return y


@pytest.mark.parametrize("kind", ["float32", "float64", "fortran", "strided"])
@pytest.mark.parametrize(
    ("loss", "value", "interval"),
    [
        ("logistic", 1.5, r"\[0, 1\]"),
        ("logistic", -0.25, r"\[0, 1\]"),
        ("poisson", -1.5, r"\[0, infinity\)"),
        ("softmax_cross_entropy", -0.125, r"\[0, infinity\)"),
    ],
)
def test_a_target_outside_the_range_of_its_loss_is_named_by_row_and_column(loss, value, interval, kind):
    y = targets_with(value)
    if kind == "fortran":
        y = np.asfortranarray(y)
    elif kind == "strided":
        y = np.repeat(np.repeat(y, 2, axis=0), 3, axis=1)[::2, ::3]
    else:
        y = y.astype(kind)
    refuses(
        network(loss),
        ValueError,
        rf"y: row 2, column 1 is {value}; the loss {loss} expects values in {interval}",
        y,
    )


def test_integer_targets_outside_the_range_are_refused_too():
    refuses(network("logistic", 1), ValueError, "y: row 3, column 0 is 2; the loss logistic", [0, 1, 1, 2])
    refuses(network("poisson", 1), ValueError, "y: row 1, column 0 is -1; the loss poisson", [0, -1, 1, 2])


@pytest.mark.parametrize("value", [0, 0.0, -1.5])
def test_a_target_of_the_gamma_loss_must_be_above_0(value):
    words = rf"y: row 1, column 0 is {value:g}; the loss gamma expects values in \(0, infinity\)"
    refuses(network("gamma", 1), ValueError, words, [1, value, 1, 2])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_target_of_any_loss_must_be_finite(value, every_loss):
    y = targets_with(value)
    y = y[:, [1]] if every_loss == "quantile" else y
    column = 0 if every_loss == "quantile" else 1
    net = network(loss_for(every_loss, 3))
    refuses(net, ValueError, rf"y: row 2, column {column} is -?(nan|inf); every value must be finite", y)


@pytest.mark.parametrize(
    ("loss", "shape", "expected"),
    [
        ("softmax_cross_entropy", (4, 2), r"\(4, 3\) of probabilities, got \(4, 2\)"),
        ("softmax_cross_entropy", (4, 1), r"\(4, 3\) of probabilities, got \(4, 1\)"),
        ("softmax_cross_entropy", (4, 3, 1), r"\(4,\), got \(4, 3, 1\)"),
        ("softmax_cross_entropy", (), r"\(4,\), got \(\)"),
        ("logistic", (4,), r"\(4, 3\), got \(4,\)"),
        ("poisson", (4, 1), r"\(4, 3\), got \(4, 1\)"),
        ("quantile", (4, 3), r"\(4, 1\), got \(4, 3\)"),
        ("quantile", (4, 1, 1), r"\(4, 1\), got \(4, 1, 1\)"),
    ],
)
def test_the_error_for_targets_of_another_shape_says_what_the_loss_expects(loss, shape, expected):
    refuses(network(loss_for(loss, 3)), ValueError, f"y: expected .*{expected}", np.zeros(shape))


def test_the_error_for_soft_targets_of_another_length_gives_both_lengths():
    refuses(network("softmax_cross_entropy"), ValueError, "y: expected 4 rows .*, got 5", np.eye(5, 3))


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "logistic"])
def test_a_y_of_lists_of_unequal_length_is_named(loss):
    refuses(network(loss), ValueError, "y: expected an array of numbers", [[1], [0, 1], [1], [1]])


def test_labels_that_are_not_integers_are_refused():
    refuses(network("softmax_cross_entropy"), TypeError, "y: expected integer labels", [0.0, 1.0] * 2)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: losses.Huber(0), ValueError, r"delta: expected a number in \(0, infinity\), got 0"),
        (lambda: losses.Huber(-1.0), ValueError, "delta: .*-1"),
        (lambda: losses.Huber(float("nan")), ValueError, "delta: expected a finite number"),
        (lambda: losses.Huber("1"), TypeError, "delta: expected a number"),
        (lambda: losses.Huber(None), TypeError, "delta: expected a number"),
        (lambda: losses.SoftmaxCrossEntropy(1), ValueError, r"label_smoothing: .*\[0, 1\), got 1"),
        (lambda: losses.SoftmaxCrossEntropy(-0.1), ValueError, "label_smoothing: .*-0.1"),
        (lambda: losses.SoftmaxCrossEntropy(True), TypeError, "label_smoothing"),
        (lambda: losses.Quantile(0), ValueError, r"levels: expected a number in \(0, 1\), got 0"),
        (lambda: losses.Quantile(1), ValueError, r"levels: .*\(0, 1\), got 1"),
        (lambda: losses.Quantile([0.5, 1.5]), ValueError, "levels: .*1.5"),
        (lambda: losses.Quantile([0.5, float("nan")]), ValueError, "levels: expected a finite number"),
        (lambda: losses.Quantile([]), ValueError, "levels: expected 1 to 32 numbers, got 0"),
        (lambda: losses.Quantile([0.5] * 33), ValueError, "levels: expected 1 to 32 numbers, got 33"),
        (lambda: losses.Quantile("0.5"), TypeError, "levels: expected a number, got '0.5'"),
        (lambda: losses.Quantile([0.5, None]), TypeError, "levels: expected a number, got None"),
        (lambda: losses.Quantile([[0.5], [0.6]]), TypeError, "levels: expected a number"),
        (lambda: network("quantile", 2), ValueError, "levels: expected one for each of 2 outputs, got 1"),
        (
            lambda: network(losses.Quantile([0.1, 0.9]), 3),
            ValueError,
            "levels: expected one for each of 3 outputs, got 2",
        ),
        (
            lambda: network(losses.Quantile([0.5] * 32), 33),
            ValueError,
            "levels: expected one for each of 33 outputs, got 32",
        ),
        (lambda: network(losses.Huber), TypeError, "loss: expected a name or a loss of fanin.losses"),
        (lambda: network(1.0), TypeError, "loss: expected a name or a loss of fanin.losses, got 1.0"),
        (lambda: network("crossentropy"), ValueError, "loss: .*softmax_cross_entropy.*crossentropy"),
    ],
)
def test_wrong_hyper_parameters_of_a_loss_get_a_clear_message(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    "levels", [[0.1, 0.9], (0.1, 0.9), np.array([0.1, 0.9]), np.array([0.1, 0.9]).tolist()], ids=str
)
def test_quantile_levels_may_come_in_any_sequence(levels):
    loss = losses.Quantile(levels)
    assert loss == losses.Quantile((0.1, 0.9))
    assert hash(loss) == hash(losses.Quantile((0.1, 0.9)))
    assert losses.Quantile(0.25) == losses.Quantile(np.float64(0.25)) == losses.Quantile([0.25])


def test_losses_are_frozen_values_with_a_readable_repr(every_loss):
    loss = loss_for(every_loss, 3)
    assert loss == loss_for(every_loss, 3)
    assert eval(repr(loss), vars(losses).copy()) == loss
    with pytest.raises(dataclasses.FrozenInstanceError):
        loss.name = "another"


def test_a_network_by_the_name_of_a_loss_has_its_defaults(every_loss):
    outputs = 2 if every_loss == "softmax_cross_entropy" else 1
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 2)), targets_for(every_loss, rng, 20, outputs)
    nets = [network(loss, outputs) for loss in (every_loss, losses.BY_NAME[every_loss]())]
    assert len({net.fit(X, y, rule=optim.SGD(), epochs=2).loss[1] for net in nets}) == 1
    assert len({digest(net) for net in nets}) == 1
