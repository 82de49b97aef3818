"""Fits and predictions of several Python threads divide the threads of the process, with the bits of each alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import python_prints
from systems import posix

CALLS = 3


def fitted(seed):
    """Return a net large enough for a team after a fit, its history and its predictions."""
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(2048, 64)), rng.integers(5, size=2048)
    layers = [fanin.Dense(256, "relu", batch_norm=True), fanin.Dense(128, "tanh"), fanin.Dense(5)]
    net = fanin.Network(64, layers, "softmax_cross_entropy", seed=seed)
    history = net.fit(X, y, rule=optim.Adam(), epochs=4, batch_size=128, validation_data=(X[:500], y[:500]))
    return net.to_bytes(), history.loss, net.predict(X).tobytes()


@pytest.mark.parametrize("threads", [1, 2, 4, 7])
def test_fits_at_once_have_the_bits_of_each_alone(threads):
    alone = [fitted(seed) for seed in range(CALLS)]
    start = threading.Barrier(CALLS)

    def at_once(seed):
        with fanin.num_threads(threads):
            start.wait()
            return fitted(seed)

    with ThreadPoolExecutor(CALLS) as pool:
        assert list(pool.map(at_once, range(CALLS))) == alone


def test_a_fit_keeps_its_bits_while_other_calls_begin_and_end():
    alone = fitted(0)
    ended = threading.Event()
    X = np.ones((4096, 64))
    net = fanin.Network(64, [fanin.Dense(256, "relu"), fanin.Dense(5)])
    expected = net.predict(X)

    def predict_now_and_then():
        while not ended.wait(1e-3):
            assert np.array_equal(net.predict(X), expected)

    with ThreadPoolExecutor(1) as pool, fanin.num_threads(4):
        others = pool.submit(predict_now_and_then)
        try:
            assert [fitted(0) for _ in range(3)] == [alone] * 3
        finally:
            ended.set()
        others.result()


def test_a_number_of_threads_holds_for_its_own_python_thread(threads):
    threads(3)
    inside, done = threading.Event(), threading.Event()

    def other():
        with fanin.num_threads(1):
            inside.set()
            done.wait()
            return fanin.get_num_threads()

    with ThreadPoolExecutor(1) as pool, fanin.num_threads(2):
        found = pool.submit(other)
        inside.wait()
        here = fanin.get_num_threads()
        threads(5)
        done.set()
        assert (here, found.result()) == (2, 1)
        assert fanin.get_num_threads() == 2
        assert pool.submit(fanin.get_num_threads).result() == 5
    assert fanin.get_num_threads() == 5


def test_no_number_keeps_the_one_around_it(threads):
    threads(3)
    with fanin.num_threads(None):
        assert fanin.get_num_threads() == 3
    with fanin.num_threads(2), fanin.num_threads(None):
        assert fanin.get_num_threads() == 2


@posix
def test_a_child_forked_during_a_fit_of_another_thread_uses_one_thread():
    code = """
import os, threading
import numpy as np, fanin
X = np.ones((1000, 100), "float32")
net = fanin.Network(100, [fanin.Dense(100, "tanh"), fanin.Dense(1)])
at_work = threading.Event()
def at_end_of_epoch(*_):
    at_work.set()
def fit():
    net.fit(X, X[:, 0], epochs=10**9, callbacks=[at_end_of_epoch])
threading.Thread(target=fit, daemon=True).start()
at_work.wait()
child = os.fork()
if child == 0:
    twin = fanin.Network(100, [fanin.Dense(100, "tanh"), fanin.Dense(1)])
    twin.fit(X, X[:, 0], epochs=1)
    os._exit(fanin.get_num_threads())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert python_prints("-W", "ignore::DeprecationWarning", "-c", code, FANIN_NUM_THREADS="2") == "1\n"
