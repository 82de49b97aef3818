"""Fits by LevenbergMarquardt and HessianFree."""

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import fanin
from fanin import Dense, optim

X = np.linspace(-1, 1, 300)[:, None]
SINC = np.sinc(10 * X / np.pi)


def new_net(units=20, seed=0, **options):
    return fanin.Network(1, [Dense(units, "tanh"), Dense(1)], seed=seed, **{"dtype": "float64", **options})


def mean_squared_error(net, x, y):
    return float(np.mean((net.predict(x) - y) ** 2))


def iris():
    data, labels = load_iris(return_X_y=True)
    return (data - data.mean(axis=0)) / data.std(axis=0), labels


def test_levenberg_marquardt_on_sinc():
    errors = []
    for seed in range(10):
        net = new_net(seed=seed)
        history = net.fit(X, SINC, rule=optim.LevenbergMarquardt(), epochs=300)
        errors.append(mean_squared_error(net, X, SINC))
        assert errors[-1] == pytest.approx(2 * history.loss[-1], rel=1e-6)
        assert len(history.damping) == len(history.gradient) == len(history.loss)
        assert sorted(history.loss, reverse=True) == history.loss
    assert np.median(errors) <= 1e-7


def test_levenberg_marquardt_on_a_period_of_a_sine():
    # "Choose a Multilayer Neural Network Training Function" in MathWorks' documentation: a net 1-5-1, from 30
    # different starts, to a mean squared error of 0.002
    x = np.linspace(-1, 1, 41)[:, None]
    y = np.sin(np.pi * x)
    solves = []
    for seed in range(30):
        net = new_net(5, seed)
        net.fit(x, y, rule=optim.LevenbergMarquardt(), epochs=100)
        assert mean_squared_error(net, x, y) <= 0.002
        losses = 2 * np.array(new_net(5, seed).fit(x, y, rule=optim.LevenbergMarquardt(), epochs=40).loss)
        solves.append(int(np.argmax(losses <= 0.002)) + 1 if (losses <= 0.002).any() else 100)
    assert np.median(solves) <= 20


def test_levenberg_marquardt_with_fewer_residuals_than_weights():
    x = np.linspace(-1, 1, 12)[:, None]
    y = np.column_stack([np.sin(5 * x[:, 0]), np.cos(4 * x[:, 0])])
    net = fanin.Network(1, [Dense(20, "tanh"), Dense(2)], dtype="float64")
    net.fit(x, y, sample_weight=np.arange(1.0, 13), rule=optim.LevenbergMarquardt(), epochs=100)
    assert mean_squared_error(net, x, y) < 1e-10


def test_levenberg_marquardt_solves_a_ridge_regression():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), rng.normal(size=(50, 1))
    net = fanin.Network(4, [Dense(1)], dtype="float64")
    net.fit(x, y, rule=optim.LevenbergMarquardt(l2=0.3), epochs=30)
    design = np.column_stack([x, np.ones(50)])
    expected = np.linalg.solve(design.T @ design / 50 + np.diag([0.3] * 4 + [0]), design.T @ y / 50)
    weights = net.get_weights()
    np.testing.assert_allclose(weights["layer1.weight"], expected[:4], atol=1e-7)
    np.testing.assert_allclose(weights["layer1.bias"].ravel(), expected[4], atol=1e-7)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "logistic"])
def test_levenberg_marquardt_on_classes(loss):
    data, labels = iris()
    y = labels if loss == "softmax_cross_entropy" else np.eye(3)[labels]
    losses = {}
    for rule in (optim.LevenbergMarquardt(l2=1e-3), optim.LBFGS(l2=1e-3, loss_tolerance=0)):
        net = fanin.Network(4, [Dense(8, "tanh"), Dense(3)], loss=loss, dtype="float64")
        net.fit(data, y, rule=rule, epochs=200)
        weights = [a for a in net.get_weights().values() if a.ndim == 2]
        penalty = 0.5e-3 * sum(float(np.sum(w**2)) for w in weights)
        losses[rule.name] = net.evaluate(data, y)["loss"] + penalty
    assert losses["levenberg_marquardt"] < 1.05 * losses["lbfgs"]


def test_effective_parameters_do_not_grow_with_units():
    rng = np.random.default_rng(2)
    x = np.linspace(-1, 1, 100)[:, None]
    y = np.sin(2 * np.pi * x) + 0.1 * rng.normal(size=x.shape)
    effective = []
    for units in (6, 12):
        net = new_net(units)
        history = net.fit(x, y, rule=optim.LevenbergMarquardt(regularization="bayes"), epochs=300)
        effective.append(history.effective_parameters[-1])
        assert mean_squared_error(net, x, np.sin(2 * np.pi * x)) < 0.003
    assert effective[1] == pytest.approx(effective[0], rel=0.25)
    assert effective[1] < 15


def test_levenberg_marquardt_early_stopping():
    rng = np.random.default_rng(0)
    x, y = X[::10], SINC[::10] + 0.2 * rng.normal(size=(30, 1))
    net = new_net()
    stop = fanin.EarlyStopping(patience=6)
    history = net.fit(
        x, y, rule=optim.LevenbergMarquardt(), epochs=300, validation_data=(X, SINC), callbacks=[stop]
    )
    assert len(history.loss) < 300
    assert net.evaluate(X, SINC)["loss"] == pytest.approx(min(history.val_loss))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hessian_free(dtype):
    data, labels = load_digits(return_X_y=True)
    data = data / 16
    layers = [Dense(40, "tanh"), Dense(20, "tanh"), Dense(10)]
    losses = {}
    for rule, epochs in ((optim.HessianFree(l2=1e-4, sample=0.3), 25), (optim.LBFGS(l2=1e-4), 25)):
        net = fanin.Network(64, layers, loss="softmax_cross_entropy", dtype=dtype)
        history = net.fit(data, labels, rule=rule, epochs=epochs)
        losses[rule.name] = history.loss[-1]
        assert history.loss[-1] < history.loss[0]
    assert losses["hessian_free"] < losses["lbfgs"]


def test_bits_of_curvature_solvers_do_not_depend_on_threads():
    data, labels = iris()
    for rule in (optim.LevenbergMarquardt(), optim.HessianFree(sample=0.5)):
        weights = []
        for threads in (1, 2, 3):
            net = fanin.Network(
                4, [Dense(8, "tanh"), Dense(3)], loss="softmax_cross_entropy", dtype="float64"
            )
            with fanin.num_threads(threads):
                net.fit(data, labels, rule=rule, epochs=8)
            weights.append(np.concatenate([a.ravel() for a in net.get_weights().values()]))
        assert np.array_equal(weights[0], weights[1])
        assert np.array_equal(weights[0], weights[2])


@pytest.mark.parametrize(
    "rule",
    [
        optim.LevenbergMarquardt(),
        optim.LevenbergMarquardt(regularization="bayes"),
        optim.LevenbergMarquardt(geodesic=False, l2=0.1),
        optim.HessianFree(sample=0.3),
    ],
    ids=repr,
)
def test_curvature_solvers_resume_exactly(rule, tmp_path):
    whole, parts = new_net(), new_net()
    whole.fit(X, SINC, rule=rule, epochs=12)
    parts.fit(X, SINC, rule=rule, epochs=6)
    parts.save(tmp_path / "net")
    parts = fanin.load(tmp_path / "net")
    parts.fit(X, SINC, rule=rule, epochs=6)
    for name, array in whole.get_weights().items():
        assert np.array_equal(array, parts.get_weights()[name]), name


def test_curvature_solvers_refuse_what_they_cannot_train():
    lm, bayes = optim.LevenbergMarquardt(), optim.LevenbergMarquardt(regularization="bayes")

    def fit(net, rule, y=SINC):
        net.fit(X, y, rule=rule, epochs=2)

    with pytest.raises(ValueError, match="dtype: expected float64 with levenberg_marquardt"):
        fit(new_net(dtype="float32"), lm)
    with pytest.raises(
        ValueError, match=r"expected squared_error, softmax_cross_entropy or logistic.*got huber"
    ):
        fit(new_net(loss="huber"), lm)
    with pytest.raises(ValueError, match="expected squared_error with regularization bayes, got logistic"):
        fit(new_net(loss="logistic"), bayes, (SINC > 0).astype(float))
    with pytest.raises(ValueError, match="l2: expected 0 with regularization bayes"):
        fit(new_net(), optim.LevenbergMarquardt(regularization="bayes", l2=0.1))
    with pytest.raises(
        ValueError, match=r"network: expected at most 5000 weights with levenberg_marquardt.*got 6001"
    ):
        fit(new_net(2000), lm)
    coded = fanin.Network(1, [fanin.PiecewiseLinear(4), Dense(3, "tanh"), Dense(1)], dtype="float64")
    for rule in (lm, optim.HessianFree()):
        with pytest.raises(ValueError, match="network: expected no PiecewiseLinear and no OneHot with"):
            fit(coded, rule)
        normed = fanin.Network(1, [Dense(3, "tanh", batch_norm=True), Dense(1)], dtype="float64")
        with pytest.raises(ValueError, match="expected no batch norm"):
            fit(normed, rule)


def test_curvature_solvers_at_a_start_that_is_not_finite():
    for rule in (optim.LevenbergMarquardt(), optim.HessianFree()):
        net = new_net()
        weights = net.get_weights()
        weights["layer1.weight"][0, 0] = 1e300
        weights["layer2.weight"][0, 0] = 1e300
        net.set_weights(weights)
        with pytest.raises(fanin.DivergedError, match="not finite at the weights a solver starts from"):
            net.fit(X, SINC, rule=rule, epochs=2)


def test_curvature_solvers_end_at_once_without_a_gradient():
    for rule in (optim.LevenbergMarquardt(), optim.HessianFree()):
        net = fanin.Network(1, [Dense(1, initializer="zeros")], dtype="float64")
        history = net.fit(X, np.zeros_like(X), rule=rule)
        assert history.ended == "small_gradient"
        assert len(history.loss) <= 1
