"""Terminals and notebooks that tests pretend to have."""

from __future__ import annotations

import io
import re
import sys
from types import SimpleNamespace
from typing import Any


class Terminal(io.StringIO):
    """Collects what is written to a terminal whose encoding is UTF-8."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    @property
    def drawings(self) -> list[str]:
        """What was drawn on the line one after the other, without colours."""
        return re.sub(r"\x1b\[\d*m", "", self.getvalue()).split("\r")[1:]


def in_terminal(monkeypatch: Any, columns: int = 80, *, term: str = "xterm", **environment: str) -> Terminal:
    """Let standard error be a terminal of so many columns."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    for name in ("NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": term, "COLUMNS": str(columns), **environment}.items():
        monkeypatch.setenv(name, value)
    return terminal


def in_notebook(monkeypatch: Any) -> list[dict[str, Any]]:
    """Let this be the kernel of a notebook; return the list of its updates: text, html and what they replace."""
    updates: list[dict[str, Any]] = []

    def display(data: Any, raw: bool, display_id: str, update: bool) -> None:
        updates.append(
            {"text": data["text/plain"], "html": data["text/html"], "id": display_id, "new": not update}
        )

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return updates
