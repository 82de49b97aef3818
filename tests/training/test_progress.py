"""What verbose shows: a bar in a terminal if tqdm is installed, else one line per epoch."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import python_prints

LINE = re.compile(r"epoch (\d)/3: loss \S+, val_loss \S+, val_rmse \S+, learning_rate 0.01, \S+ s")


def fit(**options):
    X = np.linspace(-1, 1, 8)[:, None]
    net = fanin.Network(1, [fanin.Dense(1)])
    options = {"epochs": 3, "validation_data": (X, X), "verbose": True, **options}
    return net.fit(X, X, rule=optim.SGD(), **options)


@pytest.fixture
def no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def shown_in_terminal(no_notebook):
    """Return what a function writes to standard error if that is a terminal."""
    pytest.importorskip("tqdm")

    def shown(f, **options):
        with contextlib.redirect_stderr(Terminal()) as screen:
            f(**options)
        return screen.getvalue()

    return shown


def test_without_a_terminal_each_epoch_is_one_line(capsys, no_notebook):
    fit()
    captured = capsys.readouterr()
    assert [LINE.fullmatch(line)[1] for line in captured.out.splitlines()] == ["1", "2", "3"]
    assert captured.err == ""


def test_in_a_terminal_a_bar_shows_the_last_figures(capsys, shown_in_terminal):
    last = shown_in_terminal(fit).split("\r")[-1]
    assert capsys.readouterr().out == ""
    assert re.search(r"3/3 .*loss \S+, val_loss \S+, val_rmse \S+, learning_rate 0.01\]\n$", last)


def test_without_tqdm_a_terminal_shows_lines_too(capsys, shown_in_terminal, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    assert shown_in_terminal(fit) == ""
    assert len([line for line in capsys.readouterr().out.splitlines() if LINE.fullmatch(line)]) == 3


def test_a_notebook_gets_a_bar(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    fit()
    captured = capsys.readouterr()
    assert "3/3" in captured.err
    assert captured.out == ""


def test_figures_that_callbacks_add_are_shown_and_other_things_are_not(capsys, no_notebook):
    def add(net, epoch, logs):
        logs.update(val_auc=np.float32(0.75), note="text", table=np.ones(3))

    fit(callbacks=[add], epochs=1)
    line = capsys.readouterr().out
    assert "val_auc 0.75" in line
    assert "note" not in line
    assert "table" not in line


def test_a_bar_ends_when_a_callback_stops_the_fit_or_fails(shown_in_terminal):
    screen = shown_in_terminal(fit, callbacks=[lambda net, epoch, logs: epoch == 2])
    assert "2/3" in screen.split("\r")[-1]

    def fail(net, epoch, logs):
        raise RuntimeError("mine")

    def failing():
        with pytest.raises(RuntimeError, match="mine"):
            fit(callbacks=[fail])

    assert shown_in_terminal(failing).endswith("\n")


def test_a_process_without_standard_streams_can_train():
    code = """
import sys
out, sys.stdout, sys.stderr = sys.stdout, None, None
from training.test_progress import fit
print(len(fit().loss), file=out)
"""
    assert python_prints("-c", code) == "3\n"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_real_terminal_gets_a_bar_and_no_lines():
    pytest.importorskip("tqdm")
    code = """
import fcntl, os, struct, sys, termios
master, slave = os.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
os.dup2(slave, 2)
from training.test_progress import fit
fit()
sys.stderr.flush()
text = ""
while "3/3" not in text:
    text += os.read(master, 1000).decode()
assert "\\r" in text, text
print("a bar")
"""
    assert python_prints("-c", code) == "a bar\n"
