"""The same data, seed and hyper-parameters give the same bits for any number of threads and instruction set."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fanin
from helpers import digest, python_prints, rule_named
from same_bits_net import all_bits, data, trained_bits


@pytest.fixture(scope="module")
def bits_here():
    return all_bits()


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_weights_do_not_depend_on_the_number_of_threads(number, threads, bits_here):
    threads(number)
    assert fanin.get_num_threads() == number
    assert all_bits() == bits_here


def test_every_rule_gives_the_same_bits_on_one_thread_and_on_three(every_rule, dtype, threads):
    threads(1)
    alone = trained_bits(dtype, every_rule)
    threads(3)
    assert trained_bits(dtype, every_rule) == alone


def test_weights_do_not_depend_on_the_instruction_set(every_isa, bits_here):
    active, _, *bits = python_prints("same_bits_net.py", FANIN_ISA=every_isa).split()
    assert active == every_isa
    assert bits == bits_here


@pytest.mark.parametrize("variable", ["FANIN_NUM_THREADS", "OMP_NUM_THREADS"])
def test_weights_do_not_depend_on_threads_set_in_the_environment(variable, bits_here):
    _, number, *bits = python_prints("same_bits_net.py", **{variable: "3"}).split()
    assert number == "3"
    assert bits == bits_here


def test_predictions_and_losses_do_not_depend_on_the_number_of_threads(threads, dtype):
    X, y = data()
    layers = [fanin.Dense(130, "logistic"), fanin.Dense(10)]
    net = fanin.Network(X.shape[1], layers, loss="softmax_cross_entropy", dtype=dtype)
    results = []
    for number in (1, 2, 3, 7):
        threads(number)
        results.append((net.predict(X).tobytes(), net.evaluate(X, y)))
    assert results == [results[0]] * 4


def test_prediction_of_a_row_does_not_depend_on_its_neighbours(dtype):
    X, _ = data()
    net = fanin.Network(X.shape[1], [fanin.Dense(130, "tanh"), fanin.Dense(10)], dtype=dtype)
    together = net.predict(X)
    for rows in (slice(0, 1), slice(63, 66), slice(100, 233), slice(329, 330)):
        assert np.array_equal(net.predict(X[rows]), together[rows])


def test_predictions_do_not_depend_on_the_instruction_set():
    code = (
        "import hashlib, fanin, same_bits_net as s\n"
        "n = fanin.Network(s.INPUTS, [fanin.Dense(40, a) for a in fanin._core.activations()])\n"
        "print(hashlib.sha256(n.predict(s.data()[0]).tobytes()).hexdigest())"
    )
    assert len({python_prints("-c", code, FANIN_ISA=isa) for isa in fanin.cpu.available()}) == 1


@pytest.mark.parametrize(
    "view",
    [
        lambda X: X.astype("float64"),
        lambda X: X.astype("float16"),
        lambda X: (X * 32).astype("int8") / np.float32(32),
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: np.repeat(X, 3, axis=1)[:, 1::3],
        lambda X: X[::-1].copy()[::-1],
        lambda X: X[:, ::-1].copy()[:, ::-1],
        lambda X: X.astype("float64").T.copy().T[...],
        lambda X: X.astype(">f4"),
        lambda X: X.astype(">f8"),
        lambda X: np.frombuffer(b"\0" + X.tobytes(), "float32", offset=1).reshape(X.shape),
        lambda X: X.tolist(),
    ],
    ids=[
        "float64",
        "float16",
        "from integers",
        "fortran",
        "every other row",
        "every third column",
        "rows backwards",
        "columns backwards",
        "float64 fortran",
        "big-endian float32",
        "big-endian float64",
        "misaligned by a byte",
        "lists",
    ],
)
def test_layout_and_type_of_x_do_not_change_the_result(view, dtype):
    X, y = data()
    layers, loss = [fanin.Dense(9, "tanh"), fanin.Dense(10)], "softmax_cross_entropy"
    nets = [fanin.Network(X.shape[1], layers, loss=loss, dtype=dtype) for _ in range(2)]
    for net, x in zip(nets, (X.astype("float32"), view(X.astype("float32"))), strict=True):
        net.fit(x, y, rule=rule_named("adam"), epochs=2, batch_size=50, validation_data=(x, y))
    assert digest(nets[0]) == digest(nets[1])
    assert np.array_equal(nets[0].predict(X), nets[1].predict(view(X.astype("float32"))))


def test_fits_in_two_threads_at_once_give_the_bits_each_gives_alone(bits_here):
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(trained_bits, ["float32", "float64"])) == bits_here[:2]
