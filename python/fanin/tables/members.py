"""Training networks, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fanin.config import num_threads
from fanin.diagnose import Diagnosis
from fanin.distributed.workers import Workers, workers
from fanin.network import Network
from fanin.tables.recipe import Setting
from fanin.training.early_stopping import EarlyStopping
from fanin.training.together import train_together

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fanin.tables.progress import Reporter
    from fanin.tables.task import Task
    from fanin.training.callbacks import Logs


_PATIENCE = 10  # epochs


@dataclass(frozen=True, eq=False)
class Stopping:
    """Early stopping by coded rows that are held out, or by a score of the network."""

    scorer: Callable[[Network], float] | None
    rows: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None

    def options(self, task: Task) -> dict[str, Any]:
        """Return what a fit needs for it."""
        if self.scorer is None:
            return {
                "validation_data": (self.rows, task.targets(self.y), self.weight),
                "callbacks": [EarlyStopping(_PATIENCE)],
            }
        scorer = self.scorer

        def note_score(network: Network, _: int, logs: Logs) -> None:
            logs["score"] = scorer(network)

        return {"callbacks": [note_score, EarlyStopping(_PATIENCE, monitor="score", mode="max")]}


@dataclass(frozen=True, eq=False)
class Job:
    """A network to train: on coded rows and their targets, or some of them, for a share of its setting's steps."""

    setting: Setting
    rows: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    seed: int
    share: float = 1.0
    stopping: Stopping | None = None
    network: Network | None = None  # whose copy is trained on
    seen: NDArray[np.intp] | None = None  # the places of its rows, if these are not all

    @property
    def count(self) -> int:
        """Number of rows."""
        return int(self.rows.shape[0]) if self.seen is None else len(self.seen)

    @property
    def steps(self) -> int:
        """Number of updates."""
        return max(round(self.share * self.setting.steps_on(self.count)), 1)

    @property
    def batch_size(self) -> int:
        """Rows of an update."""
        return self.setting.batch_on(self.count)

    @property
    def data(self) -> tuple[Any, NDArray[Any], NDArray[np.float64] | None]:
        """Its rows, targets and weights."""
        if self.seen is None:
            return self.rows, self.y, self.weight
        return (
            self.rows[self.seen],
            self.y[self.seen],
            None if self.weight is None else self.weight[self.seen],
        )


class Trained(NamedTuple):
    """A network, the number of its steps, and the diagnosis of its fit if it was watched."""

    network: Network
    steps: int
    diagnosis: Diagnosis | None


def train(task: Task, jobs: Sequence[Job], reporter: Reporter) -> tuple[tuple[Network, ...], int]:
    """Return a network trained for each job, one a thread, and their steps; its bits depend on the job alone.

    They are trained on the workers of a cluster where a fit is spread over one.
    """
    watched = reporter.watch([job.steps for job in jobs], [-(-job.count // job.batch_size) for job in jobs])
    cluster = workers()
    if cluster is None:
        found = _train_here(task, jobs, watched, reporter.diagnose)
    else:
        found = _train_there(cluster, task, jobs, watched, reporter.diagnose)
    reporter.diagnoses |= {each.network: each.diagnosis for each in found if each.diagnosis is not None}
    return tuple(each.network for each in found), sum(each.steps for each in found)


def _train_here(
    task: Task, jobs: Sequence[Job], watched: Sequence[Sequence[Any]], diagnose: bool
) -> list[Trained]:
    members = []
    for job, watch in zip(jobs, watched, strict=True):
        network = _network(task, job) if job.network is None else job.network.copy()
        rows, y, weight = job.data
        options: dict[str, Any] = {
            "rule": job.setting.rule(job.steps),
            "batch_size": job.batch_size,
            "max_steps": job.steps,
            "sample_weight": weight,
            "diagnose": diagnose,
        }
        stopping = {} if job.stopping is None else job.stopping.options(task)
        callbacks = [*watch, *stopping.pop("callbacks", ())]
        members.append((network, rows, task.targets(y), options | stopping | {"callbacks": callbacks}))
    histories = train_together(members)
    return [
        Trained(network, history.steps, _without_data(history.diagnosis) if diagnose else None)
        for (network, *_), history in zip(members, histories, strict=True)
    ]


def _train_there(
    cluster: Workers, task: Task, jobs: Sequence[Job], watched: Sequence[Sequence[Any]], diagnose: bool
) -> list[Trained]:
    """Train each network as a task of a cluster, to which the rows of the table are sent once."""
    calls = []
    for job in jobs:
        bare = replace(job, rows=None, y=job.y[:0], weight=None, seen=None, stopping=None)
        stop = job.stopping
        judge = () if stop is None else (stop.scorer, stop.rows, stop.y, stop.weight)
        calls.append((task, bare, diagnose, job.rows, job.y, job.weight, job.seen, *judge))
    found: dict[int, Trained] = {}
    for number, trained in cluster.run(_train_one, calls):
        found[number] = trained
        for epoch_ended in watched[number]:
            epoch_ended(trained.network, jobs[number].steps, {})  # more epochs than there are
    return [found[number] for number in range(len(jobs))]


def _train_one(
    task: Task, job: Job, diagnose: bool, rows: Any, y: Any, weight: Any, seen: Any, *judge: Any
) -> Trained:
    """Train a network on a worker, on one thread."""
    stopping = Stopping(*judge) if judge else None
    whole = replace(job, rows=rows, y=y, weight=weight, seen=seen, stopping=stopping)
    with num_threads(1):
        (trained,) = _train_here(task, [whole], [()], diagnose)
    return trained


def _without_data(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis whose settings hold neither rows nor what watched the fit."""
    evidence = diagnosis.evidence
    settings = replace(evidence.settings, sample_weight=None, validation_data=None, callbacks=())
    return Diagnosis(replace(evidence, settings=settings))


def _network(task: Task, job: Job) -> Network:
    return Network(job.rows.shape[1], job.setting.layers(task.outputs), task.learned, seed=job.seed)
