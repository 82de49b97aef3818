"""Training networks, several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fanin.network import Network
from fanin.tables.recipe import Setting
from fanin.training.together import train_together

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fanin.tables.progress import Reporter
    from fanin.tables.task import Task


@dataclass(frozen=True, eq=False)
class Job:
    """A network to train: on coded rows and their targets, for a share of its setting's steps."""

    setting: Setting
    rows: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    seed: int
    share: float = 1.0

    @property
    def steps(self) -> int:
        """Number of updates."""
        return max(round(self.share * self.setting.steps_on(len(self.rows))), 1)

    @property
    def batch_size(self) -> int:
        """Rows of an update."""
        return self.setting.batch_on(len(self.rows))


def train(task: Task, jobs: Sequence[Job], reporter: Reporter) -> tuple[Network, ...]:
    """Return a network trained for each job, one a thread; their bits depend on the job alone."""
    members = []
    watched = reporter.watch(
        [job.steps for job in jobs], [-(-len(job.rows) // job.batch_size) for job in jobs]
    )
    for job, callbacks in zip(jobs, watched, strict=True):
        layers = job.setting.layers(task.outputs)
        network = Network(job.rows.shape[1], layers, task.learned, seed=job.seed)
        options = {
            "rule": job.setting.rule(job.steps),
            "batch_size": job.batch_size,
            "max_steps": job.steps,
            "sample_weight": job.weight,
            "callbacks": callbacks,
        }
        members.append((network, job.rows, task.targets(job.y), options))
    train_together(members)
    return tuple(network for network, *_ in members)
