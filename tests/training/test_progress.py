"""What verbose shows: a line drawn anew in a terminal or a notebook, else one line per epoch."""

from __future__ import annotations

import os
import re
import sys

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import python_prints
from terminals import in_notebook, in_terminal

TIME = r"[\d.]+ (?:ns|us|ms|s)"
FIGURES = r"loss \S+, val_loss \S+, val_rmse \S+, learning_rate 0.01"
LINE = re.compile(rf"epoch (\d)/3: {FIGURES}, {TIME}(, {TIME} left)?")


def fit(**options):
    X = np.linspace(-1, 1, 8)[:, None]
    net = fanin.Network(1, [fanin.Dense(1)])
    options = {"epochs": 3, "validation_data": (X, X), "verbose": True, **options}
    return net.fit(X, X, rule=options.pop("rule", optim.SGD()), **options)


@pytest.fixture
def no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


def test_without_a_terminal_each_epoch_is_one_line(capsys, no_notebook):
    fit()
    captured = capsys.readouterr()
    found = [LINE.fullmatch(line) for line in captured.out.splitlines()]
    assert [match[1] for match in found] == ["1", "2", "3"]
    assert [match[2] is None for match in found] == [False, False, True]
    assert captured.err == ""


def test_in_a_terminal_a_line_shows_the_last_figures(capsys, monkeypatch):
    terminal = in_terminal(monkeypatch, 160)
    fit()
    assert capsys.readouterr().out == ""
    assert terminal.drawings[0].startswith("epoch 0/3 ")
    assert re.search(rf"epoch 3/3 ━+ 100 %, {TIME}, {FIGURES} *\n$", terminal.drawings[-1])


def test_a_terminal_that_cannot_redraw_gets_lines(capsys, monkeypatch):
    terminal = in_terminal(monkeypatch, term="dumb")
    fit()
    assert terminal.getvalue() == ""
    assert all(LINE.fullmatch(line) for line in capsys.readouterr().out.splitlines())


def test_a_notebook_gets_one_output_that_is_replaced(monkeypatch, capsys):
    updates = in_notebook(monkeypatch)
    fit(epochs=400)
    assert capsys.readouterr() == ("", "")
    assert [update["new"] for update in updates] == [True, *[False] * (len(updates) - 1)]
    assert len({update["id"] for update in updates}) == 1
    assert len(updates) < 100
    assert re.search(rf"epoch 400/400 100 %, {TIME}, {FIGURES}", updates[-1]["text"])
    assert '<progress value="1.0000" max="1">' in updates[-1]["html"]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({"epochs": None, "max_steps": 5}, r"epoch 1: .*, [\d.]+ [mu]?s left"),
        ({"epochs": None, "max_steps": 1}, rf"epoch 1: {FIGURES}, {TIME}"),
        ({"epochs": 3, "max_time": 1e-9}, rf"epoch 1/3: {FIGURES}, {TIME}"),
        ({"rule": optim.LBFGS()}, r"epoch 1/3: [^%]*\d [mu]?s"),
    ],
    ids=str,
)
def test_the_time_left_is_that_of_the_limit_which_ends_the_fit(options, first, capsys, no_notebook):
    fit(**options)
    line = capsys.readouterr().out.splitlines()[0]
    assert re.fullmatch(first, line), line


def test_figures_that_callbacks_add_are_shown_and_other_things_are_not(capsys, no_notebook):
    def add(net, epoch, logs):
        logs.update(val_auc=np.float32(0.75), note="text", table=np.ones(3))

    fit(callbacks=[add], epochs=1)
    line = capsys.readouterr().out
    assert "val_auc 0.75" in line
    assert "note" not in line
    assert "table" not in line


def test_a_line_ends_when_a_callback_stops_the_fit_or_fails(monkeypatch):
    terminal = in_terminal(monkeypatch)
    fit(callbacks=[lambda net, epoch, logs: epoch == 2])
    assert terminal.drawings[-1].startswith("epoch 2/3")

    def fail(net, epoch, logs):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fit(callbacks=[fail])
    assert terminal.getvalue().endswith("\n")


def test_a_process_without_standard_streams_can_train():
    code = """
import sys
out, sys.stdout, sys.stderr = sys.stdout, None, None
from training.test_progress import fit
print(len(fit().loss), file=out)
"""
    assert python_prints("-c", code) == "3\n"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_real_terminal_gets_a_line_that_fits(columns):
    code = f"""
import fcntl, os, re, struct, sys, termios
os.environ.pop("COLUMNS", None)
os.environ["TERM"] = "xterm"
master, slave = os.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, {columns}, 0, 0))
os.dup2(slave, 2)
from training.test_progress import fit
fit()
sys.stderr.flush()
text = ""
while "3/3" not in text or not text.endswith("\\n"):
    text += os.read(master, 1000).decode()
lines = re.sub(r"\\x1b\\[\\d*m", "", text).split("\\r")
assert len(lines) > 2, text
print(max(map(len, lines)) < {columns})
"""
    assert python_prints("-c", code) == "True\n"
