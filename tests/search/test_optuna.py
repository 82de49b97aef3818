"""Optuna prunes trials by what the callback reports after each epoch."""

from __future__ import annotations

import copy
import math
import re

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.search import OptunaPruningCallback
from helpers import python_prints, refuse_imports

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.usefixtures("quiet_optuna")

X = np.linspace(-1, 1, 40)[:, None]


def fixed():
    return optuna.trial.FixedTrial({})


def studied(objective, trials=1, **options):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), **options)
    study.optimize(objective, n_trials=trials)
    return study


def net_of_zeros():
    return fanin.Network(1, [fanin.Dense(1, initializer="zeros")])


def reports(values, fits=1):
    """The study of one trial that reports these values of a figure, one an epoch, in each of several fits."""

    def objective(trial):
        callback = OptunaPruningCallback(trial, "figure")
        for _ in range(fits):
            given = iter(values)

            def add(net, epoch, logs, given=given):
                logs["figure"] = next(given)

            net_of_zeros().fit(X, X, rule=optim.SGD(0.1), epochs=len(values), callbacks=[add, callback])
        return 0.0

    return studied(objective)


def test_each_epoch_is_reported_with_its_step_from_zero_as_pruners_assume():
    study = reports([3.0, 2.0, 2.5])
    assert study.trials[0].intermediate_values == {0: 3.0, 1: 2.0, 2: 2.5}


def test_figures_of_the_fit_are_reported_as_they_are():
    def objective(trial):
        callback = OptunaPruningCallback(trial, "val_loss")
        history = net_of_zeros().fit(
            X, X, rule=optim.SGD(0.1), epochs=3, validation_data=(X, X), callbacks=[callback]
        )
        trial.set_user_attr("val_loss", history.val_loss)
        return history.val_loss[-1]

    trial = studied(objective).trials[0]
    assert list(trial.intermediate_values.values()) == trial.user_attrs["val_loss"]


def test_bad_trials_are_pruned_and_their_networks_remain_usable():
    rates, nets = [0.1, 0.1, 0.1, 0.0], []  # a rate of 0 is worse than the median after each epoch

    def objective(trial):
        nets.append(net_of_zeros())
        callback = OptunaPruningCallback(trial, "loss")
        rule = optim.SGD(rates[trial.number])
        history = nets[-1].fit(X, X, rule=rule, epochs=5, batch_size=8, order_seed=0, callbacks=[callback])
        return history.loss[-1]

    study = studied(
        objective, trials=4, pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=2)
    )
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "COMPLETE", "COMPLETE", "PRUNED"]
    assert list(study.trials[-1].intermediate_values) == [0, 1, 2]
    assert nets[-1].predict(X).shape == (40, 1)
    assert nets[-1].fit(X, X, rule=optim.SGD(0.1), epochs=1).loss


def test_steps_continue_in_the_next_fit_with_the_same_callback():
    assert reports([2.0, 1.0], fits=2).trials[0].intermediate_values == {0: 2.0, 1: 1.0, 2: 2.0, 3: 1.0}


def test_a_deep_copy_of_a_callback_is_the_callback_itself():
    callback = OptunaPruningCallback(fixed(), "loss")
    assert copy.deepcopy([callback])[0] is callback


@pytest.mark.filterwarnings("ignore:All-NaN slice encountered:RuntimeWarning")  # of the pruner
def test_nan_is_reported_as_it_is_and_ends_the_trial():
    pruner = optuna.pruners.MedianPruner(n_startup_trials=0)
    assert math.isnan(reports([math.nan]).trials[0].intermediate_values[0])
    study = optuna.create_study(pruner=pruner)
    study.add_trial(optuna.trial.create_trial(value=0.0, intermediate_values={0: 1.0}))
    trial = study.ask()
    callback = OptunaPruningCallback(trial, "figure")
    with pytest.raises(optuna.TrialPruned, match="pruned after epoch 1"):
        callback.on_epoch_end(None, 1, {"figure": math.nan})


def test_a_trial_of_fixed_parameters_runs_to_its_end():
    callback = OptunaPruningCallback(fixed(), "loss")
    assert len(net_of_zeros().fit(X, X, rule=optim.SGD(0.1), epochs=3, callbacks=[callback]).loss) == 3


def test_a_figure_that_is_not_in_the_logs_is_rejected_with_the_names_there_are():
    callback = OptunaPruningCallback(fixed(), "val_los")
    names = "loss, val_loss, val_rmse, learning_rate, seconds"
    message = f"OptunaPruningCallback: monitor: expected one of {names}, got 'val_los'"
    with pytest.raises(ValueError, match=re.escape(message)):
        net_of_zeros().fit(X, X, rule=optim.SGD(0.1), validation_data=(X, X), callbacks=[callback])


@pytest.mark.parametrize("monitor", ["val_loss", "val_rmse"])
def test_pruning_by_validation_needs_validation_data_when_the_fit_begins(monitor):
    net = net_of_zeros()
    before = net.get_weights()
    with pytest.raises(
        ValueError, match=f"OptunaPruningCallback: {monitor} needs validation data; pass valid"
    ):
        net.fit(X, X, rule=optim.SGD(0.1), callbacks=[OptunaPruningCallback(fixed(), monitor)])
    np.testing.assert_equal(net.get_weights(), before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None, "loss"), "trial: expected an optuna.Trial, got None"),
        ((optuna.trial.FixedTrial, "loss"), "trial: expected an optuna.Trial, got <class"),
        ((fixed(), 1), "monitor: expected the name of a figure, got 1"),
    ],
    ids=["no trial", "class of trials", "monitor"],
)
def test_pruning_needs_a_trial_and_the_name_of_a_figure(arguments, message):
    with pytest.raises(TypeError, match=message):
        OptunaPruningCallback(*arguments)


@pytest.mark.parametrize(
    ("monitor", "direction", "expected"),
    [
        ("val_loss", "maximize", "a figure that rises, as the study maximizes"),
        ("val_accuracy", "minimize", "a figure that falls, as the study minimizes"),
        ("val_r2", "minimize", "a figure that falls, as the study minimizes"),
    ],
)
def test_a_figure_that_improves_against_the_direction_of_the_study_is_rejected(monitor, direction, expected):
    trial = optuna.create_study(direction=direction).ask()
    with pytest.raises(ValueError, match=f"monitor: expected {expected}, got '{monitor}'"):
        OptunaPruningCallback(trial, monitor)
    other = optuna.create_study(direction={"maximize": "minimize"}.get(direction, "maximize")).ask()
    assert OptunaPruningCallback(other, monitor).monitor == monitor


def test_without_optuna_a_message_names_the_extra_to_install(monkeypatch):
    trial = fixed()
    refuse_imports(monkeypatch, "optuna")
    with pytest.raises(
        ImportError, match=r'needs optuna, which cannot be imported; .*pip install "fanin\[optuna\]"'
    ):
        OptunaPruningCallback(trial, "loss")


def test_a_search_imports_neither_optuna_nor_scikit_learn():
    code = "import sys, fanin.search\nprint([m for m in ('optuna', 'sklearn', 'joblib') if m in sys.modules])"
    assert python_prints("-c", code) == "[]\n"
