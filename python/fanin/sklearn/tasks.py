"""scikit-learn's own callbacks, those of `set_callbacks` (from scikit-learn 1.9 on)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing, before 1.9."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = ["CallbackSupportMixin", "Tasks", "with_callbacks"]


class Tasks:
    """The tasks of one fit, each epoch a part of it; nothing if no callbacks are set or called (as in partial_fit).

    `_init_callback_context` is what scikit-learn documents for estimators that support callbacks.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, *, called: bool) -> None:
        self._estimator = estimator
        self._data = {"estimator": estimator, "X": X, "y": y}
        self._fit: Any = None
        self._epoch: Any = None
        if called and hasattr(estimator, "_skl_callbacks"):
            self._fit = estimator._init_callback_context(max_subtasks=int(estimator.max_iter))
            self._fit.call_on_fit_task_begin(**self._data)

    @property
    def are_called(self) -> bool:
        """Whether there are any."""
        return self._fit is not None

    def epoch_begins(self) -> None:
        """Begin the task of an epoch."""
        if self._fit is not None:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._data)

    def stop_after(self) -> bool:
        """End the task of an epoch; return whether a callback stops the fit."""
        if self._fit is None:
            return False
        return bool(self._epoch.call_on_fit_task_end(**self._data, reconstruction_attributes=self._fitted))

    def end(self) -> None:
        """End the task of the fit."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=self._fitted)

    def _fitted(self) -> dict[str, Any]:
        """Return what a shallow copy of the estimator needs to predict as this one does now."""
        return {"_weights": deepcopy(self._estimator._weights)}
