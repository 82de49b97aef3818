"""Warnings that point at the users' line, and what keeps their filters whole."""

from __future__ import annotations

import sys
import warnings
from threading import RLock

# Held during scikit-learn's checks: some change the filters of warnings for a moment, for all threads
CHECKING = RLock()
_PASSED_OVER = {"fanin", "sklearn", "joblib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, with the line of the first caller outside fanin, scikit-learn and joblib."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
