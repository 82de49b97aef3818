"""The journal of a search: a file with one line for each rung of a trial, from which a killed search resumes."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import stat
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.data.inputs import error_context
from fanin.search.trials import Outcome
from fanin.storage import as_path

if TYPE_CHECKING:
    from fanin.search.trials import Trial
    from fanin.storage import Path

_VERSION = 1


class Journal:
    """What was found so far, in memory and, if there is a path, on disk.

    The first line says which search it is, as a mapping of names to texts; each further line is an outcome. A line is
    appended by one write and forced to disk, so after a crash at most the last line is incomplete, and it is cut off.

    Raises
    ------
    ValueError
        If the file is the journal of another search, or none.
    OSError
        If the file cannot be read or written.
    """

    def __init__(self, path: Path | None, identity: Mapping[str, str]) -> None:
        self._known: dict[tuple[int, int], tuple[Outcome, dict[str, str]]] = {}  # with the parameters
        self._file: int | None = None
        if path is None:
            return
        with error_context("journal: "):
            self._name = os.fsdecode(as_path(path))
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise ValueError(f"journal: {self._name}: expected a file, got a device or pipe")
            self._lock()
            self._read(dict(identity))
        except BaseException:
            self.close()
            raise

    def known(self, trial: Trial, epochs: int) -> Outcome | None:
        """Return what a rung of a trial gave, if it was finished with the same parameters.

        With a time limit, a search that is called again may draw others.
        """
        outcome, texts = self._known.get((trial.number, epochs), (None, {}))
        return outcome if outcome is not None and texts == _texts(trial) else None

    def add(self, outcome: Outcome, trial: Trial) -> None:
        """Keep what a rung of a trial gave."""
        if self._file is not None:
            self._append({**vars(outcome), "details": dict(outcome.details), "params": _texts(trial)})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self) -> None:
        assert self._file is not None
        try:
            _lock(self._file)
        except (BlockingIOError, PermissionError):
            raise ValueError(f"journal: {self._name}: another search is writing to it") from None

    def _read(self, identity: dict[str, str]) -> None:
        assert self._file is not None
        with open(self._file, "rb", closefd=False) as file:
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        header, *lines = whole.splitlines() or [b""]
        if not whole:  # new, or killed while the first line was written
            beginning = json.dumps({"fanin_search": _VERSION}).encode()[:-1]
            if not beginning.startswith(content[: len(beginning)]):
                raise ValueError(f"journal: {self._name}: not the journal of a search")
            os.ftruncate(self._file, 0)
            self._append({"fanin_search": _VERSION, "identity": identity})
            return
        self._check(header, identity)
        for number, line in enumerate(lines, start=2):
            outcome, texts = self._outcome(line, number)
            self._known[outcome.trial, outcome.epochs] = outcome, texts
        os.ftruncate(self._file, len(whole))

    def _check(self, header: bytes, identity: dict[str, str]) -> None:
        """Raise ValueError unless the first line is that of this search."""
        try:
            found = json.loads(header)
            version, other = found["fanin_search"], dict(found["identity"])
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"journal: {self._name}: not the journal of a search") from None
        if version != _VERSION:
            raise ValueError(f"journal: {self._name}: expected version {_VERSION}, got {version}")
        for name in (*identity, *other):
            if identity.get(name) != other.get(name):
                raise ValueError(
                    f"journal: {self._name}: it belongs to another search, whose {name} is {other.get(name)}, not "
                    f"{identity.get(name)}; expected the same search, or another path"
                )

    def _outcome(self, line: bytes, number: int) -> tuple[Outcome, dict[str, str]]:
        try:
            found = json.loads(line)
            texts = dict(found.pop("params"))
            found["scores"] = tuple(map(float, found["scores"]))
            return Outcome(**found), texts
        except (ValueError, TypeError, KeyError):
            raise ValueError(f"journal: {self._name}: line {number} is damaged") from None

    def _append(self, record: dict[str, Any]) -> None:
        assert self._file is not None
        line = json.dumps(record).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError(f"journal: {self._name}: the disk is full")
        os.fsync(self._file)


def _lock(file: int) -> None:
    """Lock a file until it is closed; raise BlockingIOError or, on Windows, PermissionError if it is locked."""
    if sys.platform == "win32":
        import msvcrt

        # No other process can read the locked byte, so it is one past the end.
        os.lseek(file, 2**31 - 1, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _texts(trial: Trial) -> dict[str, str]:
    """Return the parameters of a trial as texts that are the same in each process."""
    return {name: text_of(value) for name, value in trial.params.items()}


def digest(*arrays: Any) -> str:
    """Return a fingerprint of data, for a journal."""
    found = hashlib.sha256()
    for value in arrays:
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
            found.update(f"{value.dtype.str}{value.shape}".encode())
            found.update(np.ascontiguousarray(value).data)
        else:
            try:
                found.update(pickle.dumps(value, protocol=5))
            except (pickle.PicklingError, AttributeError, TypeError) as error:
                raise TypeError(f"journal: expected a search whose parts can be pickled: {error}") from error
    return found.hexdigest()[:16]


def text_of(value: Any) -> str:
    """Return a text that is the same in each process: the usual one, unless that has an address in memory."""
    text = repr(value)
    plain = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    return text if plain == text else f"{plain} ({digest(value)})"
