"""The journal: a search that was killed resumes, and ends with the same result."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from fanin import search
from fanin.search.journal import Journal
from searched import SMALL, SPACE, X, Y, killed_after, make_net, scores
from systems import posix

WHOLE = {"n_iter": 9, "max_epochs": 27, "rounds": 2}


def test_a_search_resumes_from_its_journal_without_training(tmp_path):
    path = tmp_path / "journal"
    first = search.run(make_net, SPACE, X, Y, journal=path, **SMALL)

    def make_best_alone(rate, units):
        assert (rate, units) == tuple(first.best_params.values())
        return make_net(rate, units)

    again = search.run(make_best_alone, SPACE, X, Y, journal=path, **SMALL)
    assert again.best == first.best
    assert again.log == first.log
    assert again.net.to_bytes() == first.net.to_bytes()


def test_a_line_holds_a_rung_of_a_trial_with_its_parameters(tmp_path):
    result = search.run(make_net, SPACE, X, Y, journal=tmp_path / "journal", **SMALL)
    header, *lines = map(json.loads, (tmp_path / "journal").read_text().splitlines())
    assert header["fanin_search"] == 1
    assert len(lines) == sum(len(trial.outcomes) for trial in result.trials)
    assert float(lines[0]["params"]["rate"]) == result.trials[lines[0]["trial"]].params["rate"]


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 0.3, 0.5, 0.999])
def test_a_journal_cut_anywhere_is_completed_to_the_same_result(tmp_path, kept):
    path = tmp_path / "journal"
    whole = search.run(make_net, SPACE, X, Y, journal=path, **WHOLE)
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    again = search.run(make_net, SPACE, X, Y, journal=path, **WHOLE)
    assert scores(again) == scores(whole)
    assert again.log == whole.log
    assert again.net.to_bytes() == whole.net.to_bytes()


@posix
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_search_killed_fifty_times_ends_with_the_same_result(tmp_path):
    path = tmp_path / "journal"
    began = time.perf_counter()
    whole = search.run(make_net, SPACE, X, Y, **WHOLE)
    lasts = time.perf_counter() - began
    draw = random.Random(7)
    kills = 0
    while kills < 50:
        if killed_after(
            draw.uniform(0, 0.7 * lasts), lambda: search.run(make_net, SPACE, X, Y, journal=path, **WHOLE)
        ):
            path.unlink()  # it had ended: begin another one
        else:
            kills += 1
            if kills % 10 == 0:
                check_completed(path, whole)


def check_completed(path: Path, whole: search.Result) -> None:
    found = search.run(make_net, SPACE, X, Y, journal=path, **WHOLE)
    assert scores(found) == scores(whole)
    assert found.net.to_bytes() == whole.net.to_bytes()
    path.unlink()


def test_the_journal_of_another_search_is_refused_and_kept(tmp_path):
    path = tmp_path / "journal"
    search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    before = path.read_bytes()
    for other, name in (({"seed": 1}, "seed"), ({"n_iter": 8}, "n_iter"), ({"tail": 0.5}, "tail")):
        with pytest.raises(ValueError, match=f"it belongs to another search, whose {name} is "):
            search.run(make_net, SPACE, X, Y, journal=path, **{**SMALL, **other})
    with pytest.raises(ValueError, match="it belongs to another search, whose data is "):
        search.run(make_net, SPACE, X + 1, Y, journal=path, **SMALL)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["no journal", "{}\n", '{"fanin_search": 1}\n', "[1]\n", "\n", "\0\n"])
def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(ValueError, match="not the journal of a search"):
        search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    assert path.read_text() == content


def test_a_damaged_line_is_reported_with_its_number(tmp_path):
    path = tmp_path / "journal"
    search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"{}\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(ValueError, match="line 3 is damaged"):
        search.run(make_net, SPACE, X, Y, journal=path, **SMALL)


def test_two_searches_cannot_write_the_same_journal(tmp_path):
    path = tmp_path / "journal"

    def nested(rate, units):
        with pytest.raises(ValueError, match="another search is writing to it"):
            search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
        return make_net(rate, units)

    search.run(nested, SPACE, X, Y, journal=path, **SMALL)


def test_windows_locks_a_byte_past_the_end_of_a_journal(tmp_path, monkeypatch):
    locked = set()

    def locking(file, mode, count):
        byte = os.fstat(file).st_ino, os.lseek(file, 0, os.SEEK_CUR)
        if byte in locked:
            raise PermissionError
        assert (mode, count) == ("now or never", 1)
        locked.add(byte)

    windows = SimpleNamespace(locking=locking, LK_NBLCK="now or never")
    monkeypatch.setitem(sys.modules, "msvcrt", windows)
    monkeypatch.setattr("fanin.search.journal.sys", SimpleNamespace(platform="win32"))
    path = tmp_path / "journal"
    journal = Journal(path, {"loss": "0.5"})
    with pytest.raises(ValueError, match="another search is writing to it"):
        Journal(path, {"loss": "0.5"})
    journal.close()
    assert [byte for _, byte in locked] == [2**31 - 1]
    assert path.read_text().startswith('{"fanin_search"')
    locked.clear()
    Journal(path, {"loss": "0.5"}).close()  # it reads the file from its start


def test_a_journal_may_get_more_rounds(tmp_path):
    path = tmp_path / "journal"
    search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    more = search.run(make_net, SPACE, X, Y, journal=path, rounds=2, **SMALL)
    assert scores(more) == scores(search.run(make_net, SPACE, X, Y, rounds=2, **SMALL))


def test_a_path_that_cannot_be_written_is_an_error_before_any_training(tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        search.run(make_net, SPACE, X, Y, journal=tmp_path / "missing" / "journal", **SMALL)


def test_a_rung_of_other_parameters_is_not_taken_for_a_known_one(tmp_path):
    path = tmp_path / "journal"
    search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    header, first, *lines = path.read_text().splitlines()
    other = json.loads(first)
    other["params"]["units"], other["scores"] = "99", [1.0] * 20
    path.write_text("\n".join([header, json.dumps(other), *lines]) + "\n")
    again = search.run(make_net, SPACE, X, Y, journal=path, **SMALL)
    assert scores(again) == scores(search.run(make_net, SPACE, X, Y, **SMALL))
