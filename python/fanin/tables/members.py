"""Training networks, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fanin.diagnose import Diagnosis
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
    """A network to train: on coded rows and their targets, for a share of its setting's steps."""

    setting: Setting
    rows: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    seed: int
    share: float = 1.0
    stopping: Stopping | None = None
    network: Network | None = None  # whose copy is trained on

    @property
    def steps(self) -> int:
        """Number of updates."""
        return max(round(self.share * self.setting.steps_on(self.rows.shape[0])), 1)

    @property
    def batch_size(self) -> int:
        """Rows of an update."""
        return self.setting.batch_on(self.rows.shape[0])


def train(task: Task, jobs: Sequence[Job], reporter: Reporter) -> tuple[tuple[Network, ...], int]:
    """Return a network trained for each job, one a thread, and their steps; its bits depend on the job alone."""
    members = []
    watched = reporter.watch(
        [job.steps for job in jobs], [-(-job.rows.shape[0] // job.batch_size) for job in jobs]
    )
    for job, watch in zip(jobs, watched, strict=True):
        network = _network(task, job) if job.network is None else job.network.copy()
        options: dict[str, Any] = {
            "rule": job.setting.rule(job.steps),
            "batch_size": job.batch_size,
            "max_steps": job.steps,
            "sample_weight": job.weight,
            "diagnose": reporter.diagnose,
        }
        stopping = {} if job.stopping is None else job.stopping.options(task)
        callbacks = [*watch, *stopping.pop("callbacks", ())]
        members.append(
            (network, job.rows, task.targets(job.y), options | stopping | {"callbacks": callbacks})
        )
    histories = train_together(members)
    networks = tuple(network for network, *_ in members)
    if reporter.diagnose:
        reporter.diagnoses |= {
            network: _without_data(history.diagnosis)
            for network, history in zip(networks, histories, strict=True)
        }
    return networks, sum(history.steps for history in histories)


def _without_data(diagnosis: Diagnosis) -> Diagnosis:
    """Return a diagnosis whose settings hold neither rows nor what watched the fit."""
    evidence = diagnosis.evidence
    settings = replace(evidence.settings, sample_weight=None, validation_data=None, callbacks=())
    return Diagnosis(replace(evidence, settings=settings))


def _network(task: Task, job: Job) -> Network:
    return Network(job.rows.shape[1], job.setting.layers(task.outputs), task.learned, seed=job.seed)
