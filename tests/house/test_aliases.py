"""Names from other libraries are rejected, and the message suggests fanin's name."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import _core, aliases, initializers, losses, optim
from fanin import functional as F
from helpers import rule_classes


def refused(use, words):
    with pytest.raises((TypeError, ValueError), match=re.escape(words) + "$"):
        use()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sigmoid", 'write "logistic"'),
        ("ReLU", 'write "relu"'),
        ("LeakyReLU", 'write "leaky_relu"'),
        ("swish", 'write "silu"'),
        ("Swish", 'write "silu"'),
        ("linear", 'write "identity"'),
        ("softmax", 'leave the last layer "identity" and choose the loss "softmax_cross_entropy"'),
    ],
)
def test_the_error_for_another_librarys_activation_suggests_the_name(name, words):
    words = f"got {name!r}; {words}" if name != "softmax" else words
    refused(lambda: fanin.Dense(3, name), words)
    refused(lambda: fanin.Activation(name), words)
    refused(lambda: F.activation([1.0], name), words)
    refused(lambda: F.activation_backward([1.0], [1.0], name), words)
    refused(lambda: F.dense([[1.0]], [[1.0]], activation=name), words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mse", 'write "squared_error"'),
        ("MSELoss", 'write "squared_error"'),
        ("mae", 'write "absolute_error"'),
        ("mean_absolute_error", 'write "absolute_error"'),
        (
            "cross_entropy",
            'write "softmax_cross_entropy" for classes, "logistic" for independent binary outputs',
        ),
        ("sparse_categorical_crossentropy", 'write "softmax_cross_entropy"'),
        ("binary_crossentropy", 'write "logistic"'),
        ("Huber", 'write "huber"'),
    ],
)
def test_the_error_for_another_librarys_loss_suggests_the_name(name, words):
    words = f"got {name!r}; {words}"
    refused(lambda: fanin.Network(1, [fanin.Dense(2)], name), words)
    refused(lambda: F.loss([[1.0]], [1.0], name), words)
    refused(lambda: F.loss_gradient([[1.0]], [1.0], name), words)
    refused(lambda: F.loss_outputs([[1.0]], name), words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("xavier", 'write "glorot_uniform"'),
        ("xavier_normal_", 'write "glorot_normal"'),
        ("kaiming", 'write "he_normal"'),
        ("kaiming_uniform", 'write "he_uniform"'),
        ("GlorotUniform", 'write "glorot_uniform"'),
        ("random_normal", 'choose one by its scale, such as "he_normal" or "lecun_uniform"'),
        ("ones", "write initializers.Constant(1.0)"),
    ],
)
def test_the_error_for_another_librarys_initializer_suggests_the_name(name, words):
    for argument in ("initializer", "bias_initializer"):
        refused(lambda argument=argument: fanin.Dense(3, **{argument: name}), f"got {name!r}; {words}")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("Adam", "got 'Adam'; write \"adam\""),
        ("RMSProp", "got 'RMSProp'; write \"rmsprop\""),
        ("nag", "got 'nag'; write \"nesterov\""),
        (optim.Adam, "got <class 'fanin.optim.adam.Adam'>; write fanin.optim.Adam()"),
        (optim.LBFGS, "got <class 'fanin.optim.solvers.LBFGS'>; write fanin.optim.LBFGS()"),
        (0.1, "expected an update rule such as fanin.optim.Adam(), or a name, got 0.1"),
    ],
)
def test_the_error_for_a_rule_by_another_name_or_class_says_what_to_write(rule, words):
    refused(lambda: fanin.Network(1, [fanin.Dense(1)]).fit([[1.0]], [1.0], rule=rule), words)
    refused(lambda: optim.Optimizer(rule, [np.zeros(1)]), words)
    refused(lambda: optim.Around(rule), words)


def test_the_error_for_an_unknown_name_only_lists_the_choices():
    refused(lambda: fanin.Dense(3, "frobnicate"), f"{', '.join(_core.activations())}, got 'frobnicate'")


@pytest.mark.parametrize(
    ("table", "names"),
    [
        (aliases.ACTIVATIONS, _core.activations()),
        (aliases.LOSSES, list(losses.BY_NAME)),
        (aliases.INITIALIZERS, list(initializers.NAMES)),
        (aliases.RULES, list(rule_classes())),
    ],
    ids=["activations", "losses", "initializers", "rules"],
)
def test_an_alias_leads_to_a_valid_name_or_to_advice_and_is_not_itself_valid(table, names):
    for alias, meant in table.items():
        assert re.fullmatch("[a-z0-9]+", alias)
        assert meant in names or " " in meant
        assert alias not in names


@pytest.mark.parametrize("name", ["\ud800", 3, None, ["relu"], np.array(["relu", "tanh"])], ids=repr)
def test_the_error_for_a_value_that_is_no_name_lists_the_choices(name):
    for use in (
        lambda: fanin.Dense(3, name),
        lambda: F.activation([1.0], name),
        lambda: F.dense([[1.0]], [[1.0]], activation=name),
    ):
        with pytest.raises((TypeError, ValueError), match="expected one of identity, logistic, tanh"):
            use()


def test_soft_max_of_one_output_is_refused():
    words = "for one yes-no output use the loss logistic"
    refused(lambda: fanin.Network(2, [fanin.Dense(1)], "softmax_cross_entropy"), words)
    refused(lambda: F.loss([[1.0]], [0], "softmax_cross_entropy"), words)
    refused(lambda: F.loss_gradient([[1.0]], [0], "softmax_cross_entropy"), words)
    refused(lambda: F.loss_outputs([[1.0]], "softmax_cross_entropy"), words)


def test_the_error_for_text_labels_says_how_to_convert_them():
    net = fanin.Network(1, [fanin.Dense(2)], "softmax_cross_entropy")
    texts = ["no", "yes", "no"]
    words = "; convert class names to integer labels with classes, y = np.unique(y, return_inverse=True)"
    given = [texts, np.array(texts), np.array(texts, object)]
    for library in ("pandas", "polars"):
        given.append(pytest.importorskip(library).Series(texts))
    for y in given:
        refused(lambda y=y: net.fit(np.zeros((3, 1)), y, rule=optim.SGD()), words)
        refused(lambda y=y: net.evaluate(np.zeros((3, 1)), y), words)
    classes, y = np.unique(texts, return_inverse=True)
    assert net.fit(np.zeros((3, 1)), y, rule=optim.SGD(), epochs=1).loss
    assert list(classes) == ["no", "yes"]


@pytest.mark.parametrize(
    "module",
    [fanin, optim, losses, initializers, F, fanin.cpu, fanin.plot],
    ids=lambda module: module.__name__,
)
def test_the_names_that_a_module_shows_are_those_that_are_public(module):
    assert dir(module) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in dir(module))
