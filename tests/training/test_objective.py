"""Loss and gradient over all samples as functions of one vector, equal to those of a step, in blocks of rows."""

from __future__ import annotations

import contextlib
import sys

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import H, digest, python_prints, reference_of
from reference.dropout import factors

ROWS = 10_000  # two blocks and a part of one


def samples(rows=ROWS, outputs=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 5)), rng.normal(size=(rows, outputs))


def network(dtype="float32", **options):
    layers = [fanin.Dense(40, "tanh"), fanin.Dense(7, "gelu"), fanin.Dense(3)]
    return fanin.Network(5, layers, dtype=dtype, seed=3, **options)


def test_loss_and_gradient_follow_the_equations(dtype):
    net, (X, y) = network(dtype), samples()
    objective = net.objective(X, y)
    loss, gradient = objective.loss_and_gradient(objective.weights())
    reference = reference_of(net)
    expected = np.concatenate([g.ravel() for g in reference.gradients(X, y)])
    tolerance = {"float32": 1e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance)
    assert loss == pytest.approx(reference.loss_of(X, y), rel=tolerance)
    assert objective.loss(objective.weights()) == loss
    assert gradient.dtype == net.dtype
    assert objective.size == net.n_parameters == gradient.size


def test_a_step_over_all_samples_goes_down_the_gradient_bit_for_bit(dtype):
    net, (X, y) = network(dtype), samples()
    w, weights = net.objective(X, y).weights(), np.random.default_rng(1).integers(0, 4, ROWS)
    objective = net.objective(X, y, sample_weight=weights)
    loss, gradient = objective.loss_and_gradient(w)
    history = net.fit(
        X, y, rule=optim.SGD(1.0), epochs=1, batch_size=ROWS, batches="in_order", sample_weight=weights
    )
    assert np.array_equal(objective.weights(), w - gradient)
    assert history.loss == [loss]


@pytest.mark.parametrize("columns", [1, 3, 4, 5, 16, 40])
def test_blocks_of_rows_change_no_bit(columns, dtype):
    """A net with batch norm processes all rows at once; here it is in a branch that only adds 0."""
    X, y = samples(outputs=columns)
    dense = [fanin.Dense(9, "relu"), fanin.Dense(columns)]
    in_blocks = fanin.Network(5, dense, dtype=dtype, seed=1)
    branch = fanin.Residual(
        [fanin.Dense(1, initializer="zeros"), fanin.BatchNorm(), fanin.Dense(5, initializer="zeros")]
    )
    at_once = fanin.Network(5, [branch, *dense], dtype=dtype, seed=1)
    for number, name in ((1, "layer1"), (2, "layer2")):
        at_once.set_weights(
            {
                **at_once.get_weights(),
                f"layer{number + 1}.weight": in_blocks.get_weights()[f"{name}.weight"],
                f"layer{number + 1}.bias": in_blocks.get_weights()[f"{name}.bias"],
            }
        )
    objectives = [net.objective(X, y) for net in (in_blocks, at_once)]
    results = [objective.loss_and_gradient(objective.weights()) for objective in objectives]
    size = in_blocks.n_parameters
    assert results[0][0] == results[1][0]
    assert np.array_equal(results[0][1], results[1][1][-size:])


def test_bits_do_not_depend_on_the_number_of_threads(threads, dtype):
    net, (X, y) = network(dtype), samples()
    results = set()
    for number in (1, 2, 3, 7):
        threads(number)
        loss, gradient = net.objective(X, y).loss_and_gradient(net.objective(X, y).weights())
        results.add((loss, gradient.tobytes()))
    assert len(results) == 1


@pytest.mark.parametrize(
    "rule",
    [
        optim.Adam(0.01),
        optim.SchaulVSGD(),
        optim.Rprop(variant="irprop+"),
        optim.Around(optim.Nesterov(0.01), clip_norm=0.1),
        optim.Around(optim.Adam(0.01), accumulate=2),
    ],
)
def test_large_batches_of_any_rule_are_the_same_bits_on_any_threads(rule, threads):
    X, y = samples(20_000)
    weights = np.arange(len(X)) % 5
    layers = [fanin.Dropout(0.1), fanin.Dense(20, "relu"), fanin.Dropout(0.3), fanin.Dense(3)]
    digests = set()
    for number in (1, 3):
        threads(number)
        net = fanin.Network(5, layers, seed=2)
        with pytest.warns(optim.BatchSizeWarning) if rule.full_batch_because else contextlib.nullcontext():
            history = net.fit(X, y, rule=rule, epochs=2, batch_size=7000, sample_weight=weights)
        assert history.loss[1] < history.loss[0]
        digests.add(digest(net))
    assert len(digests) == 1


def test_a_dropout_of_a_large_batch_is_that_of_its_rows():
    """Rows of a later block use the random numbers of their position in the batch."""
    rows, rate = 5000, 0.5
    net = fanin.Network(
        8, [fanin.Dropout(rate), fanin.Dense(8, initializer=np.eye(8))], dtype="float64", seed=9
    )
    objective = net.objective(np.ones((rows, 8)), np.zeros((rows, 8)))
    kept = factors((rows, 8), rate, seed=9, layer=0, epoch=1, step=0)
    loss = objective.loss(objective.weights())
    assert loss == pytest.approx((kept**2).sum(axis=1).mean() / 2, rel=1e-12)
    _, gradient = objective.loss_and_gradient(objective.weights())
    np.testing.assert_allclose(gradient[-8:], kept.mean(axis=0), rtol=1e-12)


def test_the_gradient_with_batch_norm_is_the_slope_of_the_loss():
    X, y = samples(60)
    layers = [fanin.BatchNorm(), fanin.Dense(6, "tanh", batch_norm=True), fanin.Dense(3)]
    net = fanin.Network(5, layers, dtype="float64")
    before = net.get_weights()
    objective = net.objective(X, y)
    w = objective.weights()
    _, gradient = objective.loss_and_gradient(w)
    for i in range(0, objective.size, 5):
        h = np.zeros_like(w)
        h[i] = H
        slope = (objective.loss(w + h) - objective.loss(w - h)) / (2 * H)
        assert abs(gradient[i] - slope) < 1e-8
    assert all(np.array_equal(before[name], array) for name, array in net.get_weights().items())
    named = objective.named(w + 1)
    assert np.array_equal(named["layer2.running_mean"], before["layer2.running_mean"])
    net.set_weights(named)
    assert np.array_equal(objective.weights(), w + 1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts kilobytes")
def test_many_rows_take_the_memory_of_a_block():
    code = (
        "import resource, numpy as np, fanin\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "X = np.ones((200_000, 4), 'float32')\n"
        "net = fanin.Network(4, [fanin.Dense(256, 'tanh'), fanin.Dense(1)])\n"
        "before = most()\n"
        "objective = net.objective(X, X[:, :1])\n"
        "objective.loss_and_gradient(objective.weights())\n"
        "print(most() - before)"
    )
    assert float(python_prints("-c", code)) < 50  # MiB; activations and gradients of all rows would be 600


def test_a_loss_that_is_not_finite_is_returned_with_a_gradient_of_nan():
    net, (X, y) = network("float32"), samples(100)
    objective = net.objective(X, y)
    w = objective.weights() * np.float32(1e30)
    loss, gradient = objective.loss_and_gradient(w)
    assert not np.isfinite(loss)
    assert np.isnan(gradient).all()
    loss, gradient = objective.loss_and_gradient(objective.weights())
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()


def test_scipy_minimizes_it():
    optimize = pytest.importorskip("scipy.optimize")
    X = np.linspace(-1, 1, 200)[:, None]
    net = fanin.Network(1, [fanin.Dense(10, "tanh"), fanin.Dense(1)], dtype="float64")
    objective = net.objective(X, np.sin(3 * X))
    found = optimize.minimize(objective.loss_and_gradient, objective.weights(), jac=True, method="L-BFGS-B")
    net.set_weights(objective.named(found.x))
    assert net.evaluate(X, np.sin(3 * X))["rmse"] < 0.02


def test_bad_data_and_vectors_of_an_objective_are_refused():
    net, (X, y) = network(), samples(50)
    objective = net.objective(X, y)
    with pytest.raises(ValueError, match=r"w: expected shape \(551,\), got \(550,\)"):
        objective.loss(np.zeros(550))
    with pytest.raises(ValueError, match=r"w: expected shape \(551,\), got \(1, 551\)"):
        objective.loss_and_gradient(np.zeros((1, 551)))
    with pytest.raises(ValueError, match="X: expected 5 columns"):
        net.objective(X[:, :4], y)
    with pytest.raises(ValueError, match="X: expected at least one row, got none"):
        net.objective(X[:0], y[:0])
    normalized = fanin.Network(5, [fanin.BatchNorm(), fanin.Dense(3)])
    with pytest.raises(ValueError, match="X: expected at least 2 rows, because batch norm"):
        normalized.objective(X[:1], y[:1])


def test_l2_adds_a_penalty_on_weights_and_its_gradient():
    X = np.linspace(-1, 1, 20)[:, None]
    net = fanin.Network(1, [fanin.Dense(3, "tanh"), fanin.Dense(1)], dtype="float64")
    plain, penalized = net.objective(X, X**2), net.objective(X, X**2, l2=0.5)
    w = penalized.weights() + 0.25
    is_weight = np.concatenate(
        [np.full(array.size, name.endswith("weight")) for name, array in net.get_weights().items()]
    )
    loss, gradient = plain.loss_and_gradient(w)
    more, with_pull = penalized.loss_and_gradient(w)
    assert more == pytest.approx(loss + 0.25 * (w[is_weight] ** 2).sum(), rel=1e-12)
    np.testing.assert_allclose(with_pull, gradient + 0.5 * w * is_weight, rtol=1e-12)
    with pytest.raises(ValueError, match="l2: expected"):
        net.objective(X, X**2, l2=-1)
