"""What works in a fit by a solver, and what is refused because it takes all samples at once."""

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.training.history import History
from fanin.training.settings import Settings
from fanin.training.solver_fit import SolverFit
from helpers import python_prints
from systems import posix

X = np.linspace(-1, 1, 60)[:, None]
LABELS = (np.arange(60) % 5 == 0).astype(int)
SOLVERS = [optim.LBFGS(), optim.ConjugateGradient()]


def new_net():
    layers = [fanin.Standardize(), fanin.Dense(6, "tanh"), fanin.Dense(2)]
    return fanin.Network(1, layers, "softmax_cross_entropy", dtype="float64")


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.kind)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"batch_size": 32},
            "batch_size: expected None, the default, because {} takes all samples at once; got 32",
        ),
        ({"batch_size": 60}, "batch_size: expected None"),
        ({"batch_size": 0}, "batch_size: expected at least 1, got 0"),
        (
            {"batches": "in_order"},
            "batches: expected 'shuffled', the default, because {} takes all .* got 'in_order'",
        ),
        ({"batches": "stratified"}, "batches: expected 'shuffled'"),
        ({"batches": "balanced"}, "batches: expected 'shuffled'"),
        (
            {"order_seed": 3},
            "order_seed: expected None, the default, because {} takes all samples at once; got 3",
        ),
        ({"order_seed": 3, "validation_fraction": 0.2}, "order_seed: expected None"),
        (
            {"callbacks": [fanin.ReduceOnPlateau(monitor="loss")]},
            "expected a rule with a learning rate, got {}",
        ),
    ],
)
def test_arguments_without_a_meaning_for_a_solver_are_refused(solver, arguments, message):
    net = new_net()
    before = net.to_bytes()
    with pytest.raises(ValueError, match=message.format(solver.kind)):
        net.fit(X, LABELS, rule=solver, **arguments)
    assert net.to_bytes() == before


def test_a_rule_has_batches_of_32_by_default():
    assert Settings(optim.Adam()).batch_size == 32
    one, other = new_net(), new_net()
    one.fit(X, LABELS, epochs=2)
    other.fit(X, LABELS, epochs=2, batch_size=32)
    assert one.to_bytes() == other.to_bytes()


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.kind)
@pytest.mark.parametrize(
    "arguments",
    [
        {"class_weight": "balanced"},
        {"class_weight": {0: 1, 1: 5}},
        {"sample_weight": np.linspace(0, 1, 60)},
        {"validation_data": (X, LABELS)},
        {"validation_fraction": 0.25},
        {"validation_fraction": 0.25, "validation_split": "stratified", "order_seed": 9},
        {"max_time": 60.0, "epochs": 4},
        {"max_steps": 4},
        {"callbacks": [fanin.EarlyStopping(monitor="loss", patience=2)]},
    ],
    ids=lambda arguments: "-".join(arguments),
)
def test_other_arguments_work_with_a_solver(solver, arguments):
    net = new_net()
    history = net.fit(X, LABELS, **{"rule": solver, "epochs": 4} | arguments)
    assert len(history.loss) == len(history.gradient) == 4
    assert history.loss[-1] < history.loss[0]
    validates = any(name.startswith("validation_") for name in arguments)
    assert len(history.val_loss) == 4 * validates
    assert history.steps == 4
    repeated = new_net()
    repeated.fit(X, LABELS, **{"rule": solver, "epochs": 9} | arguments | {"max_steps": history.steps})
    assert repeated.get_weights().keys() == net.get_weights().keys()
    for name, array in net.get_weights().items():
        np.testing.assert_array_equal(array, repeated.get_weights()[name])


def test_verbose_prints_what_a_solver_did(capsys):
    history = new_net().fit(X, LABELS, rule=optim.LBFGS(), epochs=2, verbose=True)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch 1/2: loss ")
    assert f"gradient {history.gradient[1]:.4g}, evaluations {history.evaluations[1]}" in second


def test_a_rate_factor_of_a_callback_is_refused():
    class Halves:
        def on_fit_begin(self, net, history):
            history.rate_factor = 0.5

        def on_epoch_end(self, net, epoch, logs):
            pass

    with pytest.raises(ValueError, match="rate_factor: expected 1, because LBFGS has no learning rate"):
        new_net().fit(X, LABELS, rule=optim.LBFGS(), callbacks=[Halves()])


class Damped:
    """A training by a solver that damps, and one that estimates parameters too."""

    loss, learning_rate, ended = 1.0, 0.5, None
    vector_targets = False

    def __init__(self, *figures):
        self.figures = list(figures)

    def epoch(self, name, values):
        self.iteration = (1.0, 2, *self.figures.pop(0))
        return self


def test_damping_and_effective_parameters_are_columns_of_solvers_that_have_them():
    net = new_net()
    fit = SolverFit(net, Settings(optim.LBFGS()), None, {})
    training = Damped((0.5, 0.0), (0.0, 0.0), (0.25, 0.0))
    for _ in range(3):
        fit.epoch(training)
        fit.history.append({"loss": 1.0, "learning_rate": 1.0, "seconds": 0.0, **fit._figures})
    assert fit.history.damping == [0.5, 0.0, 0.25]
    assert fit.history.effective_parameters == []
    assert set(fit.history.to_dict()) >= {"gradient", "evaluations", "damping", "ended"}
    assert "effective_parameters" not in fit.history.to_dict()
    history = net.fit(X, LABELS, rule=optim.LBFGS(), epochs=2)
    assert history.damping == []
    assert "damping" not in history.to_dict()


def test_a_history_of_a_rule_has_no_columns_of_solvers():
    assert not {"gradient", "ended"} & History("rmse").to_dict().keys()


CONTROL_C = """
import os, signal, threading
import numpy as np
import fanin
signal.signal(signal.SIGINT, signal.default_int_handler)
X, y = np.random.default_rng(0).normal(size=(200_000, 20)), np.arange(200_000) % 2
net = fanin.Network(20, [fanin.Dense(64, "tanh"), fanin.Dense(2)], "softmax_cross_entropy")
net.fit(X[:500], y[:500], rule="lbfgs", epochs=2)
before = net.to_bytes()
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    net.fit(X, y, rule=fanin.optim.LBFGS(gradient_tolerance=0, loss_tolerance=0), epochs=10**6)
except KeyboardInterrupt:
    history = net.fit(X[:500], y[:500], rule="lbfgs", epochs=2)
    print(net.rule.kind, np.isfinite(history.loss).all())
"""


@posix
def test_ctrl_c_in_an_iteration_leaves_a_network_that_can_go_on():
    assert python_prints("-c", CONTROL_C).split() == ["LBFGS", "True"]
