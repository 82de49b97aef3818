"""A line that says how far something is and how long it still takes, drawn anew in a terminal or a notebook."""

from __future__ import annotations

import html
import math
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import IO, ClassVar, Protocol
from uuid import uuid4

from fanin.terminal import columns, encodes, has_colours, redraws
from fanin.written import cut, duration

_REDRAWN = 0.1  # seconds between two drawings
_IN_NOTEBOOK = 0.5
_SHORTEST, _STEP, _LONGEST = 8, 8, 24  # characters of a bar
_BLUE, _FAINT, _PLAIN = "\x1b[34m", "\x1b[90m", "\x1b[0m"


def time_left(elapsed: float, done: float | None) -> float:
    """Return the seconds that are left if the rest is as fast; NaN before a hundredth is done, which says little."""
    return elapsed * (1 - done) / done if done and done >= 0.01 else math.nan


def about_time(left: float) -> list[str]:
    """Return how long something still takes, unless that is not known or nothing is left."""
    return [f"{duration(left if left < 1 else round(left))} left"] if left > 0 else []


class Line(Protocol):
    """A line that is drawn anew: in a terminal, or in a notebook."""

    def show(self, label: str, done: float | None, facts: Sequence[str], *, now: bool = False) -> None:
        """Show what is done, which share of it, and facts, the important ones first; unless it was just drawn."""

    def write(self, text: str) -> None:
        """Print a line that stays, above this one."""

    def clear(self) -> None:
        """Remove the line, until it is shown again."""

    def close(self) -> None:
        """Leave the line as it was shown last."""


def redrawn(stream: IO[str] | None = None) -> Line | None:
    """Return a line in a notebook or on the terminal of a stream, by default stderr; None if neither is there."""
    if _in_notebook():
        return _NotebookLine()
    stream = sys.stderr if stream is None else stream
    return _TerminalLine(stream) if redraws(stream) else None


def composed(label: str, done: float | None, facts: Sequence[str], width: int) -> tuple[str, int, str]:
    """Return what stands before a bar and behind it, and how long the bar may be, in at most so many characters.

    Facts that do not fit are left out from the end on; a bar takes the place that is left.

    Examples
    --------
    >>> from fanin.progress import composed
    >>> composed("epoch 3/9", 1 / 3, ["12 s left", "loss 0.25", "val_loss 0.5"], 64)
    ('epoch 3/9', 8, ' 33 %, 12 s left, loss 0.25, val_loss 0.5')
    >>> composed("epoch 3/9", 1 / 3, ["12 s left", "loss 0.25", "val_loss 0.5"], 40)
    ('epoch 3/9', 0, ' 33 %, 12 s left, loss 0.25')
    """
    behind = "" if done is None else f"{100 * done:3.0f} %"
    label = f"{label}," if done is None and facts else label
    for fact in facts:
        longer = f"{behind}, {fact}" if behind else fact
        if len(label) + 1 + len(longer) > width:
            break
        behind = longer
    room = width - len(label) - len(behind) - 4  # brackets and gaps
    bar = min(room // _STEP * _STEP, _LONGEST) if done is not None and room >= _SHORTEST else 0
    return label, bar, behind


class _TerminalLine:
    _drawn: ClassVar[int] = 0  # characters on the line, which fits side by side share

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self._last, self._pending = stream, -math.inf, False
        self._state: tuple[str, float | None, Sequence[str]] | None = None
        self._coloured = has_colours(stream) and encodes(stream, "━")

    def show(self, label: str, done: float | None, facts: Sequence[str], *, now: bool = False) -> None:
        self._state, self._pending = (label, done, facts), True
        if now or perf_counter() >= self._last + _REDRAWN:
            self._draw()

    def write(self, text: str) -> None:
        self.clear()
        print(text, flush=True)
        self._draw()

    def clear(self) -> None:
        if _TerminalLine._drawn:
            self._put("", 0)
            self._stream.write("\r")
            self._stream.flush()

    def close(self) -> None:
        if self._pending:
            self._draw()
        if self._state is not None:
            self._stream.write("\n")
            self._stream.flush()
            _TerminalLine._drawn, self._state = 0, None

    def _draw(self) -> None:
        if self._state is None:
            return
        width = columns(self._stream) - 1  # some terminals break a line that is full
        before, bar, behind = composed(*self._state, width)
        plain, done = cut(f"{before} {behind}".rstrip(), width), self._state[1]
        if bar and done is not None:
            full = round(bar * min(max(done, 0.0), 1.0))
            if self._coloured:
                drawn = f"{_BLUE}{'━' * full}{_FAINT}{'━' * (bar - full)}{_PLAIN}"
            else:
                drawn = f"[{'#' * full}{'-' * (bar - full)}]"
            plain = f"{before} {drawn} {behind}"
        self._put(plain, len(plain) - self._coloured * bool(bar) * len(_BLUE + _FAINT + _PLAIN))
        self._last, self._pending = perf_counter(), False

    def _put(self, text: str, length: int) -> None:
        """Write over the line; spaces cover what was longer, as not all terminals know codes that erase."""
        self._stream.write(f"\r{text}{' ' * (_TerminalLine._drawn - length)}")
        self._stream.flush()
        _TerminalLine._drawn = length


class _NotebookLine:
    def __init__(self) -> None:
        self._id, self._last, self._pending = uuid4().hex, -math.inf, False
        self._text, self._html, self._begun = "", "", False

    def show(self, label: str, done: float | None, facts: Sequence[str], *, now: bool = False) -> None:
        before, _, behind = composed(label, done, facts, 10_000)
        bar = "" if done is None else f'<progress value="{done:.4f}" max="1"></progress> '
        self._text = f"{before} {behind}"
        self._html = f"<div>{html.escape(before)} {bar}{html.escape(behind)}</div>"
        self._pending = True
        if now or perf_counter() >= self._last + _IN_NOTEBOOK:
            self._update()

    def write(self, text: str) -> None:
        print(text, flush=True)

    def clear(self) -> None:
        self._text = self._html = ""
        self._pending = self._begun
        self.close()

    def close(self) -> None:
        if self._pending:
            self._update()

    def _update(self) -> None:
        from IPython.display import display

        data = {"text/plain": self._text, "text/html": self._html}
        display(data, raw=True, display_id=self._id, update=self._begun)
        self._last, self._pending, self._begun = perf_counter(), False, True


def _in_notebook() -> bool:
    """Return whether this is the kernel of a notebook, whose outputs can be replaced."""
    if "ipykernel" not in sys.modules:
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
