"""Whose turn it is to use a network: threads may predict while another one trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, RLock, get_ident


class Turns:
    """Any number of threads read at a time, or one writes; the core refuses anything else, so the others wait here.

    Whoever waited for a writer reads before the next one writes, and who comes later waits for that one: so neither
    many predictions nor a long fit can keep the other from running.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._changed = Condition(self._lock)
        self._readers = self._waiting = self._writers = self._turn = 0
        self._writing: int | None = None  # by this thread

    def begin_reading(self) -> None:
        """Wait until nobody writes; `end_reading` must follow."""
        with self._lock:
            if not self._writers:
                self._readers += 1
                return
            self._check_thread()
            turn = self._turn
            self._waiting += 1
            try:
                while turn == self._turn:
                    self._changed.wait()
            except BaseException:  # Ctrl-C
                if turn == self._turn:
                    self._waiting -= 1
                else:
                    self._one_reader_less()
                raise

    def end_reading(self) -> None:
        """End the turn of a reader; a writer may follow the last one."""
        with self._lock:
            self._one_reader_less()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Return a context between `begin_writing` and `end_writing`."""
        self.begin_writing()
        try:
            yield
        finally:
            self.end_writing()

    def begin_writing(self) -> None:
        """Wait until nobody else reads or writes, and keep everybody out; `end_writing` must follow."""
        with self._lock:
            self._check_thread()
            self._writers += 1
            try:
                while self._readers or self._writing is not None:
                    self._changed.wait()
            except BaseException:
                self._one_writer_less()
                raise
            self._writing = get_ident()

    def end_writing(self) -> None:
        """End the turn of the writer."""
        with self._lock:
            self._writing = None
            self._one_writer_less()

    def _check_thread(self) -> None:
        if self._writing == get_ident():  # in a handler of a signal, which would wait for itself
            raise RuntimeError("the network is in the middle of an epoch; use it when that has ended")

    def _one_reader_less(self) -> None:
        self._readers -= 1
        if self._writers and not self._readers:
            self._changed.notify_all()

    def _one_writer_less(self) -> None:
        """Leave, and count everybody who waits to read as a reader."""
        self._writers -= 1
        if self._writers or self._waiting:
            self._readers += self._waiting
            self._waiting = 0
            self._turn += 1
            self._changed.notify_all()
