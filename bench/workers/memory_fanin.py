"""Resident memory of a training of fanin at its peak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import fanin
from bench import data
from bench.cases import LEARNING_RATE
from bench.net_cases import MemoryCase
from fanin import optim

PROCESS = Path("/proc/self")


def resident(field: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at the peak."""
    try:
        lines = (PROCESS / "status").read_text().splitlines()
    except OSError:
        raise RuntimeError("the peak of a process is read from /proc, which this system lacks") from None
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


class Memory:
    """One case a process."""

    version = fanin.__version__

    def peak(self, description: dict[str, Any]) -> int:
        """Bytes that making a net and two epochs of fit add at their peak."""
        case = MemoryCase(**description)
        net = case.net
        x, y = data.samples(net)
        x.sum(), y.sum()  # all pages of the data are there
        (PROCESS / "clear_refs").write_text("5")  # the peak begins anew
        before = resident("VmRSS")
        hidden = [
            fanin.Dense(units, activation="relu", batch_norm=net.batch_norm) for units in net.sizes[1:-1]
        ]
        network = fanin.Network(net.sizes[0], [*hidden, fanin.Dense(net.sizes[-1])], loss=net.loss)
        keep = [fanin.EarlyStopping(patience=5, monitor="loss")] if case.best_weights else []
        history = network.fit(
            x, y, rule=optim.Adam(LEARNING_RATE), epochs=2, batch_size=net.batch, callbacks=keep
        )
        after = resident("VmHWM")
        if not np.isfinite(history.loss).all():
            raise ValueError("the loss is not finite")
        return after - before


WORKER = Memory
