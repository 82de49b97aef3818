"""A network allows one fit or many predictions at a time, else an error; a forked child still works."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import digest, python_prints
from systems import posix


@pytest.fixture
def data(rng):
    return rng.normal(size=(20_000, 20)), rng.integers(2, size=20_000)


@pytest.fixture
def net():
    return fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(2)], loss="softmax_cross_entropy")


def first_error_during_fit(net, data, use):
    """Return what `use` raises while another thread fits."""
    history = []

    def fit():
        while not history:  # the fit may not have started yet
            try:
                history.append(net.fit(*data, rule=optim.Adam(), epochs=10))
            except RuntimeError:
                continue

    worker = threading.Thread(target=fit)
    worker.start()
    error = None
    while worker.is_alive() and error is None:
        try:
            use()
        except RuntimeError as raised:
            error = raised
    worker.join()
    assert len(history[0].loss) == 10
    assert np.isfinite(history[0].loss).all()
    return error


@pytest.mark.parametrize("use", ["predict", "evaluate", "get_weights", "set_weights"])
def test_using_a_net_during_its_fit_is_an_error(net, data, use):
    X, y = data
    arguments = {
        "predict": (X[:1],),
        "evaluate": (X[:1], y[:1]),
        "get_weights": (),
        "set_weights": (net.get_weights(),),
    }[use]
    assert "another" in str(first_error_during_fit(net, data, lambda: getattr(net, use)(*arguments)))


def test_two_fits_of_one_net_at_once_are_an_error(net, data):
    start, errors = threading.Barrier(2), []

    def fit():
        start.wait()
        try:
            net.fit(*data, rule=optim.Adam(), epochs=10)
        except RuntimeError as error:
            errors.append(str(error))

    workers = [threading.Thread(target=fit) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(errors) == 1
    assert "another" in errors[0]
    assert np.isfinite(net.predict(data[0])).all()


def test_many_predicts_at_once_agree(net, data):
    alone = net.predict(data[0])
    with ThreadPoolExecutor(4) as pool:
        for together in pool.map(net.predict, [data[0]] * 12):
            assert np.array_equal(together, alone)


def test_a_fit_in_a_worker_thread_gives_the_bits_of_the_main_thread(data):
    def bits(_=None):
        net = fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(2)], loss="softmax_cross_entropy")
        net.fit(*data, rule=optim.Adam(), epochs=2)
        return digest(net)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(bits).result() == bits()


@posix
def test_a_forked_child_trains_to_the_same_bits_and_does_not_hang():
    code = """
import os, sys
from same_bits_net import trained_bits
here = trained_bits("float32")
sys.stdout.flush()
child = os.fork()
if child == 0:
    os._exit(0 if trained_bits("float32") == here else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert python_prints("-W", "ignore::DeprecationWarning", "-c", code, FANIN_NUM_THREADS="2") == "0\n"


@pytest.mark.parametrize("work", ["train()", "train([compute])", "net.predict(X)", "optimizer.step([X])"])
def test_a_daemon_thread_at_work_lets_python_end(work):
    code = f"""
import threading
import numpy as np, fanin
from fanin import _core, optim

X = np.ones((1000, 100), "float32")
net = fanin.Network(100, [fanin.Dense(100, "tanh"), fanin.Dense(1)])
optimizer = optim.Optimizer(optim.SGD(), [np.ones_like(X)])
at_work = threading.Event()

def train(callbacks=()):
    at_work.set()
    net.fit(X, X[:, 0], rule=optim.SGD(), epochs=10**9, callbacks=callbacks)

def compute(net, epoch, logs):
    while True:
        sum(range(1000))

def loop():
    while True:
        {work}
        at_work.set()

threading.Thread(target=loop, daemon=True).start()
at_work.wait()
threading.Event().wait(0.1)
"""
    assert python_prints("-c", code) == ""


def test_closing_a_training_waits_for_its_epoch(net, data):
    X, y = data
    budget = _core.Budget(None, [], None)
    training = _core.TrainingFloat32(net._core, X, y, None, 32, "shuffled", None, 0, None, budget, None)
    values = optim.SGD().values_on(net.get_weights())
    results = []

    def train():
        while not results:
            with contextlib.suppress(RuntimeError):  # a prediction of the other thread is using the network
                results.append(training.epoch("sgd", values))

    worker = threading.Thread(target=train)
    worker.start()
    while worker.is_alive() and not _is_busy(net):
        pass
    training.close()
    worker.join()
    assert len(results) == 1
    with pytest.raises(ValueError, match="training: already closed"):
        training.epoch("sgd", values)


@posix
def test_the_handler_of_a_signal_may_use_the_library_within_a_call():
    code = """
import signal
import numpy as np
import fanin
X, row = np.ones((10**6, 20), "uint8"), np.ones((300, 20))
net = fanin.Network(20, [fanin.Dense(64, "relu"), fanin.Dense(64, "relu"), fanin.Dense(2)])
wide = fanin.Network(20, [fanin.Dense(2000, "relu"), fanin.Dense(2)])
expected, other, handled = net.predict(X), wide.predict(row), []
def handler(*_):
    handled.append(np.array_equal(wide.predict(row), other))
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
for _ in range(3):
    assert np.array_equal(net.predict(X), expected)
signal.setitimer(signal.ITIMER_REAL, 0)
print(all(handled) and len(handled) > 0)
"""
    assert python_prints("-c", code, FANIN_ISA="avx2" if "avx2" in fanin.cpu.available() else "") == "True\n"


def _is_busy(net):
    try:
        net.predict(np.zeros((1, 20)))
    except RuntimeError:
        return True
    return False
