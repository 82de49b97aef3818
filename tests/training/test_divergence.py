"""A loss that becomes NaN or infinite stops the fit, which says where and restores the last finite weights."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, linear_neuron, rule_named


def assert_usable(net, X, y):
    assert all(np.isfinite(w).all() for w in net.get_weights().values())
    assert np.isfinite(net.predict(X)).all()
    history = net.fit(X, y, rule=optim.SGD(1e-3), epochs=2)
    assert np.isfinite(history.loss).all()


@pytest.mark.parametrize("batches", ["in_order", "shuffled"])
def test_an_absurd_learning_rate_is_a_diverged_error_and_restores_the_weights(dtype, batches, regression):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)], dtype=dtype)
    before = digest(net)
    with pytest.raises(fanin.DivergedError, match=r"epoch 1\b") as raised:
        net.fit(
            *regression, rule=optim.SGD(1e200 if dtype == "float64" else 1e20), batch_size=16, batches=batches
        )
    assert re.search(r"step \d+", str(raised.value))
    assert re.search(r"layer ?\d", str(raised.value))
    assert digest(net) == before
    assert_usable(net, *regression)


def test_a_stored_exception_does_not_keep_the_net_busy(regression):
    """A notebook keeps the last traceback, and with it everything that the frames of fit refer to."""
    net = fanin.Network(5, [fanin.Dense(3)])
    try:
        net.fit(*regression, rule=optim.SGD(1e38))
    except fanin.DivergedError as error:
        kept = error
    assert kept.__traceback__ is not None
    assert_usable(net, *regression)


def test_diverged_error_is_an_arithmetic_error():
    assert issubclass(fanin.DivergedError, ArithmeticError)


def test_weights_return_to_the_end_of_the_last_finite_epoch(rng):
    """A neuron at a rate just unstable: its weights grow for many epochs before its loss overflows."""
    X = rng.normal(size=(40, 3))
    y = X @ [1.0, 2.0, 3.0]
    rule = optim.SGD(1e3)
    options = {"rule": rule, "batch_size": 10, "batches": "shuffled"}
    net, twin = linear_neuron([0.0, 0, 0]), linear_neuron([0.0, 0, 0])
    with pytest.raises(fanin.DivergedError) as raised:
        net.fit(X, y, epochs=1000, **options)
    epoch = int(re.search(r"epoch (\d+)", str(raised.value))[1])
    step = int(re.search(r"step (\d+)", str(raised.value))[1])
    assert epoch > 2
    assert 1 <= step <= 4 or 4 * (epoch - 1) < step <= 4 * epoch
    history = twin.fit(X, y, epochs=epoch - 1, **options)
    assert np.isfinite(history.loss).all()
    assert digest(net) == digest(twin)


def test_a_good_fit_survives_a_diverging_one(classification):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)], loss="softmax_cross_entropy")
    net.fit(*classification, rule=optim.Adam(), epochs=3)
    before = digest(net)
    with pytest.raises(fanin.DivergedError):
        net.fit(*classification, rule=optim.SGD(1e38), epochs=3)
    assert digest(net) == before
    assert_usable(net, *classification)


@pytest.mark.parametrize("culprit", [1, 2, 3])
def test_the_layer_that_overflowed_is_named(culprit, regression):
    net = fanin.Network(5, [fanin.Dense(8), fanin.Dense(8), fanin.Dense(3)])
    weights = net.get_weights()
    for layer in (1, 2, 3):
        weights[f"layer{layer}.weight"][:] = 1e-3
    weights[f"layer{culprit}.weight"][:] = 3e38
    weights[f"layer{culprit}.bias"][:] = 3e38
    net.set_weights(weights)
    before = digest(net)
    with pytest.raises(fanin.DivergedError, match=rf"(?s)epoch 1\b.*layer ?{culprit}\b"):
        net.fit(10 + np.abs(regression.X), regression.y, rule=optim.SGD())
    assert digest(net) == before


def test_momentum_gathered_before_a_divergence_does_not_poison_the_next_fit(every_rule, regression):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)])
    rule = rule_named(every_rule, learning_rate=1e30)
    with pytest.raises(fanin.DivergedError):
        net.fit(*regression, rule=rule, epochs=20)
    with pytest.raises(fanin.DivergedError):  # the same rule diverges again, but does not start at NaN
        net.fit(*regression, rule=rule, epochs=20)
    assert_usable(net, *regression)


def diverging(**options):
    """Data and a rule that diverge in the fourth step of a fit: each step multiplies the weights by 1e23."""
    net = fanin.Network(1, [fanin.Dense(1)], dtype="float64")
    net.set_weights({"layer1.weight": [[1e100]], "layer1.bias": [0.0]})
    return net, np.array([[1.0], [-1.0]]), np.zeros(2), {"rule": optim.SGD(1e23), "epochs": 100, **options}


def check_epoch(fit, epoch, step=1):
    with pytest.raises(fanin.DivergedError, match=rf"diverged: in epoch {epoch}, step {step}, ") as raised:
        fit()
    assert (raised.value.epoch, raised.value.step, raised.value.layer) == (epoch, step, 1)


def test_the_epoch_of_a_divergence_is_that_of_its_fit_as_the_history_counts():
    net, X, y, options = diverging()
    epochs = []
    callbacks = [lambda net, epoch, logs: epochs.append(epoch)]
    check_epoch(lambda: net.fit(X, y, callbacks=callbacks, **options), 4)
    assert epochs == [1, 2, 3]
    for _ in range(2):
        net, *_ = diverging()
        net.fit(X, y, rule=optim.SGD(0), epochs=7)
        check_epoch(lambda net=net: net.fit(X, y, **options), 4)
        net.set_weights({"layer1.weight": [[1e100]], "layer1.bias": [0.0]})
        check_epoch(lambda net=net: fanin.train_together([(net, X, y, options)]), 4)


def test_chunks_count_epochs_as_the_history_does_too():
    net, X, y, options = diverging()
    net.fit(X, y, rule=optim.SGD(0), epochs=7)
    with pytest.raises(
        fanin.DivergedError, match=r"^chunk 1: training diverged: in epoch 4, step 1, "
    ) as raised:
        net.fit_chunks([(X, y)], **options)
    assert raised.value.epoch == 4
    net, *_ = diverging()
    with pytest.raises(
        fanin.DivergedError, match=r"^chunk 2: training diverged: in epoch 2, step 1, "
    ) as raised:
        net.fit_chunks([(X, y), (X, y)], **options)
    assert raised.value.epoch == 2


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "fortran"])
def test_a_divergence_names_inputs_and_targets_far_from_unit_scale(kind, rng):
    X = rng.normal(size=(64, 3))
    X[:, 1] = 50_000 + 100 * X[:, 1]
    y = 300_000 + 10_000 * rng.normal(size=64)
    X = np.asfortranarray(X) if kind == "fortran" else X.astype(kind)
    cause = (
        "is far from unit scale, which is the likely cause: the values of column {} have a mean absolute value "
        "of {}"
    )
    of_x, of_y = re.escape(cause).replace(r"\{\}", "{}"), re.escape(cause).replace(r"\{\}", "{}")
    of_x = (
        "X "
        + of_x.format(1, r"(499\d\d|500\d\d)(\.\d)?")
        + "; subtract the mean of each column and divide by"
    )
    of_y = (
        "y "
        + of_y.format(0, r"(29|30)\d\d\d\d")
        + "; divide it by its standard deviation and multiply predictions by it"
    )
    rate = r"\. A learning rate smaller than 0\.1 may help$"
    unit = rng.normal(size=(64, 3))
    for data, words in {
        (0, 0): f"were restored. {of_x} its standard deviation. {of_y}{rate}",
        (0, 1): f"were restored. {of_x} its standard deviation{rate}",
        (1, 0): f"were restored. {of_y}{rate}",
    }.items():
        net = fanin.Network(3, [fanin.Dense(16, "relu"), fanin.Dense(1)])
        with pytest.raises(fanin.DivergedError, match=words):
            net.fit(
                (X, 1e3 * unit / 1e3)[data[0]], (y, unit[:, 0])[data[1]], rule=optim.SGD(0.1), epochs=1000
            )


def test_a_divergence_on_data_of_unit_scale_names_the_rate_alone(regression):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)])
    with pytest.raises(
        fanin.DivergedError, match=r"were restored\. A learning rate smaller than 1e\+30 may help$"
    ):
        net.fit(*regression, rule=optim.SGD(1e30))


def test_counts_and_inputs_scaled_by_a_batch_norm_are_not_named_as_the_cause(rng):
    X, y = 1e4 * rng.normal(size=(64, 2)), rng.integers(100, 1000, size=64)
    net = fanin.Network(2, [fanin.BatchNorm(), fanin.Dense(1)], "poisson")
    with pytest.raises(
        fanin.DivergedError, match=r"were restored\. A learning rate smaller than 10000 may help$"
    ):
        net.fit(X, y, rule=optim.SGD(1e4), epochs=10)
