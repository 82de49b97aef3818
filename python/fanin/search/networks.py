"""Trials that are networks, trained together."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import fields
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from fanin import _core
from fanin._core import DivergedError
from fanin.config import get_num_threads
from fanin.data.inputs import error_context, note_names, row_count
from fanin.data.validation import Validation, parts_of
from fanin.network import Network
from fanin.optim import Around, Rule, Schedule, Solver
from fanin.optim.around import rule_of_fit
from fanin.search.clock import Clock
from fanin.search.trials import Outcome
from fanin.search.written import written
from fanin.training.rates import steps_per_epoch
from fanin.training.settings import Settings
from fanin.training.tail import tail_epochs, turned_down
from fanin.training.together import train_together

if TYPE_CHECKING:
    from fanin.search.trials import Trial
    from fanin.training.history import History

MakeNet = Callable[..., Any]
_OPTIONS = ("rule", "batch_size", "batches", "order_seed", "class_weight")
_BLOCKS = 20  # of validation rows
_AT_ONCE = 16  # trials for each thread, between two looks at the clock


class _Member:
    """A network on its way up the rungs."""

    def __init__(self, net: Network, options: Mapping[str, Any]) -> None:
        self.net, self.options = net, dict(options)
        self.rule: Any = rule_of_fit(self.options.pop("rule", None))
        self.epochs = self.steps = 0
        _check_rule(self.rule)
        Settings(**self.settings())  # checks them

    def settings(self, **more: Any) -> dict[str, Any]:
        return {**self.options, "rule": self.rule, **more}


class Networks:
    """The networks of the trials, on their way up the rungs, without their tails."""

    ratio = 0.0

    def __init__(
        self,
        make_net: MakeNet,
        data: tuple[Any, ...],
        held: tuple[Any, ...],
        given: Mapping[str, tuple[Any, ...]],
        scoring: str,
        tail: float,
    ) -> None:
        self._make_net, self._data, self._held = make_net, data, held
        self._given = given  # as the user gave them, by prefix of messages; checked with the first network
        self._scoring, self._tail = scoring, tail
        self._blocks: list[tuple[tuple[Any, ...], float]] = []
        self._members: dict[int, _Member] = {}
        self._made_before = WeakSet[Network]()
        self._ended: dict[tuple[int, int], Network] = {}  # with their tails, by trial and epochs

    @property
    def jobs(self) -> int:
        """Trainings at a time."""
        return get_num_threads()

    def train(self, trials: Sequence[Trial], epochs: int, clock: Clock) -> Generator[Outcome]:
        """Train each trial to so many epochs and yield what that gave; see `engine.Trainer`."""
        at_once = self.jobs * (2 if clock.limited else _AT_ONCE)
        for start in range(0, len(trials), at_once):
            if clock.spent:
                return
            yield from self._trained(trials[start : start + at_once], epochs, clock)

    def keep(self, numbers: Collection[int]) -> None:
        """Forget all trials but these."""
        self._members = {number: one for number, one in self._members.items() if number in numbers}
        self._ended = {key: net for key, net in self._ended.items() if key[0] in numbers}

    def network(self, trial: Trial) -> Network:
        """Return the network of a trial at its last rung, trained from the start if it is not at hand."""
        if (trial.number, trial.epochs) not in self._ended:
            self._members.pop(trial.number, None)  # further up
            list(self._trained([trial], trial.epochs, Clock(None)))
        return self._ended[trial.number, trial.epochs]

    def _trained(self, trials: Sequence[Trial], epochs: int, clock: Clock) -> Iterator[Outcome]:
        tail = tail_epochs(self._tail, epochs)
        seconds = dict.fromkeys((trial.number for trial in trials), 0.0)
        errors: dict[int, str] = {}
        members = {}
        for trial in trials:
            if trial.number not in self._members:
                self._members[trial.number] = self._made(trial)
            members[trial.number] = self._members[trial.number]
        on_the_way = self._fitted(
            {
                number: (one.net, one.settings(), epochs - tail - one.epochs)
                for number, one in members.items()
            },
            clock,
            seconds,
            errors,
        )
        ended = {}
        for number, history in on_the_way.items():
            one = members[number]
            one.steps += 0 if history is None else int(history.steps)
            one.epochs = max(one.epochs, epochs - tail)
            ended[number] = one.net.copy()
        if tail:
            todo = {}
            for number, net in ended.items():
                one = members[number]
                rule = turned_down(one.rule, one.steps, tail * self._steps_per_epoch(one))
                todo[number] = (net, one.settings(rule=rule), tail)
            ended = {number: ended[number] for number in self._fitted(todo, clock, seconds, errors)}
        for trial in trials:
            if (number := trial.number) in errors:
                nothing = (math.nan,) * len(self._blocks)
                yield Outcome(number, epochs, nothing, seconds[number], len(nothing), errors[number])
            elif number in ended:
                began = perf_counter()
                scores = self._scores(ended[number])
                self._ended[number, epochs] = ended[number]
                yield Outcome(number, epochs, scores, seconds[number] + perf_counter() - began)
            if number in errors or number not in ended:
                del self._members[number]  # diverged, or abandoned in an epoch

    def _fitted(
        self,
        todo: Mapping[int, tuple[Network, dict[str, Any], int]],
        clock: Clock,
        seconds: dict[int, float],
        errors: dict[int, str],
    ) -> dict[int, History | None]:
        """Fit networks for so many epochs each; return the histories of those that ended, None without an epoch."""
        X, y, weights = self._data
        more = {"sample_weight": weights, "max_time": clock.left if clock.limited else None}
        if more["max_time"] == 0.0:
            return {}
        chosen = {number: one for number, one in todo.items() if one[2] > 0}
        members = [(net, X, y, {**options, **more, "epochs": n}) for net, options, n in chosen.values()]
        ended: dict[int, History | None] = {number: None for number in todo if number not in chosen}
        for number, history in zip(chosen, train_together(members, on_error="return"), strict=True):
            if isinstance(history, DivergedError):
                errors[number] = str(history)
            elif isinstance(history, Exception):
                raise history
            else:
                seconds[number] += sum(history.seconds)
                if history.stopped_epoch is None:
                    ended[number] = history
        return ended

    def _made(self, trial: Trial) -> _Member:
        """Return the network and the options that the function makes of the parameters."""
        with error_context(f"make_net({written(trial.params)}): "):
            made = self._make_net(**trial.params)
            net, options = made if isinstance(made, tuple) and len(made) == 2 else (made, {})
            if not isinstance(net, Network) or not isinstance(options, Mapping):
                raise TypeError(f"expected a fanin.Network, or (network, options of fit), got {made!r}")
            for name in options:
                if name not in _OPTIONS:
                    raise ValueError(f"options: expected any of {', '.join(_OPTIONS)}, got {name!r}")
            if net in self._made_before:
                raise ValueError("expected a new network in each call, such as net.copy(), got one again")
            self._made_before.add(net)
            made = _Member(net, options)
        if not self._blocks:
            self._check_data(net)
        return made

    def _check_data(self, net: Network) -> None:
        """Raise unless a network takes the data, and has what is to be scored."""
        if self._scoring not in ("loss", net.metric):
            raise ValueError(f'scoring: expected "loss" for {net.loss}, got {self._scoring!r}')
        names = net._core.column_names
        note_names(self._data[0], self._data[1], names)
        for prefix, data in self._given.items():
            Validation(net, data, names, prefix)
        self._given, self._blocks = {}, _blocks(self._held)

    def _steps_per_epoch(self, one: _Member) -> int:
        return steps_per_epoch(one.net, row_count("X", self._data[0]), Settings(**one.settings()))

    def _scores(self, net: Network) -> tuple[float, ...]:
        """Return the score of each block, scaled so that their mean is the score of all rows."""
        sign = 1.0 if self._scoring == "accuracy" else -1.0
        return tuple(
            sign * share * net.evaluate(X, y, sample_weight=weights)[self._scoring]
            for (X, y, weights), share in self._blocks
        )


def _check_rule(rule: Any) -> None:
    """Raise ValueError for a rule whose training cannot be resumed, or turned down by the search."""
    if isinstance(rule, Solver):
        raise ValueError(f"rule: expected an update rule, got {rule.kind}, which takes all samples at once")
    inner: Rule = rule.rule if isinstance(rule, Around) else rule
    if rule.rate == "auto":
        raise ValueError('rule: expected a learning rate, got "auto"; let the search draw it')
    for field in fields(inner):
        value = getattr(inner, field.name)
        if isinstance(value, Schedule) and value.spans_fit:
            raise ValueError(
                f"rule: {field.name}: expected a number or a schedule with steps of its own, got {value!r}: rungs do "
                "not know how long a training will be, and turn rates down themselves"
            )


def _blocks(held: tuple[Any, ...]) -> list[tuple[tuple[Any, ...], float]]:
    """Return at most 20 blocks of the validation rows, each with its weight over the mean weight of a block."""
    rows = row_count("X", held[0])
    count = min(_BLOCKS, rows)
    blocks = []
    for start in range(count):
        places = np.arange(start, rows, count)
        block = parts_of(held, places)
        weights = block[2]
        weight = (
            float(len(places)) if weights is None else float(np.sum(_core.numbers("sample_weight", weights)))
        )
        if weight > 0:
            blocks.append((block, weight))
    if not blocks:
        raise ValueError(
            "sample_weight: expected a weight above 0 among the rows that score trials, got none"
        )
    mean = sum(weight for _, weight in blocks) / len(blocks)
    return [(block, weight / mean) for block, weight in blocks]
