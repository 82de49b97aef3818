"""Rows of weights that few batches meet are updated when they are met, and have the values of the dense form.

Weights that divide by a slot make up for several steps at once by a polynomial, so that they are off by up to 1e-8 of
a step; others are off by rounding alone. In float32 the dense form itself is off by the rounding of every step, up to
5e-6 with decay, so there both forms are compared with the dense one in float64.
"""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import digest, rule_named, without_decay
from rare import LAZY, SAME_BITS, difference, rows_of_rare_columns, trained

sparse = pytest.importorskip("scipy.sparse")
DENSE, Y = rows_of_rare_columns()
X = sparse.csr_array(DENSE)
pytestmark = pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")
CLOSE, CLOSE_IN_FLOAT32 = 2e-8, 1e-6

AROUND = [
    {"weight_decay": 0.3},
    {"weight_decay": optim.Cosine(0.5, last=0.1)},
    {"average_decay": 0.9},
    {"average_share": 0.2},
    {"weight_decay": 2.0, "average_decay": 0.99},
    {"weight_decay": 2.0, "average_share": 0.5},
    {"rate_scales": {"layer1": 0.3}, "clip_value": 0.01, "fan_in_power": 0.5},
]

SCHEDULED = [
    optim.SGD(optim.Cosine(0.1)),
    optim.Momentum(optim.InverseTime(0.1, steps=20), momentum=optim.SutskeverMomentum(0.99, period=30)),
    optim.Nesterov(optim.OneCycle(0.1), momentum=optim.Piecewise([0.5, 0, 0.9], [40, 80])),
    optim.Adam(optim.Exponential(0.02, 0.3, steps=40)),
    optim.AdamW(optim.Polynomial(0.02), weight_decay=optim.Cosine(1.0)),
    optim.AMSGrad(optim.Piecewise([0.01, 0, 0.02], [50, 90])),
    optim.NAdam(optim.Cosine(0.02, warm_up=20)),
    optim.AdaMax(optim.Constant(0.02)),
]

VARIANTS = [
    optim.RMSprop(momentum=0.9),
    optim.RMSprop(momentum=0.9, nesterov=True),
    optim.RMSprop(momentum=0.9, centered=True, nesterov=True),
    optim.RMSprop(bias_correction=True),
    optim.RMSprop(epsilon=1.0, decay=0.5),
    optim.Nesterov(momentum=0.99, show_look_ahead=True),
    optim.Momentum(momentum=0.0),
    optim.Adadelta(decay=0.5, epsilon=1e-3),
    optim.Adam(beta1=0.0, beta2=0.0),
    optim.Adam(beta1=0.999, beta2=0.999),
    *(
        kind(beta1=beta1, beta2=beta2)
        for kind in (optim.Adam, optim.NAdam, optim.RAdam)
        for beta1, beta2 in ((0.5, 0.3), (0.9, 0.82), (0.9, 0.9), (0.99, 0.985))
    ),
    *(
        kind(epsilon=epsilon, epsilon_hat=hat)
        for kind in (optim.Adam, optim.AMSGrad)
        for epsilon in (1e-300, 1e-4, 1e-2, 1.0)
        for hat in (False, True)
    ),
    optim.AdaMax(beta1=0.5, beta2=0.9),
]


@pytest.fixture(scope="module")
def dense():
    """The network after 200 steps of a rule on the dense array, which is trained once."""
    found: dict[str, fanin.Network] = {}
    return lambda rule, dtype="float64": found.setdefault(f"{rule!r} {dtype}", trained(DENSE, Y, rule, dtype))


def test_every_rule_gives_the_dense_forms_bits_or_its_values_up_to_rounding(every_rule, dense, dtype):
    rule = rule_named(every_rule)
    net, other = trained(X, Y, rule, dtype), dense(rule, dtype)
    if every_rule in SAME_BITS or every_rule not in LAZY:
        assert digest(net) == digest(other)
    elif dtype == "float64":
        assert difference(net, other) < CLOSE
    else:
        exact = dense(rule)
        assert difference(net, exact) < difference(other, exact) + CLOSE_IN_FLOAT32


@pytest.mark.parametrize("options", AROUND, ids=str)
@pytest.mark.parametrize("name", LAZY)
def test_what_is_applied_around_a_lazy_rule_is_that_of_the_dense_form(name, options, dense):
    rule = optim.Around(without_decay(rule_named(name)), **options)
    assert difference(trained(X, Y, rule), dense(rule)) < CLOSE


@pytest.mark.parametrize("rule", [*SCHEDULED, *VARIANTS], ids=str)
def test_schedules_and_unusual_hyper_parameters_are_those_of_the_dense_form(rule, dense):
    assert difference(trained(X, Y, optim.Around(rule, lazy="always")), dense(rule)) < 1e-6


def test_a_divisor_of_zero_moves_no_weight():
    """AdaMax with beta2 = 0 divides by the last gradient alone; more steps of it are chaotic."""
    nets = [trained(given, Y, optim.AdaMax(beta2=0.0), max_steps=15, epochs=None) for given in (X, DENSE)]
    assert difference(*nets) < 1e-9


@pytest.mark.parametrize("decay", [99.9999, 100.0, 150.0, 200.0, 201.0])
@pytest.mark.parametrize("average", [{}, {"average_decay": 0.9}, {"average_share": 0.3}], ids=str)
def test_decay_that_takes_all_of_a_weight_or_more_is_that_of_the_dense_form(decay, average, dense):
    for rule in (optim.SGD(), optim.Momentum(), optim.Adam(0.01)):
        around = optim.Around(rule, weight_decay=decay, **average)
        assert difference(trained(X, Y, around), dense(around)) < 1e-7


def test_averages_keep_their_digits_while_weights_decay_faster_in_a_long_epoch():
    """Over 3000 steps the product of 1 - decay falls to 1e-26, and the averages forget less."""
    rows = np.arange(3000) % len(Y)
    rule = optim.Around(optim.SGD(0.2), weight_decay=0.1, average_decay=0.999)
    nets = [trained(given[rows], Y[rows], rule, batch_size=1, epochs=1) for given in (X, DENSE)]
    assert difference(*nets) < 1e-9


def test_a_rule_that_is_never_lazy_gives_the_dense_forms_bits(every_rule, dense, dtype):
    rule = rule_named(every_rule)
    net = trained(X, Y, optim.Around(rule, lazy="never"), dtype)
    assert digest(net) == digest(dense(rule, dtype))


@pytest.mark.parametrize("name", LAZY)
def test_lazy_rows_have_the_same_bits_on_any_number_of_threads(name, threads, dtype):
    rule = optim.Around(rule_named(name), lazy="always", average_decay=0 if name == "nesterov" else 0.9)
    layers = [fanin.Dense(70, "tanh"), fanin.Dense(3)]
    digests = set()
    for number in (1, 2, 3):
        threads(number)
        digests.add(digest(trained(X, Y, rule, dtype, layers=layers, batch_size=64)))
    assert len(digests) == 1


REFUSED = [
    ({"l1": 0.1}, "a penalty gives every weight a gradient"),
    ({"l2": 0.1}, "a penalty gives every weight a gradient"),
    ({"l2_of_sum": 0.1}, "a penalty gives every weight a gradient"),
    ({"accumulate": 2}, "the gradients of several batches are added up"),
    ({"clip_norm": 1.0}, "the norm of the whole gradient is clipped"),
    ({"average_decay": 0.5}, "it looks ahead, and weights are averaged"),
]


@pytest.mark.parametrize(("options", "reason"), REFUSED, ids=str)
def test_options_that_need_every_row_refuse_to_be_lazy_and_otherwise_give_the_dense_forms_bits(
    options, reason, dense
):
    rule = optim.Nesterov() if "average_decay" in options else optim.Adam()
    with pytest.raises(
        ValueError, match=f'lazy: expected "auto" or "never" for {rule.name}, because {reason}'
    ):
        trained(X, Y, optim.Around(rule, lazy="always", **options))
    rule = optim.Around(rule, **options)
    assert digest(trained(X, Y, rule)) == digest(dense(rule))


@pytest.mark.parametrize("name", [name for name in _core.rules() if name not in LAZY])
def test_rules_that_keep_moving_weights_in_other_ways_refuse_to_be_lazy(name):
    rule = optim.Around(rule_named(name), lazy="always")
    with pytest.raises(
        ValueError, match=f"for {name}, because its steps move weights without a gradient in ways"
    ):
        trained(X, Y, rule)


def test_only_sparse_rows_and_whole_numbers_can_be_lazy():
    rule = optim.Around(optim.SGD(), lazy="always")
    for given in (DENSE, sparse.csr_array(np.ones_like(DENSE))):
        with pytest.raises(ValueError, match="for sgd, because no layer reads sparse rows or whole numbers"):
            trained(given, Y, rule)
    with pytest.raises(
        ValueError, match="the whole gradient of large batches or of several ranks, or is watched"
    ):
        trained(X, Y, rule, diagnose=True)
    with pytest.raises(ValueError, match="lazy: expected one of auto, always, never, got 'yes'"):
        optim.Around(optim.SGD(), lazy="yes")
    with pytest.raises(TypeError, match="lazy: expected one of auto, always, never, got True"):
        optim.Around(optim.SGD(), lazy=True)


def test_rates_scaled_by_count_divide_by_the_samples_that_meet_a_row():
    """Of the power 1, the step of SGD is the mean gradient of these samples."""
    net = fanin.Network(3, [fanin.Dense(1)], dtype="float64")
    given = sparse.csr_array(([1.0, 2.0, 3.0], ([0, 1, 2], [0, 1, 1])), shape=(9, 3))
    before = net.get_weights()["layer1.weight"]
    gradient = net.objective(given, np.ones(9)).loss_and_gradient(net.objective(given, np.ones(9)).weights())[
        1
    ]
    for power in (0.0, 0.5, 1.0):
        twin = net.copy()
        rule = optim.Around(optim.SGD(0.1), count_power=power)
        twin.fit(given, np.ones(9), rule=rule, epochs=1, batch_size=9)
        step = before - twin.get_weights()["layer1.weight"]
        factors = (9 / np.array([1.0, 2.0, 9.0])) ** power
        np.testing.assert_allclose(step[:, 0], 0.1 * factors * gradient[:3], rtol=1e-12)
