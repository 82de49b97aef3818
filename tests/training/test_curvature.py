"""Second derivatives of `Network.objective`: products, Jacobians, frozen batch norm."""

import numpy as np
import pytest
from scipy.optimize import minimize

import fanin
from fanin import Activation, BatchNorm, Dense, Dropout, Residual, Whiten

ROWS = 37
RNG = np.random.default_rng(0)
NUMBERS, SHARES = RNG.normal(size=(ROWS, 2)), RNG.uniform(size=(ROWS, 2))
TARGETS = {
    "squared_error": NUMBERS,
    "absolute_error": NUMBERS,
    "huber": NUMBERS,
    fanin.losses.Quantile((0.2, 0.7)): NUMBERS[:, :1],
    "poisson": np.round(3 * SHARES),
    "gamma": SHARES + 0.1,
    "logistic": SHARES,
    "softmax_cross_entropy": RNG.integers(0, 2, ROWS),
}
SMOOTH = ["identity", "logistic", "tanh", "symmetric_logistic", "softplus", "softsign"]
SMOOTH += ["gelu", "gelu_tanh", "silu", "mish"]
KINKED = ["relu", "leaky_relu", "elu", "selu", "hard_sigmoid"]


def objective_of(layers, loss="squared_error", y=NUMBERS, columns=5, trained=False, **options):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(len(y), columns))
    net = fanin.Network(columns, layers, loss=loss, dtype="float64", seed=3)
    if trained:
        net.fit(X, y, epochs=2)
    objective = net.objective(X, y, **options)
    w = objective.weights()
    return objective, w + 0.1 * rng.normal(size=w.size)


def hessian_by_differences(objective, w, h=2e-4):
    def gradient(at):
        return objective.loss_and_gradient(at)[1]

    def column(e):  # of fourth order
        near, far = (
            gradient(w + h * e) - gradient(w - h * e),
            gradient(w + 2 * h * e) - gradient(w - 2 * h * e),
        )
        return (8 * near - far) / (12 * h)

    return np.array([column(e) for e in np.eye(w.size)])


def hessian(objective, w):
    return np.array([objective.hvp(w, e) for e in np.eye(w.size)])


def check_hessian(objective, w):
    exact, expected = hessian(objective, w), hessian_by_differences(objective, w)
    assert np.abs(exact - expected).max() < 1e-8 * np.abs(expected).max()
    assert np.abs(exact - exact.T).max() < 1e-13 * np.abs(exact).max()


@pytest.mark.parametrize("activation", SMOOTH + KINKED)
def test_hessian_of_an_activation(activation):
    check_hessian(*objective_of([Dense(4, activation), Dense(3, activation), Dense(2)]))


@pytest.mark.parametrize("last", ["identity", "tanh"])
@pytest.mark.parametrize("loss", TARGETS, ids=str)
def test_hessian_of_a_loss(loss, last):
    weights = np.arange(ROWS) % 3.0
    layers = [Dense(4, "tanh"), Dense(2, last)]
    check_hessian(*objective_of(layers, loss, TARGETS[loss], sample_weight=weights, l2=0.1))


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(6, "tanh"), Residual([Dense(7, "gelu"), Dense(6)]), Activation("silu"), Dense(2)],
        [
            Dense(6, "tanh"),
            Residual([Dense(7, "gelu"), Residual([Dense(7, "tanh")]), Dense(6, "tanh")]),
            Dense(2),
        ],
        [Residual([Activation("tanh"), Dense(5, "tanh")]), Activation("tanh"), Dense(2)],
        [Activation("tanh"), Dense(6), Activation("tanh"), Activation("gelu"), Dense(2)],
        [Whiten(3), Dense(6, "tanh"), Dense(2)],
        [fanin.PiecewiseLinear(3), Dense(6, "tanh"), Dense(2)],
        [Dense(33, "tanh"), Dense(19, "gelu"), Dense(2)],
    ],
    ids=str,
)
def test_hessian_of_layers(layers):
    inputs = any(isinstance(layer, Whiten | fanin.PiecewiseLinear) for layer in layers)
    check_hessian(*objective_of(layers, trained=inputs))


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(6, "tanh", batch_norm=True), Dense(5), BatchNorm(), Activation("tanh"), Dense(2)],
        [BatchNorm(), Dense(6, "tanh"), BatchNorm(), Dense(2)],
        [Dense(5, "gelu"), Residual([BatchNorm(), Dense(5)]), Dense(2)],
    ],
    ids=str,
)
def test_batch_norm_is_frozen(layers):
    objective, w = objective_of(layers, trained=True, frozen_batch_norm=True)
    check_hessian(objective, w)
    net = objective._net
    X = np.random.default_rng(1).normal(size=(ROWS, 5))
    assert objective.loss(objective.weights()) == pytest.approx(net.evaluate(X, NUMBERS)["loss"], rel=1e-12)
    e, w = 1e-5, objective.weights()
    gradient = objective.loss_and_gradient(w)[1]
    for i in range(0, w.size, 7):
        step = e * np.eye(w.size)[i]
        slope = (objective.loss(w + step) - objective.loss(w - step)) / (2 * e)
        assert slope == pytest.approx(gradient[i], abs=1e-8)


@pytest.mark.parametrize("loss", ["squared_error", "logistic", "softmax_cross_entropy"])
def test_gauss_newton_is_made_of_jacobians(loss):
    objective, w = objective_of([Dense(6, "tanh"), Dense(2)], loss, TARGETS[loss], l2=0.5)
    J = objective.jacobian(w)
    outputs = {}
    net = objective._net
    net.set_weights(objective.named(w))
    p = net.predict(np.random.default_rng(1).normal(size=(ROWS, 5)))
    outputs["squared_error"] = np.broadcast_to(np.eye(2), (ROWS, 2, 2))
    outputs["logistic"] = np.array([np.diag(q * (1 - q)) for q in p])
    outputs["softmax_cross_entropy"] = np.array([np.diag(q) - np.outer(q, q) for q in p])
    expected = np.einsum("nip,nij,njq->pq", J, outputs[loss], J) / ROWS
    is_weight = np.concatenate(
        [np.full(a.size, a.ndim == 2) for a in map(net.get_weights().get, objective.named(w))]
    )
    expected += np.diag(0.5 * is_weight)
    G = np.array([objective.gnvp(w, e) for e in np.eye(w.size)])
    np.testing.assert_allclose(G, expected, atol=1e-13)


def test_jacobian_is_that_of_predictions():
    objective, w = objective_of([Dense(6, "tanh"), Dense(2)])
    X, net, e = np.random.default_rng(1).normal(size=(ROWS, 5)), objective._net, 1e-6

    def outputs(at):
        net.set_weights(objective.named(at))
        return net.predict(X)

    expected = [(outputs(w + e * d) - outputs(w - e * d)) / (2 * e) for d in np.eye(w.size)]
    J = objective.jacobian(w)
    np.testing.assert_allclose(J, np.stack(expected, axis=-1), atol=1e-8)
    before = objective.hvp(w, w)
    assert np.array_equal(objective.jacobian(w, [3, 1, 3]), J[[3, 1, 3]])
    assert np.array_equal(objective.hvp(w, w), before)


def test_products_in_blocks_of_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5000, 3)), rng.normal(size=(5000, 1))
    net = fanin.Network(3, [Dense(1500, "tanh"), Dense(1)], dtype="float64")
    whole, first, last = (
        net.objective(X[part], y[part]) for part in (slice(None), slice(4096), slice(4096, None))
    )
    w = whole.weights()
    v = rng.normal(size=w.size)
    for product in ("hvp", "gnvp"):
        of_whole, of_first, of_last = (getattr(part, product)(w, v) for part in (whole, first, last))
        expected = (4096 * of_first + 904 * of_last) / 5000
        np.testing.assert_allclose(of_whole, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_threads_or_on_earlier_calls(dtype):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(700, 20)), rng.integers(0, 3, 700)
    net = fanin.Network(
        20, [Dense(70, "gelu"), Dense(33, "tanh"), Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )
    v = rng.normal(size=net.objective(X, y).size)
    results = []
    for threads in (1, 2, 3):
        with fanin.num_threads(threads):
            objective = net.objective(X, y)
            w = objective.weights()
            results.append(
                [objective.hvp(w, v), objective.gnvp(w, v), objective.jacobian(w, [5]), objective.hvp(w, v)]
            )
    for result in results:
        assert np.array_equal(result[0], result[3])
        for part, other in zip(result, results[0], strict=True):
            assert np.array_equal(part, other)


@pytest.mark.parametrize("method", ["trust-ncg", "Newton-CG"])
def test_scipy_minimizes_with_products(method):
    X = np.linspace(-1, 1, 64)[:, None]
    objective = fanin.Network(1, [Dense(8, "tanh"), Dense(1)], dtype="float64").objective(X, X**2, l2=1e-4)
    found = minimize(
        objective.loss_and_gradient, objective.weights(), jac=True, hessp=objective.hvp, method=method
    )
    assert np.abs(found.jac).max() < 1e-4
    assert found.fun < 0.01


def test_products_of_weights_that_are_not_finite():
    objective, w = objective_of([Dense(4, "tanh"), Dense(2)])
    w[0] = np.nan
    assert np.isnan(objective.hvp(w, w)).all()
    assert np.isnan(objective.gnvp(w, w)).all()
    assert np.isnan(objective.jacobian(w)).any()
    assert np.isfinite(objective.hvp(np.ones_like(w), np.ones_like(w))).all()


def test_refusals():
    objective, w = objective_of([Dense(4, "tanh", batch_norm=True), Dense(2)])
    with pytest.raises(ValueError, match="network: expected no batch norm, because"):
        objective.hvp(w, w)
    with pytest.raises(ValueError, match="network: expected no dropout, because"):
        objective_of([Dense(4, "tanh"), Dropout(0.5), Dense(2)])[0].gnvp(np.ones(34), np.ones(34))
    objective, w = objective_of([Dense(4, "tanh"), Dense(2)])
    with pytest.raises(ValueError, match=r"v: expected shape \(34,\), got \(3,\)"):
        objective.hvp(w, w[:3])
    for rows in ([], [-1], [0.5], [[1]], "a"):
        with pytest.raises(ValueError, match="rows: expected a vector of numbers of rows, each at least 0"):
            objective.jacobian(w, rows)
    with pytest.raises(ValueError, match="rows: expected numbers below 37, got 37"):
        objective.jacobian(w, [37])
    with pytest.raises(ValueError, match="rows: expected at most 37, got 38"):
        objective.jacobian(w, [0] * 38)
    with pytest.raises(ValueError, match="rows: expected numbers below 37"):
        objective.jacobian(w, [2**32])
    objective, w = objective_of([fanin.PiecewiseLinear(3), Dense(3), Dense(2)], trained=True)
    with pytest.raises(ValueError, match="expected no PiecewiseLinear and no OneHot for a Jacobian"):
        objective.jacobian(w)
    with pytest.raises(TypeError, match="frozen_batch_norm: expected True or False"):
        objective_of([Dense(2)], frozen_batch_norm="yes")
