"""What a notebook shows of fits, searches, tables and diagnoses is a small table in the notebook's own colours."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from diagnosed import HOSTILE, diagnosed
from fanin import search
from fanin.diagnose.html import notebook_html
from fanin.search.result import Result
from fanin.search.trials import Outcome, Trial

X = np.linspace(-1, 1, 64)[:, None]


def fitted(**options):
    net = fanin.Network(1, [fanin.Dense(4, "tanh"), fanin.Dense(1)])
    return net.fit(X, X**2, **options)


def searched(count, ties=(), **options):
    """The result of a search whose trials score 0, -1, ...; the last ones are the best."""
    trials = [
        Trial(
            k,
            1,
            {"rate": 0.5**k, "units": (k,) * 40},
            (Outcome(k, 1, (float(k),), 0.25), Outcome(k, 9, (k + 0.5,), 1.0)),
        )
        for k in range(count)
    ]
    given = {"log": (), "space": {}, "rungs": (1, 9), "seconds": 125.0, "complete": True, **options}
    return Result(trials[-1], tuple(trials), tuple(trials[k] for k in ties), **given)


def encoder():
    table = {HOSTILE: np.arange(200.0), "colour": ["red", "<b>", "blue", "green"] * 50, "same": [1] * 200}
    return fanin.TableEncoder().fit(table)


def parsed(value):
    """The rows of the tables, and all text; raise unless all tags are closed."""
    tree = ElementTree.fromstring(value._repr_html_())
    rows = [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]
    style = "".join(element.text for element in tree.iter("style"))
    return rows, "".join(tree.itertext()).replace(style, "")


SHOWN = {
    "network": lambda: fanin.Network(3, [fanin.Dense(1)]),
    "history": fitted,
    "history of nothing": lambda: fitted(epochs=0),
    "diagnosis": lambda: SimpleNamespace(_repr_html_=lambda: notebook_html(diagnosed())),
    "search": lambda: searched(3),
    "encoder": encoder,
    "encoder without columns": fanin.TableEncoder,
}


@pytest.mark.parametrize("kind", SHOWN)
def test_what_a_notebook_shows_has_no_scripts_no_colours_of_its_own_and_closed_tags(kind):
    page = SHOWN[kind]()._repr_html_()
    _, text = parsed(SHOWN[kind]())
    assert "<script" not in page
    assert "\x1b" not in page
    assert len(page) < 20_000
    assert text.strip()
    colours = set(re.findall(r"(?<!-)\b(?:color|background): ([^;]+);", page))
    assert colours <= {"inherit", "none", "#8882"}


def test_a_history_is_shown_as_some_epochs_with_the_first_the_last_and_the_best():
    history = fitted(epochs=40, validation_data=(X, X**2), callbacks=[fanin.EarlyStopping(patience=40)])
    history.best_epoch = 31
    (head, *rows), text = parsed(history)
    assert head == ["epoch", "loss", "val_loss", "val_rmse", "learning_rate", "time"]
    numbers = [int(row[0].split(",")[0]) for row in rows]
    assert numbers == sorted(numbers)
    assert {1, 31, 40} <= set(numbers)
    for number, row in zip(numbers, rows, strict=True):
        assert row[1] == f"{history.loss[number - 1]:.4g}"
    assert text.startswith("fanin.History: 40 epochs, loss ")


def test_a_short_history_is_shown_whole_with_its_decisions():
    rows, text = parsed(fitted(rule=fanin.optim.Adam("auto"), epochs=3))
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert "fanin.Decision: learning_rate" in text


def test_a_search_is_shown_as_its_best_trials():
    result = searched(14, ties=(12, 3), complete=False)
    (head, *rows), text = parsed(result)
    assert head == ["trial", "rate", "units", "score", "epochs", "time"]
    assert [row[0] for row in rows] == [str(k) for k in range(13, 3, -1)]
    assert rows[0] == ["13", "0.0001221", "(13, 13, 13, 13, ...", "13.5", "9", "1.25 s"]
    for words in (
        "and 4 other trials",
        "2 trials tied with the best: 3, 12",
        "searched for 2 min 5 s, not to the end",
    ):
        assert words in text
    lines = str(result).splitlines()
    assert [line.split()[0] for line in lines[:11]] == ["trial", *(row[0] for row in rows)]
    assert len({len(line) for line in lines[:11]}) == 1
    assert repr(result).startswith("<fanin.search.Result: rate 0.0001221, units ")


def test_a_search_with_one_trial_says_so():
    result = searched(1)
    assert "the best of 1 trial>" in repr(result)
    assert str(result).splitlines()[-1] == "searched for 2 min 5 s"


def test_a_real_search_is_shown_too():
    def make_net(units):
        return fanin.Network(1, [fanin.Dense(units, "tanh"), fanin.Dense(1)])

    result = search.run(make_net, {"units": search.IntUniform(2, 9)}, X, X**2, n_iter=3, max_epochs=3)
    (_, *rows), _ = parsed(result)
    assert len(rows) == 3
    assert rows[0][0] == str(result.best.number)


def test_a_table_encoder_is_shown_as_how_each_column_was_read():
    rows, _ = parsed(encoder())
    assert rows[0] == ["column", "read as", "columns of its code"]
    shown = {row[0]: row[1:] for row in rows[1:]}
    assert shown["colour"] == ["category, a column for each of 4 levels", "4"]
    assert shown["same"] == ["dropped: it is 1 in every row", "0"]
    assert len(shown) == 3


def test_a_long_name_of_a_column_does_not_widen_the_lines_of_others():
    columns = fanin.TableEncoder().fit({"x" * 90: np.arange(99.0) ** 0.5, "y": np.arange(99.0) ** 2}).columns
    long, short = fanin.tables.columns.described(columns)
    assert long.startswith(f"{'x' * 90}  number")
    assert short.startswith(f"{'y':30}  number")
