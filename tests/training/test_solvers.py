"""Fits by solvers: LBFGS and ConjugateGradient."""

import pickle

import numpy as np
import pytest
from scipy.optimize import minimize

import fanin
from fanin import optim

SOLVERS = [optim.LBFGS(), optim.ConjugateGradient(), optim.ConjugateGradient(beta="polak_ribiere")]
X = np.linspace(-1, 1, 200)[:, None]
Y = np.sin(3 * X)


def new_net(dtype="float64", seed=0, units=10):
    return fanin.Network(1, [fanin.Dense(units, "tanh"), fanin.Dense(1)], dtype=dtype, seed=seed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_fit_until_the_solver_ends(solver, dtype):
    net = new_net(dtype)
    history = net.fit(X, Y, rule=solver)
    assert history.ended in ("small_gradient", "small_decrease", "no_descent")
    assert history.stopped_epoch == len(history.loss) < 1000
    assert history.loss[-1] == pytest.approx(net.evaluate(X, Y)["loss"], rel=1e-5)
    assert history.loss[-1] < 1e-3
    assert len(history.gradient) == len(history.evaluations) == len(history.loss)
    assert history.ended.replace("_", " ") in repr(history)
    assert history.to_dict()["evaluations"] == history.evaluations


def test_lbfgs_takes_no_more_evaluations_than_scipy():
    shares = []
    for seed in range(30):  # of which some lead both to the same minimum
        objective = new_net(seed=seed).objective(X, Y)
        options = {"maxcor": 10, "ftol": 0, "gtol": 1e-4, "maxiter": 1000}
        found = minimize(
            objective.loss_and_gradient, objective.weights(), jac=True, method="L-BFGS-B", options=options
        )
        net = new_net(seed=seed)
        solver = optim.LBFGS(gradient_tolerance=1e-4, loss_tolerance=0)
        history = net.fit(X, Y, rule=solver)
        reached = np.flatnonzero(np.array(history.loss) <= found.fun * 1.05)
        if len(reached):
            shares.append(sum(history.evaluations[: reached[0] + 1]) / found.nfev)
    assert len(shares) >= 10
    assert np.median(shares) < 1.1


@pytest.mark.parametrize("solver", SOLVERS[:2], ids=repr)
def test_bits_of_a_solver_do_not_depend_on_threads(solver):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(1000, 20)).astype(np.float32), rng.integers(0, 3, 1000)
    weights = []
    for threads in (1, 2, 3):
        net = fanin.Network(20, [fanin.Dense(32, "relu"), fanin.Dense(3)], loss="softmax_cross_entropy")
        with fanin.num_threads(threads):
            net.fit(*data, rule=solver, epochs=15)
        weights.append(net.get_weights())
    for others in weights[1:]:
        for name, array in weights[0].items():
            np.testing.assert_array_equal(array, others[name])


def test_l2_of_a_solver_pulls_weights_to_zero_but_not_biases():
    net = new_net()
    history = net.fit(X, Y + 5, rule=optim.LBFGS(l2=10.0))
    weights = net.get_weights()
    assert np.abs(weights["layer1.weight"]).max() < 1e-2
    assert weights["layer2.bias"][0] == pytest.approx(5, abs=1e-3)
    assert history.loss[-1] == pytest.approx(net.evaluate(X, Y + 5)["loss"], rel=1e-6)  # without the penalty


def test_linear_least_squares_with_weights_are_solved():
    rng = np.random.default_rng(1)
    features, weight = rng.normal(size=(50, 4)), rng.uniform(0.1, 2, 50)
    y = features @ [1.0, -2, 3, 0] + rng.normal(size=50)
    ones = np.column_stack([features, np.ones(50)])
    expected = np.linalg.solve(ones.T @ (weight[:, None] * ones), ones.T @ (weight * y))
    for solver in SOLVERS:
        net = fanin.Network(4, [fanin.Dense(1)], dtype="float64")
        exact = type(solver)(gradient_tolerance=1e-10, loss_tolerance=0)
        net.fit(features, y, rule=exact, sample_weight=weight)
        found = np.append(net.get_weights()["layer1.weight"], net.get_weights()["layer1.bias"])
        np.testing.assert_allclose(found, expected, atol=1e-8)


def test_a_solver_with_layers_of_inputs_validation_and_callbacks():
    rng = np.random.default_rng(2)
    features, labels = 1000 + 50 * rng.normal(size=(300, 5)), rng.integers(0, 2, 300)
    layers = [fanin.Standardize(), fanin.Dense(8, "tanh"), fanin.Dense(1, bias_initializer="base_rate")]
    net = fanin.Network(5, layers, loss="logistic")
    seen = []

    def note(net, epoch, logs):
        seen.append((logs["gradient"], logs["evaluations"], logs["val_loss"]))

    history = net.fit(
        features,
        labels,
        rule="lbfgs",
        validation_fraction=0.3,
        class_weight="balanced",
        callbacks=[note, fanin.EarlyStopping(patience=3)],
    )
    assert len(seen) == len(history.loss) == len(history.val_loss)
    assert history.best_epoch is not None
    assert history.ended is None
    loaded = (
        fanin.from_bytes(net.to_bytes()) if hasattr(fanin, "from_bytes") else pickle.loads(pickle.dumps(net))
    )
    np.testing.assert_array_equal(loaded.predict(features), net.predict(features))


def test_rules_and_solvers_take_turns():
    net = new_net()
    net.fit(X, Y, rule="adam", epochs=5)
    before = net.evaluate(X, Y)["loss"]
    net.fit(X, Y, rule="conjugate_gradient", epochs=5)
    between = net.evaluate(X, Y)["loss"]
    assert between < before
    assert net.rule == optim.ConjugateGradient()
    net.fit(X, Y, rule=optim.Nesterov(0.01), epochs=5)
    assert net.evaluate(X, Y)["loss"] < 2 * between


def test_limits_of_a_fit_by_a_solver():
    assert len(new_net().fit(X, Y, rule="lbfgs", epochs=4).loss) == 4
    history = new_net().fit(X, Y, rule="lbfgs", max_steps=3)
    assert (history.stopped_epoch, history.ended) == (3, None)
    assert len(new_net().fit(X, Y, rule="lbfgs", max_time=1e-9).loss) == 1
    assert new_net().fit(X, Y, rule="lbfgs", epochs=0).loss == []


def test_an_unknown_name_of_a_rule_lists_the_solvers_too():
    with pytest.raises(
        ValueError, match=r"rule: expected one of sgd, .*, lbfgs, conjugate_gradient, .*, got 'lbfg'"
    ):
        new_net().fit(X, Y, rule="lbfg")


def test_solvers_are_refused_elsewhere():
    net, solver = new_net(), optim.LBFGS()
    with pytest.raises(TypeError, match=r"got LBFGS, a solver, which only Network\.fit takes"):
        optim.Optimizer(solver, [np.ones(3)])
    with pytest.raises(TypeError, match="a solver"):
        optim.Around(solver, l2=0.1)
    with pytest.raises(ValueError, match="needs all samples at once, which fit_chunks does not have"):
        net.fit_chunks([(X, Y)], rule=solver)
    with pytest.raises(ValueError, match="uses all threads for one network; fit the networks in turn"):
        fanin.train_together([(net, X, Y, {"rule": solver})])
    with pytest.raises(ValueError, match="expected a rule with a learning rate, got LBFGS"):
        fanin.find_rate(net, X, Y, rule=solver)
    for layer in (fanin.BatchNorm(), fanin.Dropout(0.5)):
        other = fanin.Network(1, [fanin.Dense(4), layer, fanin.Dense(1)])
        with pytest.raises(ValueError, match="a solver needs the same function in every iteration"):
            other.fit(X, Y, rule=solver)


@pytest.mark.parametrize(
    ("hyper_parameters", "error", "message"),
    [
        ({"memory": 0}, ValueError, "memory: expected"),
        ({"memory": 1.5}, TypeError, "memory: expected"),
        ({"l2": -1}, ValueError, r"l2: expected a number in \[0, infinity\), got -1"),
        ({"loss_tolerance": np.nan}, ValueError, "loss_tolerance: expected a finite number"),
    ],
)
def test_hyper_parameters_of_solvers_are_checked(hyper_parameters, error, message):
    with pytest.raises(error, match=message):
        optim.LBFGS(**hyper_parameters)
    with pytest.raises(ValueError, match="beta: expected"):
        optim.ConjugateGradient(beta="fletcher_reeves")


def test_a_loss_that_is_not_finite_at_the_start():
    net = new_net("float32")
    net.set_weights(net.get_weights() | {"layer2.weight": np.full((10, 1), 3e38, np.float32)})
    with pytest.raises(fanin.DivergedError, match="not finite at the weights a solver starts from"):
        net.fit(X, Y, rule=optim.LBFGS())
    net.fit(X, 0 * Y, rule="sgd", epochs=0)  # it is free again


def test_huge_memory_takes_what_the_iterations_need():
    assert new_net().fit(X, Y, rule=optim.LBFGS(memory=10**12), epochs=20).loss[-1] < 0.1
