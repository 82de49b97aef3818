"""The line that shows progress fits its terminal, has colours only where there are any, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import re
import sys

import pytest

from fanin import progress, terminal
from fanin.progress import about_time, composed, redrawn, time_left
from terminals import in_notebook, in_terminal

FACTS = ["12 s left", "loss 0.1234", "val_loss 0.2345", "val_accuracy 0.9876", "learning_rate 0.001"]


@pytest.fixture(autouse=True)
def _redrawn_at_once(monkeypatch):
    monkeypatch.setattr(progress, "_REDRAWN", 0)


@pytest.mark.parametrize("columns", [*range(1, 60), 80, 120, 200])
def test_a_line_is_never_wider_than_its_terminal(columns, monkeypatch):
    screen = in_terminal(monkeypatch, columns)
    line = redrawn()
    for done in (None, 0.0, 0.37, 1.0):
        line.show("epoch 37/100", done, FACTS)
    line.close()
    assert max(len(drawing.rstrip("\n")) for drawing in screen.drawings) < columns or columns == 1


def test_important_facts_come_first_and_a_bar_takes_what_is_left():
    for width in range(20, 140):
        before, bar, behind = composed("epoch 37/100", 0.37, FACTS, width)
        kept = behind.split(", ")[1:]
        assert kept == FACTS[: len(kept)]
        assert bar in (0, 8, 16, 24)
        assert len(before) + bar + 4 * bool(bar) + len(behind) < max(width + 1, len(" 37 % epoch 37/100"))
    assert (bar, kept) == (24, FACTS)


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "vt100"}, True)],
    ids=str,
)
@pytest.mark.skipif(os.name == "nt", reason="consoles of Windows are another matter")
def test_colours_are_left_out_if_they_are_not_wanted(environment, coloured, monkeypatch):
    screen = in_terminal(monkeypatch, **environment)
    redrawn().show("epoch 1/2", 0.5, [])
    assert ("\x1b" in screen.getvalue()) == coloured
    assert ("#" in screen.getvalue()) != coloured


def test_a_terminal_without_the_letters_gets_a_bar_in_ascii(monkeypatch):
    screen = in_terminal(monkeypatch)
    screen.encoding = "latin-1"
    redrawn().show("epoch 1/2", 0.5, [])
    assert screen.getvalue().isascii()
    assert "[############------------]" in screen.getvalue()


def test_files_pipes_and_dumb_terminals_get_no_line(monkeypatch):
    assert redrawn(io.StringIO()) is None
    in_terminal(monkeypatch, term="dumb")
    assert redrawn() is None
    monkeypatch.setattr(sys, "stderr", None)
    assert redrawn() is None


def test_a_shorter_line_leaves_nothing_of_a_longer_one(monkeypatch):
    screen = in_terminal(monkeypatch, 100)
    line = redrawn()
    line.show("a long label", None, FACTS)
    line.show("short", None, [])
    line.clear()
    line.show("again", None, ["x"])
    line.close()
    first, second, wiped, empty, last = screen.drawings
    assert len(second) == len(first)
    assert (second.strip(), wiped.strip(), empty) == ("short", "", "")
    assert last == "again, x\n"


def test_lines_that_stay_are_printed_above(monkeypatch, capsys):
    screen = in_terminal(monkeypatch)
    line = redrawn()
    line.show("trial 1/9", None, [])
    line.write("A decision.")
    assert capsys.readouterr().out == "A decision.\n"
    assert [drawing.strip() for drawing in screen.drawings] == ["trial 1/9", "", "", "trial 1/9"]


def test_a_notebook_shows_text_as_text_and_replaces_it(monkeypatch, capsys):
    updates = in_notebook(monkeypatch)
    line = redrawn()
    line.show("<b>", 0.25, ["loss 1"])
    line.show("next", None, [])
    line.write("A decision.")
    line.close()
    assert [update["text"] for update in updates] == ["<b>  25 %, loss 1", "next "]
    assert "<div>&lt;b&gt; <progress" in updates[0]["html"]
    line.clear()
    assert (updates[-1]["text"], updates[-1]["new"]) == ("", False)
    assert capsys.readouterr().out == "A decision.\n"
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert redrawn() is None


def test_the_time_left_follows_from_the_share_that_is_done():
    assert about_time(time_left(30.0, 0.25)) == ["1 min 30 s left"]
    assert about_time(time_left(12.3, 0.5)) == ["12 s left"]
    assert about_time(time_left(0.5, 0.5)) == ["500 ms left"]
    for unknown in (None, 0.0, 0.009, 1.0):
        assert about_time(time_left(5.0, unknown)) == []


def test_texts_are_as_wide_as_the_terminal_within_limits(monkeypatch):
    for columns, width in ((40, 60), (72, 72), (200, 100)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert terminal.width() == width
        assert terminal.columns(sys.stdout) == columns
    monkeypatch.setenv("COLUMNS", "wide")
    assert terminal.columns(io.StringIO()) == 80
    assert re.fullmatch(r"\d+", str(terminal.columns(sys.__stdout__)))
