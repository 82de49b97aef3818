"""Ctrl-C in fit is a KeyboardInterrupt that ends it and leaves a net that works; each case in its own process.

None of these fits would end before the process is stopped for taking too long.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from helpers import python_prints
from systems import posix

pytestmark = posix

PROLOGUE = """
import os, signal, threading
import numpy as np
import fanin
from fanin import optim
from helpers import digest

# a shell that starts this in the background has it ignore the signal, and Python then leaves it so
signal.signal(signal.SIGINT, signal.default_int_handler)
kept = []

def press_control_c():
    os.kill(os.getpid(), signal.SIGINT)

def interrupted(fit, keep=False):
    try:
        threading.Timer(0.3, press_control_c).start()
        fit()
    except KeyboardInterrupt as interrupt:
        if keep:
            kept.append(interrupt)
        return
    raise AssertionError("the fit ended on its own")

def assert_usable(net, X, y):
    assert all(np.isfinite(w).all() for w in net.get_weights().values())
    assert np.isfinite(net.predict(X[:100])).all()
    history = net.fit(X[:100], y[:100], rule=optim.Adam(), epochs=1)
    assert np.isfinite(history.loss).all()

rng = np.random.default_rng(0)
"""

SMALL_STEPS = """
X, y = rng.normal(size=(2000, 20)), rng.integers(2, size=2000)
net = fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(2)], loss="softmax_cross_entropy")
interrupted(lambda: net.fit(X, y, rule=optim.Adam(), epochs=10**8, batch_size=32))
assert_usable(net, X, y)
print("usable")
"""

# On the slow instruction set one step of these takes minutes.
MANY_ROWS = """
X, y = np.ones((10**6, 20), "uint8"), np.zeros(10**6, int)
layers = [fanin.Dense(200, "relu", batch_norm=fanin.BatchNorm(exact_statistics=True)) for _ in range(6)]
net = fanin.Network(20, [*layers, fanin.Dense(2)], loss="softmax_cross_entropy")
before = digest(net)
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_control_c_between_small_steps_leaves_a_usable_net(threads):
    assert python_prints("-c", PROLOGUE + SMALL_STEPS, FANIN_NUM_THREADS=threads) == "usable\n"


@pytest.mark.parametrize("threads", ["1", "2"])
def test_control_c_within_one_huge_step_abandons_the_whole_step(threads):
    code = """
plain = fanin.Network(20, [*[fanin.Dense(200, "relu")] * 6, fanin.Dense(2)], loss="softmax_cross_entropy")
before = digest(plain)
interrupted(lambda: plain.fit(X, y, rule=optim.SGD(), epochs=1, batch_size=len(X), batches="in_order"))
assert digest(plain) == before
assert_usable(plain, X, y)
print("usable")
"""
    printed = python_prints(
        "-c", PROLOGUE + MANY_ROWS + code, FANIN_NUM_THREADS=threads, FANIN_ISA="baseline"
    )
    assert printed == "usable\n"


def test_control_c_during_validation_leaves_a_usable_net():
    code = """
X, y = rng.normal(size=(200_000, 20)), rng.integers(2, size=200_000)
net = fanin.Network(20, [fanin.Dense(256, "relu"), fanin.Dense(2)], loss="softmax_cross_entropy")
interrupted(lambda: net.fit(X[:32], y[:32], rule=optim.Adam(), epochs=10**6, validation_data=(X, y)))
assert_usable(net, X, y)
print("usable")
"""
    assert python_prints("-c", PROLOGUE + code) == "usable\n"


CALLS = {
    "predict": "net.predict(X)",
    "evaluate": "net.evaluate(X, y)",
    "exact statistics": "net.fit(X, y, rule=optim.SGD(0.0), epochs=1, max_steps=1)",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_control_c_ends_calls_that_would_go_through_all_rows_for_minutes(call, threads):
    code = f"""
interrupted(lambda: {CALLS[call]})
assert {call == "exact statistics"} or digest(net) == before
assert_usable(net, X[:1000], y[:1000])
print("interrupted")
"""
    printed = python_prints(
        "-c", PROLOGUE + MANY_ROWS + code, FANIN_NUM_THREADS=threads, FANIN_ISA="baseline"
    )
    assert printed == "interrupted\n"


def test_a_stored_interrupt_does_not_keep_the_net_busy():
    """A notebook keeps the last traceback, and with it everything that the frames of fit refer to."""
    code = SMALL_STEPS.replace("batch_size=32))", "batch_size=32), keep=True)")
    assert "keep=True" in code
    assert python_prints("-c", PROLOGUE + code) == "usable\n"


def test_control_c_ends_a_fit_of_slow_steps_next_to_busy_processes():
    """The team then waits for threads that have no processor; a wait that is never woken up would hang here."""
    code = """
X, y = rng.normal(size=(4096, 784)).astype("float32"), rng.integers(10, size=4096)
layers = [fanin.Dense(2048, "relu"), fanin.Dense(2048, "relu"), fanin.Dense(10)]
net = fanin.Network(784, layers, loss="softmax_cross_entropy")
for _ in range(5):
    interrupted(lambda: net.fit(X, y, rule=optim.SGD(), epochs=10**6, batch_size=256))
assert_usable(net, X, y)
print("usable")
"""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        assert python_prints("-c", PROLOGUE + code) == "usable\n"
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_control_c_comes_before_a_divergence_of_the_same_epoch():
    """The average of an oscillating weight overflows, which is detected at the end of the epoch."""
    code = """
import warnings
warnings.simplefilter("ignore")
layers = [fanin.Dense(512), fanin.Dense(512), fanin.Dense(1, initializer="zeros")]
net = fanin.Network(1, layers, "absolute_error", dtype="float64")
small = np.zeros(512)
small[0] = 1e-305
net.set_weights({**net.get_weights(), "layer2.weight": np.zeros((512, 512)), "layer2.bias": small})
frozen = ["layer1", "layer2", "layer3.bias"]
rule = optim.Around(optim.SignSGD(4e307), frozen=frozen, average_decay=0.999)
options = {"rule": rule, "batch_size": 32, "batches": "in_order"}
y = np.repeat(np.tile([1e6, -1e6], 2000), 8 * 32)[4 * 32:]
X = np.zeros((len(y), 1))
try:
    net.fit(X[:1024], y[:1024], epochs=1, **options)
except fanin.DivergedError as error:
    print("weights" in str(error), error.step)
interrupted(lambda: net.fit(X, y, epochs=10**6, **options))
print("usable", all(np.isfinite(w).all() for w in net.get_weights().values()))
"""
    assert python_prints("-c", PROLOGUE + code) == "True 32\nusable True\n"


CLEAN_UP_THAT_FAILS = """
from fanin.training import fitting, together
from fanin.training.fitting import Fit

def fails(self):
    raise OSError("no clean-up")
Fit.close = fails
X, y = rng.normal(size=(2000, 20)), rng.normal(size=2000)
net = fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(1)])
options = {"rule": optim.SGD(1e-3), "epochs": 10**8, "batch_size": 32}
"""


@pytest.mark.parametrize(
    "fit",
    [
        "net.fit(X, y, **options)",
        "net.fit_chunks(lambda: [(X, y)], **options)",
        "fanin.train_together([(net, X, y, options)])",
    ],
)
def test_a_clean_up_that_fails_does_not_replace_control_c(fit):
    code = CLEAN_UP_THAT_FAILS + f"interrupted(lambda: {fit})\nprint('interrupted')\n"
    assert python_prints("-c", PROLOGUE + code) == "interrupted\n"


def test_a_failing_clean_up_after_a_complete_fit_is_reported():
    code = (
        CLEAN_UP_THAT_FAILS
        + """
try:
    net.fit(X, y, rule=optim.SGD(1e-3), epochs=1)
except OSError as error:
    print(error)
"""
    )
    assert python_prints("-c", PROLOGUE + code) == "no clean-up\n"
