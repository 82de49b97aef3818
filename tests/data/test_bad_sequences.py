"""Invalid sequences are refused with the sequence and the step."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin

LENGTHS = (3, 5, 2)


def ragged(columns: int = 2, lengths=LENGTHS):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(length, columns)) for length in lengths]


def new_net(many: bool, outputs: int = 1, columns: int = 2, loss: str = "squared_error") -> fanin.Network:
    return fanin.Network(columns, [fanin.GRU(3, return_sequences=many), fanin.Dense(outputs)], loss)


def changed(parts: list, sequence: int, part) -> list:
    return [part if i == sequence else given for i, given in enumerate(parts)]


ARRAY = r"expected sequences, shape \(n, time, 2\), or a list of arrays \(time, 2\); got shape "


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((4, 0, 2)), "X: sequence 0 has no steps"),
        (changed(ragged(), 1, np.zeros((0, 2))), "X: sequence 1 has no steps"),
        (changed(ragged(), 2, []), "X: sequence 2 has no steps"),
        ([], "X: expected at least one sequence, got none"),
        (np.zeros((0, 5, 2)), "X: expected at least one sequence, got none"),
        (np.zeros((4, 2)), ARRAY + r"\(4, 2\)"),
        (np.zeros((4, 5, 3)), ARRAY + r"\(4, 5, 3\)"),
        ([1.0, 2.0], ARRAY + r"\(2,\)"),
        (changed(ragged(), 1, np.zeros((5, 3))), r"X: sequence 1: expected shape \(time, 2\), got \(5, 3\)"),
        (changed(ragged(), 1, np.zeros(5)), r"X: sequence 1: expected shape \(time, 2\), got \(5,\)"),
        ([[0.5, 1.5], [2.5]], r"X: sequence 0: expected shape \(time, 2\), got \(2,\)"),
        (changed(ragged(), 0, 1.0), "X: sequence 0: expected an array, got a number"),
        (changed(ragged(), 1, [[1.0, 2.0], [3.0]]), "X: sequence 1: expected an array of numbers; "),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_x_that_is_no_sequences_is_refused(many, X, message):
    net = new_net(many)
    for call in (net.predict, lambda X: net.evaluate(X, [0.0]), lambda X: net.fit(X, [0.0])):
        with pytest.raises(ValueError, match=message):
            call(X)


def test_text_in_a_sequence_is_refused():
    with pytest.raises(TypeError, match=r"X: sequence 1: expected real numbers, got dtype <U1"):
        new_net(False).predict(changed(ragged(), 1, [["a", "b"]]))


@pytest.mark.parametrize("many", [False, True])
def test_nan_is_found_by_sequence_and_step(many):
    X = ragged()
    y = [np.zeros(length) for length in LENGTHS] if many else np.zeros(3)
    X[1][4, 1] = np.nan
    net = new_net(many)
    place = r"X: sequence 1, step 4, column 1 is nan; every value must be finite in float32"
    for call in (lambda: net.predict(X), lambda: net.evaluate(X, y), lambda: net.fit(X, y)):
        with pytest.raises(ValueError, match=f"^{place}"):
            call()
    with pytest.raises(ValueError, match=f"^validation_data: {place}"):
        net.fit(ragged(), y, validation_data=(X, y))
    with pytest.raises(ValueError, match=f"^chunk 2: {place}"):
        net.fit_chunks([(ragged(), y), (X, y)])


STEPS = [np.zeros(length) for length in LENGTHS]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            np.zeros(3),
            r"y: expected numbers for each step, because every recurrent layer returns sequences: ",
        ),
        (
            [0.0, 1.0, 2.0],
            r"shape \(n, time\) or \(n, time, outputs\), or a list of arrays; got shape \(3,\)",
        ),
        (STEPS[:2], "y: expected 3 sequences to match X, got 2"),
        (changed(STEPS, 1, np.zeros(4)), "y: sequence 1 has 4 steps, expected 5 to match X"),
        (np.zeros((3, 5)), "y: sequence 0 has 5 steps, expected 3 to match X"),
        (changed(STEPS, 2, np.zeros((2, 1))), r"y: sequence 2: expected shape \(2,\), got \(2, 1\)"),
        (changed(STEPS, 1, 1.0), "y: sequence 1: expected an array, got a number"),
        ([np.zeros((length, 2)) for length in LENGTHS], r"y: expected shape \(10, 1\), got \(10, 2\)"),
        (changed(STEPS, 2, np.array([0.0, np.inf])), "^y: sequence 2, step 1, column 0 is inf; "),
    ],
)
def test_targets_that_do_not_fit_the_steps_are_refused(y, message):
    net = new_net(True)
    for call in (net.evaluate, net.fit):
        with pytest.raises(ValueError, match=message):
            call(ragged(), y)


def test_a_label_out_of_range_is_found_by_sequence_and_step():
    y = [np.zeros(length, int) for length in LENGTHS]
    y[1][3] = 2
    with pytest.raises(ValueError, match=r"^y: sequence 1, step 3 is 2; labels must be in 0\.\.1"):
        new_net(True, 2, loss="softmax_cross_entropy").fit(ragged(), y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 1.0], "sample_weight: expected 3 sequences to match X, got 2"),
        (changed(STEPS, 0, np.ones(2)), "sample_weight: sequence 0 has 2 steps, expected 3 to match X"),
        (
            [np.ones((length, 1)) for length in LENGTHS],
            r"sample_weight: expected a number for each step, got an array of shape \(1,\)",
        ),
        (
            changed([part + 1 for part in STEPS], 1, np.array([1, 1, 1, -1, 1])),
            "sample_weight: sequence 1, step 3 is -1; weights must be finite and at least 0",
        ),
    ],
)
def test_weights_that_do_not_fit_the_steps_are_refused(weights, message):
    net = new_net(True)
    with pytest.raises(ValueError, match=f"^{message}"):
        net.fit(ragged(), STEPS, sample_weight=weights)
    with pytest.raises(ValueError, match=f"^{message}"):
        net.evaluate(ragged(), STEPS, sample_weight=weights)


def test_targets_of_sequences_match_their_number():
    with pytest.raises(ValueError, match="to match X, got 2"):
        new_net(False).fit(ragged(), [0.0, 1.0])


def test_a_stratified_split_needs_a_class_for_each_sequence():
    net = new_net(True, 2, loss="softmax_cross_entropy")
    y = [part.astype(int) for part in STEPS]
    with pytest.raises(ValueError, match='validation_split: "stratified" needs a class for each sequence'):
        net.fit(ragged(), y, validation_fraction=0.4, validation_split="stratified")


@pytest.mark.parametrize("batches", ["stratified", "balanced"])
def test_batches_by_class_need_a_class_for_each_sequence(batches):
    net = new_net(True, 2, loss="softmax_cross_entropy")
    y = [np.arange(length) % 2 for length in LENGTHS]
    with pytest.raises(
        ValueError, match=f'"{batches}" needs a class for each sequence, got one for each step'
    ):
        net.fit(ragged(), y, batches=batches)


def test_out_is_for_arrays_of_sequences_alone():
    net, X = new_net(True, 2), np.zeros((4, 5, 2), "float32")
    for out, message in (
        (np.zeros((4, 6, 2), "float32"), r"out: expected shape \(4, 5, ...\), got \(4, 6, 2\)"),
        (np.zeros((4, 5, 4), "float32")[:, :, ::2], "out: expected a C-contiguous array"),
        (np.zeros((4, 5, 3), "float32"), r"out: expected shape \(20, 2\), got \(20, 3\)"),
    ):
        with pytest.raises(ValueError, match=message):
            net.predict(X, out=out)
    with pytest.raises(ValueError, match="out: expected None for a list of sequences"):
        net.predict(list(X), out=np.zeros((4, 5, 2), "float32"))
    with pytest.raises(TypeError, match="out: expected an array of float32, got list"):
        net.predict(X, out=[])


def test_networks_without_recurrent_layers_refuse_sequences():
    net = fanin.Network(2, [fanin.Dense(1)])
    with pytest.raises(ValueError, match=re.escape("X: expected shape (n_samples, 2), got (4, 5, 2)")):
        net.predict(np.zeros((4, 5, 2)))
