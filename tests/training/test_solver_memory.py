"""What a solver knows stays with the network, between fits and in files."""

import copy
import pickle

import numpy as np
import pytest

import fanin
from edited_files import edited, set_in
from fanin import optim

SOLVERS = [
    optim.LBFGS(memory=4),
    optim.LBFGS(l2=1e-3),
    optim.ConjugateGradient(),
    optim.ConjugateGradient(beta="polak_ribiere", l2=1e-4),
]
X = np.linspace(-1, 1, 64)[:, None]
Y = np.sin(3 * X)
TRAINED = {"rule": optim.LBFGS(), "epochs": 6}


def new_net(dtype="float64"):
    return fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)], dtype=dtype)


def trained(solver=TRAINED["rule"], epochs=TRAINED["epochs"], dtype="float64"):
    net = new_net(dtype)
    net.fit(X, Y, rule=solver, epochs=epochs)
    return net


def saved(net, tmp_path):
    net.save(tmp_path / "net")
    return fanin.load(tmp_path / "net")


WAYS = {
    "the same": lambda net, _: net,
    "saved": saved,
    "pickled": lambda net, _: pickle.loads(pickle.dumps(net)),
    "copied": lambda net, _: copy.deepcopy(net).copy(),
}


def assert_goes_on(net, rule, *, knowing):
    """Compare another fit with that of a network with the same weights that knows nothing."""
    fresh = net.copy()
    fresh.set_weights(net.get_weights())
    for one in (net, fresh):
        one.fit(X, Y, rule=rule, epochs=2)
    same = all(np.array_equal(a, fresh.get_weights()[name]) for name, a in net.get_weights().items())
    assert same != knowing


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_ten_iterations_and_ten_more_are_twenty(solver, dtype, way, tmp_path):
    at_once, halves = trained(solver, 20, dtype), trained(solver, 10, dtype)
    resumed = WAYS[way](halves, tmp_path)
    assert resumed.rule == solver
    resumed.fit(X, Y, rule=resumed.rule, epochs=10)
    assert resumed.to_bytes() == at_once.to_bytes()


@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
def test_a_solver_goes_on_from_what_a_callback_has_saved(solver):
    files = []

    def save(net, epoch, logs):
        files.append(net.to_bytes())

    net = new_net()
    net.fit(X, Y, rule=solver, epochs=12, callbacks=[save])
    assert files[-1] == net.to_bytes()
    resumed = fanin.Network.from_bytes(files[4])
    resumed.fit(X, Y, rule=solver, epochs=7)
    assert resumed.to_bytes() == net.to_bytes()


def test_ctrl_c_keeps_what_a_solver_knows():
    def interrupt(net, epoch, logs):
        if epoch == 5:
            raise KeyboardInterrupt

    net = new_net()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, rule=optim.LBFGS(), epochs=12, callbacks=[interrupt])
    net.fit(X, Y, rule=optim.LBFGS(), epochs=7)
    assert net.to_bytes() == trained(epochs=12).to_bytes()


@pytest.mark.parametrize(
    ("rule", "knowing"),
    [
        (optim.LBFGS(gradient_tolerance=1e-9, loss_tolerance=0), True),
        (optim.LBFGS(memory=11), False),
        (optim.LBFGS(l2=1e-6), False),
        (optim.ConjugateGradient(), False),
    ],
    ids=repr,
)
def test_only_tolerances_may_change(rule, knowing):
    assert_goes_on(trained(), rule, knowing=knowing)


def test_other_data_keep_what_a_solver_knows():
    net, fresh = trained(), trained()
    fresh.set_weights(net.get_weights())
    histories = [one.fit(X, Y + 0.1, **TRAINED) for one in (net, fresh)]
    assert histories[0].loss != histories[1].loss
    assert all(history.loss[-1] < history.loss[0] for history in histories)


def drop_by_weights(net):
    net.set_weights(net.get_weights())


def drop_by_a_rule(net):
    net.fit(X, Y, rule=optim.SGD(0.0), epochs=1)


def drop_by_early_stopping(net):
    stops = fanin.EarlyStopping(patience=1, min_delta=1e9)
    history = net.fit(X, Y, **TRAINED, validation_data=(X, Y), callbacks=[stops])
    assert (history.best_epoch, history.stopped_epoch) == (1, 2)


@pytest.mark.parametrize("drop", [drop_by_weights, drop_by_a_rule, drop_by_early_stopping])
def test_a_solver_forgets_when_its_weights_have_changed(drop):
    net = trained()
    drop(net)
    assert not isinstance(net.rule, optim.Solver)
    assert_goes_on(net, optim.LBFGS(), knowing=False)


def test_early_stopping_at_the_best_epoch_keeps_what_a_solver_knows():
    net = new_net()
    net.fit(X, Y, **TRAINED, validation_data=(X, Y), callbacks=[fanin.EarlyStopping(patience=50)])
    assert net.to_bytes() == trained().to_bytes()


def test_a_fit_that_cannot_start_forgets_nothing():
    net = trained()
    before = net.to_bytes()
    with pytest.raises(fanin.DivergedError, match="not finite at the weights a solver starts from"):
        net.fit(X, np.full_like(Y, 1e200), **TRAINED)
    assert net.to_bytes() == before


def test_a_solver_drops_the_state_of_a_rule():
    net = new_net()
    net.fit(X, Y, rule="adam", epochs=2)
    net.fit(X, Y, **TRAINED)
    assert net.rule == TRAINED["rule"]
    assert b"rule.m" not in net.to_bytes()


def describe(**changes):
    def change(_, description):
        description["training"]["solver"].update(changes)

    return change


def test_vectors_that_are_not_finite_are_refused():
    file = trained().to_bytes()
    nan = np.float64(np.nan).tobytes()
    with pytest.raises(ValueError, match="training: solver: expected finite vectors, got nan"):
        fanin.Network.from_bytes(file[: -len(nan)] + nan)


def without_the_tensor(header, _):
    del header["solver.vectors"]


def of_another_size(header, _):
    header["solver.vectors"]["shape"] = [25, 12]


@pytest.mark.parametrize(
    ("net", "change", "message"),
    [
        (trained(), describe(vectors=2**52), r'"solver\.vectors": expected shape'),
        (trained(), describe(vectors=0), r'"solver\.vectors"'),
        (trained(), of_another_size, r'"solver\.vectors": expected shape \(12, 25\)'),
        (trained(), without_the_tensor, "expected 200 bytes of tensors, got 2600"),
        (
            trained(),
            describe(numbers=[1]),
            "training: solver: lbfgs: expected at most 10 pairs of vectors, got 12",
        ),
        (trained(), describe(method={"name": "lbfgs", "memory": 2}), "expected at most 2 pairs of vectors"),
        (trained(), describe(method={"name": "lbfgs", "memory": 0}), "solver: memory: expected a number in"),
        (trained(), describe(method={"name": "newton"}), "a name known to this version of fanin"),
        (trained(), describe(method={"name": "lbfgs", "colour": 1}), "colour"),
        (trained(), describe(l2=-1), r"solver: l2: expected a number in \[0, infinity\), got -1"),
        (trained(), describe(vectors=-1), "vectors: expected"),
        (trained(), describe(numbers=["inf"]), "solver: expected finite numbers, got inf"),
        (trained(), describe(extra=1), "extra"),
        (trained(), set_in("training", "solver", 3), "solver: expected"),
        (
            trained(optim.ConjugateGradient()),
            describe(numbers=[-1, 0]),
            "conjugate_gradient: expected a length of at least 0, beta and at most 1 vector, got 2 numbers and 1",
        ),
        (trained(optim.ConjugateGradient()), describe(numbers=[1]), "got 1 numbers and 1 vectors"),
    ],
)
def test_invalid_memories_of_solvers_in_files_are_refused(net, change, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network.from_bytes(edited(change, net))


def test_the_state_of_a_rule_and_of_a_solver_exclude_each_other():
    by_a_rule = new_net()
    by_a_rule.fit(X, Y, rule=optim.SGD(0.1), epochs=1)
    solver = {"method": {"name": "lbfgs"}, "l2": 0, "numbers": [], "vectors": 0}
    with pytest.raises(ValueError, match="training: expected a method or a solver, got both"):
        fanin.Network.from_bytes(edited(set_in("training", "solver", solver), by_a_rule))


def test_pairs_without_curvature_are_refused():
    net = trained(epochs=2)
    file = bytearray(net.to_bytes())
    half = 8 * net.n_parameters
    file[-half:] = file[-2 * half : -half]
    file[-2 * half : -half] = (-np.frombuffer(bytes(file[-half:]))).tobytes()
    with pytest.raises(ValueError, match=r"lbfgs: expected vectors with s'y > 2\.2e-16 y'y"):
        fanin.Network.from_bytes(bytes(file))
