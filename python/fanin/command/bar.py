"""What a command is doing: a progress bar on a terminal, else a line every two seconds; both on stderr."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from fanin.checks import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_REDRAWN = 0.5  # seconds
_SILENT = 1.9
_STAGES = {"encode": "reading columns", "choose": "choosing", "train": "training"}
_FORMAT = "{desc} {percentage:3.0f} %|{bar}| {elapsed}{postfix}"
_UNKNOWN = "{desc} {elapsed}{postfix}"


class Bar:
    """
    Shows the stage, how much of it is done, the seconds, and the best score so far; a thread keeps it alive.

    Parameters
    ----------
    quiet : bool
        Show nothing.

    Attributes
    ----------
    figure : function of a loss
        Returns the text of a score.
    prefix : str
        Of each stage.
    """

    def __init__(self, quiet: bool) -> None:
        self.figure: Callable[[float], str] = "{:.4g}".format
        self.prefix = ""
        self._quiet, self._stage = quiet, ""
        self._done: float | None = None
        self._best: float | None = None
        self._began = self._shown = time.monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._bar = None if quiet else _tqdm()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Bar:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self.clear()

    def stage(self, text: str, done: float | None = None) -> None:
        """Begin a stage; with the share that is done if that is known."""
        with self._lock:
            self._stage, self._done = text, done
        self._show(self._bar is not None)

    def __call__(self, progress: Any) -> None:
        """Show the progress of a fit: a callback of the estimators."""
        trial = progress.trial
        if trial is not None and trial.score is not None:
            self._best = trial.score if self._best is None else min(self._best, trial.score)
        stage = _STAGES[progress.stage]
        if progress.networks:
            stage += f", {counted(progress.networks, 'network')}"
        with self._lock:
            self._stage, self._done = stage, progress.done if progress.networks else None

    def restart(self, prefix: str) -> None:
        """Forget the best score, for another fit."""
        with self._lock:
            self.prefix, self._best = prefix, None

    def clear(self) -> None:
        """Remove the bar, so that other lines can be printed."""
        if self._bar is not None:
            with self._lock:
                self._bar.clear()

    def _tick(self) -> None:
        while not self._ended.wait(_REDRAWN):
            silent = time.monotonic() - self._shown
            if self._bar is not None or silent >= _SILENT - _REDRAWN:
                self._show(True)

    def _show(self, now: bool) -> None:
        if self._quiet or not now or self._ended.is_set():
            return
        with self._lock:
            self._shown = time.monotonic()
            best = "" if self._best is None else f"best {self.figure(self._best)}"
            stage, done = self.prefix + self._stage, self._done
            if self._bar is None:
                share = "" if done is None else f" {100 * done:.0f} %"
                line = f"{stage}{share}, {self._shown - self._began:.0f} s"
                print(f"{line}, {best}" if best else line, file=sys.stderr, flush=True)
                return
            self._bar.bar_format = _UNKNOWN if done is None else _FORMAT
            self._bar.n = round(done or 0.0, 4)
            self._bar.set_description_str(stage, refresh=False)
            self._bar.postfix = best
            self._bar.refresh()


def _columns() -> int:
    """Return the width of the terminal; 0 if it does not say, where tqdm would show nothing."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (AttributeError, OSError):  # not a file
        return 80


def _tqdm() -> Any:
    """Return a bar of tqdm, if it is installed and stderr is a terminal, of a known width."""
    if not sys.stderr.isatty() or _columns() == 0:
        return None
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return None
    tqdm.monitor_interval = 0  # a thread of our own redraws it
    return tqdm(total=1.0, bar_format=_UNKNOWN, leave=False, dynamic_ncols=True)
