"""`search.run` given what it cannot take: each message says what and where, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import fanin
from fanin import optim, search
from searched import SMALL, SPACE, X, Y, make_net, scores
from systems import posix


def spoiled(row: int) -> np.ndarray:
    values = X.copy()
    values[row, 1] = np.nan
    return values


def weights(first: float, others: float = 1.0) -> np.ndarray:
    return np.where(np.arange(len(X)) == 0, first, others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"X": spoiled(77)}, "X: row 77, column 1 is nan"),
        ({"X": pd.DataFrame(spoiled(77), columns=["a", "b"])}, r'X: row 77, column 1 \("b"\) is nan'),
        ({"X": X[:, :1]}, r"X: expected 2 columns, one for each input, got shape \(240, 1\)"),
        ({"y": Y + 5}, "y: row 0 is [56]; labels must be in 0..1"),
        ({"y": None}, "y: expected integer labels"),
        ({"sample_weight": weights(-1)}, "sample_weight: row 0 is -1; weights must be finite and at least 0"),
        ({"sample_weight": weights(0, 0)}, "sample_weight: expected at least one weight above 0"),
        ({"sample_weight": weights(1, 0)}, "sample_weight: expected a.* above 0 among the rows that score"),
        ({"validation_data": (X[:, :1], Y)}, "validation_data: X: expected 2 columns"),
        ({"validation_data": (X, Y[:9])}, "validation_data: y: expected 240 rows to match X, got 9"),
        ({"validation_data": (X[:0], Y[:0])}, "validation_data: X: expected at least one row"),
        ({"validation_data": (X, Y, np.ones(3))}, "validation_data: sample_weight: expected shape"),
        ({"validation_data": (spoiled(3), Y)}, "validation_data: X: row 3, column 1 is nan"),
        ({"journal": 3}, "journal: path: expected a str or a path, got 3"),
        ({"journal": "/dev/full"}, "journal: /dev/full: expected a file, got a device or pipe"),
    ],
)
def test_unusable_data_of_a_search_is_an_error_before_any_training(arguments, message):
    with pytest.raises((TypeError, ValueError), match="^" + message):
        search.run(make_net, SPACE, **{"X": X, "y": Y, **arguments}, **SMALL)


def test_accuracy_needs_classes():
    def make(rate):
        return fanin.Network(2, [fanin.Dense(2)])

    with pytest.raises(ValueError, match="scoring: expected \"loss\" for squared_error, got 'accuracy'"):
        search.run(make, {"rate": [1, 2]}, X, X, scoring="accuracy", **SMALL)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"batch_size": 0}, "batch_size: expected at least 1, got 0"),
        ({"batches": "bogus"}, "batches: expected one of"),
        ({"order_seed": -1}, "order_seed: expected at least 0"),
    ],
)
def test_an_option_that_no_fit_takes_is_reported_with_the_parameters(option, message):
    with pytest.raises(ValueError, match=rf"^make_net\(rate 0.1, units \d+\): {message}"):
        search.run(
            lambda rate, units: (make_net(rate, units)[0], option), {**SPACE, "rate": [0.1]}, X, Y, **SMALL
        )


def test_a_network_may_not_be_returned_again_even_for_a_much_later_trial():
    made: list[fanin.Network] = []

    def make(rate, units):
        made.append(make_net(rate, units)[0])
        return made[-1] if len(made) < 80 else made[0]

    with pytest.raises(ValueError, match=r"expected a new network in each call, such as net\.copy"):
        search.run(make, SPACE, X, Y, n_iter=90, max_epochs=1)


def test_networks_that_were_trained_or_look_at_batches_are_searched_as_others():
    def make(rate, units):
        layers = [fanin.Standardize(), fanin.Dense(units, "relu"), fanin.BatchNorm(), fanin.Dropout(0.2)]
        net = fanin.Network(2, [*layers, fanin.Dense(2)], "softmax_cross_entropy")
        net.fit(X, Y, epochs=1)
        return net, {"rule": optim.Adam(rate), "batches": "stratified", "class_weight": "balanced"}

    first, again = (search.run(make, SPACE, X, Y, **SMALL) for _ in range(2))
    assert scores(first) == scores(again)


@pytest.mark.parametrize("kind", ["lists", "Fortran", "read-only", "frame", "memmap"])
def test_rows_may_come_in_any_container(tmp_path, kind):
    np.save(tmp_path / "X.npy", X)
    readonly = X.copy()
    readonly.flags.writeable = False
    given = {
        "lists": X.tolist(),
        "Fortran": np.asfortranarray(X),
        "read-only": readonly,
        "frame": pd.DataFrame(X, index=range(1000, 1240)),
        "memmap": np.load(tmp_path / "X.npy", mmap_mode="r"),
    }[kind]
    expected = search.run(make_net, SPACE, X, Y, **SMALL)
    assert scores(search.run(make_net, SPACE, given, Y, **SMALL)) == scores(expected)


def test_a_space_with_fewer_points_than_trials_is_tried_whole_and_halved_accordingly():
    space = {"rate": [0.1, 0.01], "units": [3, 4, 5]}
    result = search.run(make_net, space, X, Y, n_iter=64, max_epochs=27)
    assert len(result.trials) == 6
    assert result.rungs == (9, 27)
    assert result.log[0] == "Round 1: all 6 points of the space are tried."


def test_two_threads_search_at_once():
    expected = scores(search.run(make_net, SPACE, X, Y, **SMALL))
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda: found.append(search.run(make_net, SPACE, X, Y, **SMALL)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [scores(result) for result in found] == [expected, expected]


def test_a_search_runs_inside_a_callback_of_a_fit():
    found = []

    def inside(net: object, epoch: int, logs: object) -> None:
        found.append(search.run(make_net, SPACE, X, Y, **SMALL))

    make_net(0.01)[0].fit(X, Y, epochs=1, callbacks=[inside])
    assert scores(found[0]) == scores(search.run(make_net, SPACE, X, Y, **SMALL))


def pressing_ctrl_c_after(networks: int) -> Callable[..., Any]:
    """A function that makes networks; soon after this many, while they are trained, a signal comes."""
    made = []

    def make(rate, units):
        made.append(rate)
        if len(made) == networks:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()
        return make_net(rate, units)

    return make


@posix
def test_a_signal_ends_a_search_with_what_there_is_and_a_valid_journal(tmp_path):
    path, arguments = tmp_path / "journal", {"n_iter": 9, "max_epochs": 3000, "min_epochs": 30}
    result = search.run(pressing_ctrl_c_after(12), SPACE, X, Y, journal=path, rounds=9, **arguments)
    assert not result.complete
    assert result.net is not None
    assert "Interrupted: the best so far is taken." in result.log
    _, *lines = map(json.loads, path.read_text().splitlines())
    assert len(lines) - len(scores(result)) in (0, 1)  # the signal may come right after a line is written


@posix
def test_a_full_disk_is_an_error_and_the_search_resumes_when_there_is_space(tmp_path):
    import resource

    path = tmp_path / "journal"
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
    try:
        with pytest.raises(OSError, match=r"the disk is full|File too large"):
            search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    again = search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    assert scores(again) == scores(search.run(make_net, SPACE, X, Y, **SMALL))


def test_a_journal_knows_distributions_without_a_text_of_their_own(tmp_path):
    def searched(high: float) -> search.Result:
        space = {"rate": stats.loguniform(1e-4, high), "units": [3, 4]}
        return search.run(make_net, space, X, Y, journal=tmp_path / "journal", **SMALL)

    assert scores(searched(0.1)) == scores(searched(0.1))
    with pytest.raises(ValueError, match="it belongs to another search, whose space is "):
        searched(0.2)


def test_a_journal_refuses_values_that_no_later_search_could_recognize(tmp_path):
    space = {"rate": [lambda: 0.1, lambda: 0.2]}
    with pytest.raises(TypeError, match="journal: expected a search whose parts can be pickled"):
        search.run(lambda rate: make_net(rate()), space, X, Y, journal=tmp_path / "journal", **SMALL)
    assert len(search.run(lambda rate: make_net(rate()), space, X, Y, **SMALL).trials) == 2
