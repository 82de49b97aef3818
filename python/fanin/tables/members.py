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


def train(task: Task, jobs: Sequence[Job]) -> tuple[Network, ...]:
    """Return a network trained for each job, one a thread; their bits depend on the job alone."""
    members = []
    for job in jobs:
        layers = job.setting.layers(task.outputs)
        network = Network(job.rows.shape[1], layers, task.learned, seed=job.seed)
        options = {
            "rule": job.setting.rule(job.steps),
            "batch_size": job.setting.batch_on(len(job.rows)),
            "max_steps": job.steps,
            "sample_weight": job.weight,
        }
        members.append((network, job.rows, task.targets(job.y), options))
    train_together(members)
    return tuple(network for network, *_ in members)
