"""A rank that fails, or differs from others, ends all with its error; none waits."""

from __future__ import annotations

import sys

import pytest

import fanin
import fanin.distributed
from ranks import results_of, run

BEGIN = """
X, y = dealt(*wave(64))
net = fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(1)])
"""
FIT = (
    BEGIN
    + """
def error_of(*args, **options):
    try:
        distributed.fit(*args, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "none"
"""
)


def test_what_one_rank_does_wrong_is_an_error_on_all(mpi):
    program = """
wrong = X.copy()
wrong[3, 1] = np.nan
other = fanin.Network(3, [fanin.Dense(5, "tanh"), fanin.Dense(1)])
errors = [
    error_of(net, wrong if rank == 1 else X, y),
    error_of(net if rank == 0 else other, X, y),
    error_of(net, X, y, rule=optim.SGD(0.1 if rank == 0 else 0.2)),
    error_of(net, X, y, epochs=0.5 if rank == 1 else 2),
    error_of(net, X, y, batch_size=32 + rank),
    error_of(net, X, y, sample_weight=None if rank == 0 else np.ones(len(X))),
    error_of(net, X[:0] if rank == 1 else X, y[:0] if rank == 1 else y),
]
if rank == 1:
    fanin._core.__version__ = "0.0"
errors.append(error_of(net, X, y))
show(errors=errors)
"""
    results = results_of(mpi, 2, FIT + program)
    assert results[0] == results[1]
    expected = (
        "ValueError: rank 1: X: row 3, column 1 is nan",
        "ValueError: rank 1: layers: expected that of rank 0, (Dense(units=4",
        "ValueError: rank 1: options: expected that of rank 0, Settings(rule=SGD(learning_rate=0.1",
        "TypeError: rank 1: epochs: ",
        "ValueError: rank 1: options: expected that of rank 0, ",
        "ValueError: rank 1: sample_weight: expected that of rank 0, None, got weights",
        "ValueError: rank 1: X: expected at least one row",
        "ValueError: rank 1: version of fanin: expected that of rank 0, ",
    )
    for error, beginning in zip(results[0]["errors"], expected, strict=True):
        assert error.startswith(beginning)


def test_what_several_ranks_do_not_train_together_is_refused(mpi):
    program = """
recurrent = fanin.Network(3, [fanin.GRU(4), fanin.Dense(1)])
norm = fanin.Network(3, [fanin.Dense(4, batch_norm=True), fanin.Dense(1)])
coded = fanin.Network(3, [fanin.PiecewiseLinear(), fanin.Dense(1)])
show(errors=[
    error_of(net, X, y, rule=optim.LBFGS()),
    error_of(net, X, y, rule=optim.Adam("auto")),
    error_of(net, X, y, batches="balanced"),
    error_of(recurrent, X[None], y[:1]),
    error_of(norm, X, y, batch_size=3),
    error_of(coded, X, y),
    error_of(net, X, y, batch_size=1),
    error_of(net, X, y, sample_weight=np.zeros(len(X))),
    error_of(net, X, y, synchronized=1),
    error_of(net, X, y, comm=MPI),
])
"""
    results = results_of(mpi, 2, FIT + program)
    assert results[0] == results[1]
    expected = (
        "ValueError: rank 0: rule: expected an update rule, because LBFGS needs all rows",
        'ValueError: rank 0: learning_rate: expected a number or a schedule, got "auto"',
        'ValueError: rank 0: batches: expected "shuffled" or "in_order", got "balanced"',
        "ValueError: rank 0: net: expected no recurrent layers",
        "ValueError: batch_size: expected at least 2 rows of each rank in every batch",
        "ValueError: layers[0]: learns from the rows of one rank alone; call adapt on rank 0",
        "ValueError: rank 0: batch_size: expected at least 2, the number of ranks, which share each batch, got 1",
        "ValueError: rank 0: sample_weight: expected at least one weight above 0",
        "TypeError: rank 0: synchronized: ",
        "TypeError: comm: expected an intracommunicator of mpi4py, got module",
    )
    for error, beginning in zip(results[0]["errors"], expected, strict=True):
        assert error.startswith(beginning)


def test_a_fit_that_diverges_on_one_rank_is_restored_on_all(mpi):
    program = """
if rank == 1:
    y[0] = 1e30
before = digest(net)
error = error_of(net, X, y, rule=optim.SGD(1.0), batch_size=64)
finite = [bool(np.isfinite(array).all()) for array in net.get_weights().values()]
show(error=error.split(", first in")[0], finite=finite, digest=digest(net))
"""
    results = results_of(mpi, 2, FIT + program)
    assert results[0] == results[1]
    assert results[0]["error"].startswith("DivergedError: training diverged: in epoch 1, step 1")
    assert all(results[0]["finite"])


def test_an_exception_of_one_rank_ends_all_with_its_traceback(mpi):
    program = """
def fail(net, epoch, logs):
    if rank == 1 and epoch == 2:
        raise RuntimeError("the disk of this rank is full")
distributed.fit(net, X, y, epochs=100000, callbacks=[fail])
"""
    done = run(mpi, 2, BEGIN + program)
    assert done.code != 0
    assert "rank 1 of 2 failed:" in done.errors
    assert "RuntimeError: the disk of this rank is full" in done.errors


def test_a_callback_that_changes_the_rate_of_one_rank_is_an_error_on_all(mpi):
    program = """
class Slower:
    def on_fit_begin(self, net, history):
        self.history = history
    def on_epoch_end(self, net, epoch, logs):
        if rank == 0:
            self.history.rate_factor = 0.1
show(error=error_of(net, X, y, epochs=3, callbacks=[Slower()]))
"""
    results = results_of(mpi, 2, FIT + program)
    assert results[0] == results[1]
    assert "ValueError: rank 1: callbacks: expected the rate_factor of rank 0, 0.1" in results[0]["error"]


def test_a_killed_rank_ends_all_ranks(mpi):
    program = """
import signal
def die(net, epoch, logs):
    if rank == 1 and epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
distributed.fit(net, X, y, epochs=100000, callbacks=[die])
show(lives=True)
"""
    done = run(mpi, 2, BEGIN + program)
    assert done.code != 0
    assert not done.results


def test_an_interrupted_rank_ends_all_ranks(mpi):
    program = """
import signal
def interrupt(net, epoch, logs):
    if rank == 1 and epoch == 2:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
distributed.fit(net, X, y, epochs=100000, callbacks=[interrupt])
show(lives=True)
"""
    done = run(mpi, 2, BEGIN + program)
    assert done.code != 0
    assert not done.results
    assert "KeyboardInterrupt" in done.errors


def test_without_mpi4py_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    net = fanin.Network(1, [fanin.Dense(1)])
    with pytest.raises(ImportError, match=r'pip install "fanin\[mpi\]"'):
        fanin.distributed.fit(net, [[1.0]], [1.0])
