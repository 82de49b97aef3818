"""The progress of a fit, as its callbacks get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from fanin.diagnose import Diagnosis
    from fanin.network import Network
    from fanin.tables.clock import Clock
    from fanin.tables.trial import Trial

Stage = Literal["encode", "choose", "train"]

_PAUSE = 0.1  # seconds between two calls because of epochs


@dataclass(frozen=True)
class Progress:
    """What a callback of a fit gets: at the beginning of each stage, after epochs and after each trial.

    Epochs of all networks together are reported at most ten times a second.

    Attributes
    ----------
    stage : {"encode", "choose", "train"}
        Reading the columns, choosing settings by rows held out, training the networks that vote.
    networks : int
        Those trained at the moment.
    done : float
        The share of their steps that are done, from 0 to 1.
    trial : Trial or None
        The trial that has just ended.
    seconds : float
        Since the fit began.

    Examples
    --------
    >>> from fanin.sklearn import FaninRegressor
    >>> stages = []
    >>> model = FaninRegressor(callbacks=[lambda progress: stages.append(progress.stage)], random_state=0)
    >>> model = model.fit([[float(i)] for i in range(40)], range(40))
    >>> list(dict.fromkeys(stages))
    ['encode', 'choose', 'train']
    """

    stage: Stage
    networks: int = 0
    done: float = 0.0
    trial: Trial | None = None
    seconds: float = 0.0


class Reporter:
    """Calls the callback of a fit, if there is one, and keeps the diagnoses of its networks, if `diagnose` is set."""

    def __init__(
        self, callback: Callable[[Progress], object] | None, clock: Clock, diagnose: bool = False
    ) -> None:
        self._callback, self._clock, self.diagnose = callback, clock, diagnose
        self.diagnoses: dict[Network, Diagnosis] = {}
        self._stage: Stage = "encode"
        self._steps: list[int] = []  # done, of each network
        self._total, self._last, self._failed = 1, 0.0, False

    def stage_begins(self, stage: Stage) -> None:
        """Report a new stage."""
        self._stage, self._steps = stage, []
        self._report(0.0)

    def watch(self, steps: Sequence[int], per_epoch: Sequence[int]) -> list[list[Any]]:
        """Return callbacks for networks that are trained for so many steps, with so many in each epoch."""
        self._steps, self._total = [0] * len(steps), sum(steps)
        if self._callback is None:
            return [[] for _ in steps]

        def after(number: int) -> Callable[[object, int, object], bool]:
            def epoch_ended(_: object, epoch: int, __: object) -> bool:
                self._steps[number] = min(epoch * per_epoch[number], steps[number])
                if not self._failed and self._clock.elapsed >= self._last + _PAUSE:
                    self._report(sum(self._steps) / self._total)
                return self._failed  # ends the other networks

            return epoch_ended

        return [[after(number)] for number in range(len(steps))]

    def trial_ended(self, trial: Trial) -> None:
        """Report a trial."""
        self._report(1.0, trial)

    def _report(self, done: float, trial: Trial | None = None) -> None:
        if self._callback is None:
            return
        self._last = self._clock.elapsed
        try:
            self._callback(Progress(self._stage, len(self._steps), done, trial, self._last))
        except BaseException:
            self._failed = True
            raise
