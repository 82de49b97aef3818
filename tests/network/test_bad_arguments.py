"""Invalid names, numbers and types of arguments are rejected with a message that says what was expected."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, python_prints, rule_classes

LAYERS = [fanin.Dense(4, "tanh"), fanin.Dense(3)]


def network(**options):
    return fanin.Network(**{"n_inputs": 5, "layers": LAYERS, "loss": "softmax_cross_entropy", **options})


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"n_inputs": 0}, ValueError, "n_inputs.*0"),
        ({"n_inputs": -1}, ValueError, "n_inputs.*-1"),
        ({"n_inputs": 2.5}, TypeError, "n_inputs"),
        ({"n_inputs": "5"}, TypeError, "n_inputs"),
        ({"n_inputs": None}, TypeError, "n_inputs"),
        ({"layers": []}, ValueError, "layers"),
        ({"layers": fanin.Dense(3)}, TypeError, "layers"),
        ({"layers": [64, 3]}, TypeError, "layers.*64"),
        ({"layers": [fanin.Dense]}, TypeError, "layers?"),
        ({"layers": [fanin.Dense(3), None]}, TypeError, "layers?"),
        ({"layers": None}, TypeError, "layers"),
        ({"loss": "mse"}, ValueError, "loss.*squared_error.*mse|loss.*mse.*squared_error"),
        ({"loss": None}, (TypeError, ValueError), "loss"),
        ({"n_inputs": 2**70}, ValueError, r"n_inputs: expected less than 2\^63, got 11805"),
        ({"seed": -1}, ValueError, "seed.*-1"),
        ({"seed": 2**64}, ValueError, "seed"),
        ({"seed": 1.5}, TypeError, "seed"),
        ({"seed": "0"}, TypeError, "seed"),
        ({"seed": np.random.default_rng(0)}, TypeError, "seed"),
        ({"dtype": "float16"}, (TypeError, ValueError), "dtype.*float16|float16.*dtype"),
        ({"dtype": "int32"}, (TypeError, ValueError), "dtype"),
        ({"dtype": complex}, (TypeError, ValueError), "dtype"),
        ({"dtype": "nonsense"}, (TypeError, ValueError), "nonsense"),
        ({"dtype": ">f4"}, (TypeError, ValueError), "dtype"),
    ],
    ids=str,
)
def test_a_network_refuses_wrong_arguments(options, error, words):
    with pytest.raises(error, match=words):
        network(**options)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"units": 0}, ValueError, "units.*0"),
        ({"units": -3}, ValueError, "units.*-3"),
        ({"units": 1.5}, TypeError, "units"),
        ({"units": "8"}, TypeError, "units"),
        ({"units": None}, TypeError, "units"),
        (
            {"units": 3, "activation": "sigmoid"},
            ValueError,
            "activation.*(logistic.*sigmoid|sigmoid.*logistic)",
        ),
        ({"units": 3, "activation": None}, (TypeError, ValueError), "activation"),
        ({"units": 3, "activation": np.tanh}, (TypeError, ValueError), "activation"),
        ({"units": 3, "initializer": "xavier"}, ValueError, "initializer.*(glorot.*xavier|xavier.*glorot)"),
        ({"units": 3, "initializer": 0.1}, (TypeError, ValueError), "initializer"),
    ],
    ids=str,
)
def test_a_layer_refuses_wrong_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        network(layers=[fanin.Dense(**arguments)])


@pytest.mark.parametrize(
    "shape", ["2**33, 2**33", "2**32, 2**32", "10**10, 10**5", "2**62, 4", "2**63 - 1, 1", "1, 2**63 - 1"]
)
def test_a_network_larger_than_memory_is_refused(shape):
    """In a separate process limited to 4 GiB, so that a size that wraps around fails only there."""
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
import fanin
n_inputs, units = {shape}
try:
    fanin.Network(n_inputs, [fanin.Dense(units)])
except (MemoryError, ValueError) as error:
    print("refused")
"""
    assert python_prints("-c", code, FANIN_NUM_THREADS="1") == "refused\n"


def every_hyper_parameter():
    """All that are numbers."""
    fields = [(name, field) for name, c in rule_classes().items() for field in dataclasses.fields(c)]
    return [(name, field.name) for name, field in fields if type(field.default) is float]


@pytest.mark.parametrize(("rule", "name"), every_hyper_parameter())
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (-0.1, ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        ("0.1", TypeError),
        (None, TypeError),
        ([0.1], TypeError),
    ],
    ids=str,
)
def test_a_hyper_parameter_of_a_rule_must_be_a_sensible_number(rule, name, value, error, classification):
    net = network()
    before = digest(net)
    with pytest.raises(error, match=name):
        net.fit(*classification, rule=rule_classes()[rule](**{name: value}))
    assert digest(net) == before


@pytest.mark.parametrize(
    ("rule", "name"), [("momentum", "momentum"), ("adam", "beta1"), ("adam", "beta2")], ids=lambda v: v
)
@pytest.mark.parametrize("value", [1.0, 1.5])
def test_a_decay_of_one_or_more_is_refused(rule, name, value, classification):
    with pytest.raises(ValueError, match=name):
        network().fit(*classification, rule=rule_classes()[rule](**{name: value}))


@pytest.mark.parametrize("rule", [False, b"adam", optim.Adam, 0.1, fanin.Dense(3), ["adam"]], ids=str)
def test_fit_accepts_only_a_rule_or_a_name_as_the_rule(rule, classification):
    with pytest.raises(TypeError, match="rule: expected an update rule such as"):
        network().fit(*classification, rule=rule)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"batch_size": 0}, ValueError, "batch_size.*0"),
        ({"batch_size": -32}, ValueError, "batch_size.*-32"),
        ({"batch_size": 2.5}, TypeError, "batch_size"),
        ({"batch_size": "32"}, TypeError, "batch_size"),
        ({"epochs": -1}, ValueError, "epochs.*-1"),
        ({"epochs": 1.5}, TypeError, "epochs"),
        ({"epochs": "10"}, TypeError, "epochs"),
    ],
    ids=str,
)
def test_fit_refuses_wrong_counts(options, error, words, classification):
    net = network()
    before = digest(net)
    with pytest.raises(error, match=words):
        net.fit(*classification, rule=optim.SGD(), **options)
    assert digest(net) == before


def test_counts_may_be_numpy_integers(classification):
    net = network(n_inputs=np.int64(5), layers=[fanin.Dense(np.int32(3))], seed=np.uint8(2), dtype=np.float32)
    history = net.fit(
        *classification, rule=optim.SGD(np.float32(0.5)), epochs=np.int16(2), batch_size=np.int64(9)
    )
    assert len(history.loss) == 2


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (4097, ValueError),
        (2**64, ValueError),
        (1.5, TypeError),
        ("2", TypeError),
    ],
)
def test_a_wrong_number_of_threads_is_refused(number, error, threads):
    before = fanin.get_num_threads()
    with pytest.raises(error, match=f"n: expected .*, got {number!r}"):
        threads(number)
    assert fanin.get_num_threads() == before


@pytest.mark.parametrize("kind", [optim.Rule, optim.SGD, optim.Schedule, optim.Cosine])
def test_a_user_defined_rule_or_schedule_gets_a_clear_message(kind):
    @dataclasses.dataclass(frozen=True)
    class Mine(kind):
        extra: float = 1.0

    with pytest.raises(
        TypeError, match=r"Mine: expected the name and the hyper-parameters of one of .*(sgd|cosine)"
    ):
        Mine()


def test_values_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        fanin.Dense(3).units = 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        optim.SGD().learning_rate = 0.5


def test_values_compare_and_have_a_readable_repr():
    assert fanin.Dense(3, "relu") == fanin.Dense(3, activation="relu", initializer="auto")
    assert optim.Adam(1e-3) == optim.Adam()
    assert "momentum=0.5" in repr(optim.Momentum(momentum=0.5))
