"""The learning rate "auto" is chosen by a race of five rates, and find_rate shows it."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.data.order import in_random_order
from helpers import digest, python_prints

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)).astype("float32")
Y = np.tanh(X[:, :1] - X[:, 1:2]).astype("float32")
PLAIN = {"epochs": 12, "batch_size": 10}  # 240 steps: legs of 12 and 2


def network(n_inputs=3, seed=1, **options):
    return fanin.Network(n_inputs, [fanin.Dense(8, "tanh"), fanin.Dense(1)], seed=seed, **options)


def raced(rule, net=None, **options):
    net = network() if net is None else net
    history = net.fit(X, Y, rule=rule, **{**PLAIN, **options})
    return net, history


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"validation_data": (X[:50], Y[:50])},
        {"validation_fraction": 0.2},
        {"sample_weight": np.r_[np.zeros(50), np.ones(150)]},
        {"max_steps": 130},
        {"batches": "in_order", "batch_size": 33},
    ],
    ids=lambda options: ", ".join(options) or "plain",
)
def test_the_fit_is_the_one_written_by_hand_bit_for_bit(options):
    rule = optim.Around(optim.Momentum("auto"), clip_norm=5.0, average_decay=0.9)
    net, history = raced(rule, **options)
    rows = 160 if "validation_fraction" in options else 200
    steps = min(12 * -(-rows // options.get("batch_size", 10)), options.get("max_steps", 10**9))
    by_hand = optim.Around(
        optim.Momentum(optim.Cosine(history.decisions[-1].choice, steps=steps)),
        clip_norm=5.0,
        average_decay=0.9,
    )
    twin, _ = raced(by_hand, **options)
    assert net.rule == twin.rule == by_hand
    assert net.to_bytes() == twin.to_bytes()


@pytest.mark.parametrize(
    ("layers", "rows", "accumulate", "steps"),
    [
        ([fanin.Dense(4, "tanh"), fanin.Dense(1)], 191, 1, 20),
        ([fanin.Dense(4, "tanh", batch_norm=True), fanin.Dense(1)], 191, 1, 19),
        ([fanin.Dense(4, "tanh", batch_norm=True), fanin.Dense(1)], 192, 1, 20),
        ([fanin.Dense(4, "tanh"), fanin.Dense(1)], 200, 3, 7),
        ([fanin.Dense(4, "tanh"), fanin.Dense(1)], 7, 1, 1),
    ],
)
def test_the_cosine_spans_the_steps_of_the_fit(layers, rows, accumulate, steps):
    net = fanin.Network(3, layers)
    net.fit(X[:rows], Y[:rows], rule=optim.Around(optim.Adam("auto"), accumulate=accumulate), **PLAIN)
    assert net.rule.rate.steps == 12 * steps
    rule = optim.Around(optim.Adam(), accumulate=accumulate)
    for most, epoch in {steps: 1, steps + 1: 2}.items():
        counted = fanin.Network(3, layers)
        history = counted.fit(X[:rows], Y[:rows], rule=rule, max_steps=most, **PLAIN)
        assert history.stopped_epoch == epoch


def test_find_rate_changes_nothing_and_gives_the_rule_of_the_fit():
    net = network()
    before = net.to_bytes()
    curve = fanin.find_rate(net, X, Y, rule=optim.Adam(5.0), **PLAIN)
    assert net.to_bytes() == before
    assert [leg.rate for leg in curve.legs] == [3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
    assert all(leg.steps == (14,) and len(leg.losses) == 1 for leg in curve.legs)
    assert curve.rate == min(curve.legs, key=lambda leg: leg.score).rate
    assert curve.rule == optim.Adam(optim.Cosine(curve.rate, steps=240))
    fitted, history = raced(optim.Adam("auto"))
    assert history.decisions == curve.decisions
    assert fitted.rule == curve.rule
    assert repr(curve) == f"<fanin.RateCurve: {curve.rate:g} of 0.0003, 0.001, 0.003, 0.01, 0.03>"


def test_a_leg_is_a_fit_at_a_constant_rate_that_then_falls_to_0():
    held = np.sort(in_random_order(200, 1)[:20])
    weights = np.ones(200)
    weights[held] = 0
    falls = optim.Piecewise([0.01, 0.0075, 0.0025], after=[12, 13])
    fork = network()
    fork.fit(X, Y, rule=optim.Adam(falls), sample_weight=weights, epochs=1, batch_size=10, max_steps=14)
    curve = fanin.find_rate(network(), X, Y, rule=optim.Adam("auto"), rates=[0.01], **PLAIN)
    assert curve.legs[0].score == fork.evaluate(X[held], Y[held])["loss"]
    assert curve.start == network().evaluate(X[held], Y[held])["loss"]


def test_each_leg_and_the_choice_are_decisions_with_their_numbers():
    _, history = raced(optim.Adam("auto"), epochs=40)
    legs, choice = history.decisions[:-1], history.decisions[-1]
    assert [leg.what for leg in legs] == ["leg"] * 5
    assert all(set(leg.numbers) == {"steps", "score", "start"} for leg in legs)
    assert sum(leg.reason == "the lowest loss" for leg in legs) == 1
    assert choice.what == "learning_rate"
    assert choice.numbers["score"] == min(leg.numbers["score"] for leg in legs)
    assert raced(optim.Adam(0.01))[1].decisions == ()


def test_a_winner_at_an_edge_is_reported():
    for rates, words in {
        (1e-5, 1e-4): "largest one tried, so a larger",
        (0.01, 3.0): "smallest one tried",
    }.items():
        curve = fanin.find_rate(network(), X, Y, rule=optim.Adam("auto"), rates=rates, **PLAIN)
        assert words in curve.decisions[-1].reason


def test_ties_go_to_the_smaller_rate():
    rule = optim.Around(optim.Adam("auto"), frozen=["layer1", "layer2"])
    curve = fanin.find_rate(network(), X, Y, rule=rule, **PLAIN)
    assert {leg.score for leg in curve.legs} == {curve.start}
    assert curve.rate == 3e-4


def test_rates_that_diverge_or_worsen_are_out_with_the_reason():
    net = network()
    curve = fanin.find_rate(net, X, Y, rule=optim.Adam("auto"), rates=[1e-2, 50.0, 1e38], **PLAIN)
    assert curve.rate == 1e-2
    assert curve.legs[1].reason.startswith("out: its loss ")
    assert curve.legs[1].reason.endswith(", that of the start")
    assert curve.legs[2].reason.startswith("out: training diverged: in epoch 1, step ")
    before = net.to_bytes()
    with pytest.raises(
        ValueError, match=r'"auto": none of 2 rates improves on the start: 50: out: .*; 1e\+38: out: '
    ):
        fanin.find_rate(net, X, Y, rule=optim.Adam("auto"), rates=[50.0, 1e38], **PLAIN)
    assert net.to_bytes() == before


def test_lists_and_weights_in_lists_are_accepted():
    net, _ = raced(optim.Adam("auto"))
    twin = network()
    twin.fit(X.tolist(), Y.tolist(), rule=optim.Adam("auto"), sample_weight=[1] * 200, **PLAIN)
    assert digest(net) == digest(twin)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_raced_like_arrays(library):
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({name: X[:, j] for j, name in enumerate("abc")})
    options = {**PLAIN, "rule": optim.Adam("auto")}
    plain, framed = network(), network()
    expected = plain.fit(X, Y[:, 0], sample_weight=np.ones(200), **options)
    history = framed.fit(frame, frames.Series(Y[:, 0]), sample_weight=frames.Series(np.ones(200)), **options)
    assert history.decisions == expected.decisions
    assert digest(framed) == digest(plain)
    assert framed.column_names == {"X": ["a", "b", "c"]}
    history = network().fit(frame, frames.Series(Y[:, 0]), validation_fraction=0.2, **options)
    assert len(history.decisions) == 6


def test_the_race_accepts_batches_of_one_row():
    _, history = raced(optim.Adam("auto"), epochs=2, batch_size=1)
    assert len(history.decisions) == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rates": []}, "rates: expected at least one number, got none"),
        ({"rates": [0.1, 0]}, r"rates\[1\]: expected a number in \(0, infinity\), got 0"),
        ({"rates": {0.1}}, "rates: expected a list of numbers, got {0.1}"),
        ({"epochs": 0}, "epochs: expected at least 1, got 0"),
        ({"rule": optim.Rprop()}, 'got "auto", which Rprop does not support, because steps by the sign'),
        ({"rule": "Adam"}, "rule: expected one of sgd, .*, got 'Adam'; write \"adam\""),
        ({"y": Y[:7]}, "y: expected .*200.*, got "),
        (
            {"sample_weight": np.r_[1.0, np.zeros(199)]},
            "expected at least 2 rows of weight above 0, .*, got 1",
        ),
    ],
)
def test_find_rate_refuses_invalid_arguments(options, words):
    options = {"rule": optim.Adam("auto"), "y": Y, **options}
    with pytest.raises((TypeError, ValueError), match=words):
        fanin.find_rate(network(), X, **options)


def test_auto_refuses_a_time_limit_and_a_state_to_continue_from():
    with pytest.raises(ValueError, match='max_time: expected None with the learning rate "auto"'):
        raced(optim.Adam("auto"), max_time=1.0)
    net, _ = raced(optim.Adam("auto"))
    with pytest.raises(ValueError, match="because this network continues with the state of Adam, got"):
        raced(optim.Adam("auto"), net)
    raced(optim.Momentum("auto"), net)


def test_a_fit_of_no_epochs_runs_no_race():
    _, history = raced(optim.Adam("auto"), epochs=0)
    assert history.decisions == ()


def test_bad_data_are_refused_before_the_race():
    broken = X.copy()
    broken[3, 1] = np.nan
    net = network()
    before = net.to_bytes()
    with pytest.raises(ValueError, match=r"^X: row 3, column 1"):
        net.fit(broken, Y, rule=optim.Adam("auto"))
    assert net.to_bytes() == before


def test_the_choice_and_the_weights_do_not_depend_on_the_number_of_threads():
    with fanin.num_threads(1):
        one = raced(optim.Momentum("auto"))
    with fanin.num_threads(2):
        two = raced(optim.Momentum("auto"))
    assert one[0].to_bytes() == two[0].to_bytes()
    assert one[1].decisions == two[1].decisions


PROGRAM = """
import numpy as np, fanin
from fanin import optim
from helpers import digest
X = np.sin(np.arange(300.0)).reshape(100, 3)
for rule in (optim.Adam("auto"), optim.Momentum("auto")):
    net = fanin.Network(3, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    history = net.fit(X, X[:, :1] * X[:, 1:2], rule=rule, epochs=20)
    print(digest(net), history.decisions)
"""


def test_the_choice_and_the_weights_do_not_depend_on_the_instruction_set(every_isa):
    printed = python_prints("-c", PROGRAM, FANIN_ISA=every_isa)
    assert printed == python_prints("-c", PROGRAM)
    assert printed.count("Decision: learning_rate") == 2


def test_a_decision_is_a_readable_value():
    decision = fanin.Decision("learning_rate", 0.01, "the lowest loss", {"score": 0.25, "steps": 12})
    assert repr(decision) == "<fanin.Decision: learning_rate: 0.01: the lowest loss (score 0.25, steps 12)>"
    assert decision == copy.deepcopy(decision)
    assert hash(decision) == hash(pickle.loads(pickle.dumps(decision)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raced(optim.Adam("auto"))
