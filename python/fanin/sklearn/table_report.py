"""What a fitted model of tables says about itself."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fanin.checks import counted
from fanin.sklearn.table_diagnoses import faults_in
from fanin.tables.columns import Dropped, described
from fanin.terminal import width
from fanin.written import duration

if TYPE_CHECKING:
    from fanin.sklearn.table_examination import Examination
    from fanin.sklearn.table_inspection import Importance
    from fanin.sklearn.table_leaks import Leak
    from fanin.sklearn.table_quality import Quality
    from fanin.tables.columns import Column
    from fanin.tables.trial import Trial

_LISTED = 30  # columns
_BAR = 20  # characters
_ORIGINS = {
    "out of fold": "rows, by networks that were not trained on them (out of fold)",
    "held out for the choice": "rows, held out from networks of each setting",
    "validation rows": "validation rows, by which the model may have been chosen",
    "training rows": "training rows: too good, as the networks know them",
    "given rows": "given rows",
}


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """What a model of tables did, and how good it is; printed, it is a page of text.

    Attributes
    ----------
    name : str
        Of the estimator.
    quality : Quality or None
        `quality.origin` says which rows it is about; None for a model from a file.
    leaks : tuple of Leak
        Columns that alone nearly determine the target.
    vote : dict
        The weight of the networks with the same hidden units, such as "256-256" or "linear".
    importance : tuple of Importance
        Of each column, the highest first; empty if it was not asked for.
    columns : tuple
        How each column was read: `fanin.TableEncoder.columns`.
    networks : int
    trials : tuple of Trial
        What was tried.
    seconds : dict
        Of the parts of the fit.
    faults : str
        Those of the fits of the networks, in a line; empty without ``diagnose=True``.
    """

    name: str
    quality: Quality | None
    leaks: tuple[Leak, ...]
    vote: dict[str, float]
    importance: tuple[Importance, ...]
    columns: tuple[Column, ...]
    networks: int
    trials: tuple[Trial, ...]
    seconds: dict[str, float]
    faults: str = ""

    def text(self, width: int = 80) -> str:
        """Return the report in lines of at most so many characters."""
        parts = [self._head(), self._leaks(), self._score(), self._calibration()]
        parts += [self._importance(), self._tried(), self._columns()]
        lines = [line for part in parts for line in part]
        return "\n".join(line for long in lines for line in _wrapped(long, width))

    def __str__(self) -> str:
        return self.text(width())

    __repr__ = __str__

    def _head(self) -> Iterator[str]:
        counts = [(getattr(column, "count", 1), isinstance(column, Dropped)) for column in self.columns]
        dropped = sum(count for count, is_dropped in counts if is_dropped)
        used = counted(sum(count for count, _ in counts) - dropped, "column") + (
            f" ({dropped:,} dropped)" if dropped else ""
        )
        shares = [f"{100 * weight:.0f} % {units}" for units, weight in self.vote.items()]
        vote = f" ({', '.join(shares if len(shares) > 1 else self.vote)})" if shares else ""
        networks = ("" if self.networks == 1 else "the mean of ") + counted(self.networks, "network")
        yield f"{self.name}: {networks}{vote} on {used}"
        if self.seconds:
            parts = ", ".join(f"{part} {duration(seconds)}" for part, seconds in self.seconds.items())
            yield f"Fitted in {duration(sum(self.seconds.values()))}: {parts}"
        if self.faults:
            yield self.faults

    def _leaks(self) -> Iterator[str]:
        for leak in self.leaks:
            yield f"WARNING: {leak}"

    def _score(self) -> Iterator[str]:
        yield ""
        if self.quality is None:
            yield "No score: files and partial_fit keep none; report(X, y) scores rows"
            return
        of = self.quality
        yield f"Score of {of.rows:,} {_ORIGINS[of.origin]}{', weighted' if of.weighted else ''}"
        width = max(len(measure.name) for measure in of.measures)
        for measure in of.measures:
            interval = ""
            if measure.interval:
                low, high = measure.interval
                interval = f"  (95 %: {_shown(low)} to {_shown(high)})"
            yield f"  {measure.name:{width}}  {_shown(measure.value)}{interval}"

    def _calibration(self) -> Iterator[str]:
        of = self.quality
        if of is None:
            return
        if of.reliability is not None:
            yield f"Calibration: probabilities are off by {of.reliability.error:.2g} on average"
            yield "  predicted  " + " ".join(f"{value:4.2f}" for value in of.reliability.predicted)
            yield "  found      " + " ".join(f"{value:4.2f}" for value in of.reliability.found)
        if of.covered:
            shares = ", ".join(f"{100 * share:.3g}" for share in of.covered)
            quantiles = "quantile" if len(of.covered) == 1 else "quantiles"
            yield f"Calibration: {shares} % of the targets are at or below the predicted {quantiles}"
        if of.slopes:
            slopes = ", ".join(f"{slope:.2f}" for slope in of.slopes)
            yield f"Calibration: targets rise by {slopes} where predictions rise by 1"

    def _importance(self) -> Iterator[str]:
        if not self.importance or self.quality is None:
            return
        yield ""
        yield f"Importance: rise of the {self.quality.measures[0].name} if the column is shuffled"
        shown = self.importance[:_LISTED]
        width = max(len(each.column) for each in shown)
        most = max(shown[0].mean, 1e-3 * abs(self.quality.measures[0].value), 1e-9)
        places = max(_places(most) - 1, 0)
        digits = len(f"{-most:,.{places}f}")
        for each in shown:
            bar = "#" * round(_BAR * max(each.mean, 0) / most)
            mean, deviation = (f"{value:,.{places}f}" for value in (each.mean, each.deviation))
            yield f"  {each.column:{width}}  {mean:>{digits}} +- {deviation:<{digits}}  {bar}".rstrip()
        yield from _more(len(self.importance), "report.importance")

    def _tried(self) -> Iterator[str]:
        if not self.trials:
            return
        yield ""
        yield f"Tried ({self._measure_of_trials()} of rows held out, time, networks, setting)"
        for trial in self.trials:
            score = "-" if trial.score is None else _shown(self._of_trial(trial.score))
            extra = ", one-hot numbers" if trial.spikes else ""
            extra += f", {counted(trial.pairs, 'pair')}" if trial.pairs else ""
            yield f"  {score:7} {duration(trial.seconds):>10} {trial.networks:3}  {trial.setting}{extra}"

    def _measure_of_trials(self) -> str:
        name = "loss" if self.quality is None else self.quality.measures[0].name
        return "loss" if name.endswith("deviance") else name

    def _of_trial(self, loss: float) -> float:
        """Return the measure of a trial, in the unit of the score: losses are sums over targets, or quantiles."""
        of = self.quality
        if of is None or not (of.slopes or of.covered):
            return loss
        mean = loss / len(of.slopes or of.covered)
        return math.sqrt(mean) if of.measures[0].name == "RMSE" else mean

    def _columns(self) -> Iterator[str]:
        yield ""
        yield "Columns"
        dropped_first = sorted(self.columns, key=lambda column: not isinstance(column, Dropped))
        yield from (f"  {line}" for line in described(dropped_first[:_LISTED]))
        yield from _more(len(self.columns), "report.columns")


def report_of(model: Any, found: Examination, importance: tuple[Importance, ...] = ()) -> Report:
    """Return the report of a fitted estimator of tables."""
    return Report(
        type(model).__name__,
        found.quality,
        found.leaks,
        found.vote,
        importance,
        model.encoder_.columns,
        model._model.members,
        getattr(model, "trials_", ()),
        getattr(model, "seconds_", {}),
        faults_in(getattr(model, "diagnoses_", ())),
    )


def _places(value: float) -> int:
    """Return the decimal places of a value that is shown with four digits."""
    return max(0, 3 - math.floor(math.log10(abs(value)))) if value else 0


def _shown(value: float) -> str:
    return f"{value:,.{_places(value)}f}" if 1e-4 <= abs(value) < 1e9 else f"{value:.4g}"


def _more(count: int, name: str) -> Iterable[str]:
    return [f"  and {count - _LISTED:,} more in {name}"] if count > _LISTED else []


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, subsequent_indent="    ") if len(line) > width else [line]
