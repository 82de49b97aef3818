"""Epochs of fanin beside other work, and two fits in two threads of Python."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import fanin
from bench import data
from bench.cases import Net
from bench.workers.steps_fanin import RULE, build

SECONDS_OF_SHORT_FITS = 1.0


class Sharing:
    """Two nets on the same data."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any]) -> None:
        """Take a net, and a step of each of its twins."""
        self.net = Net(**case)
        self.x, self.y = data.samples(self.net)
        self.networks = [build(self.net), build(self.net)]
        for network in self.networks:
            self.fit(network, 4 * self.net.batch)

    def fit(self, network: fanin.Network, n: int) -> None:
        """One epoch of the first n samples."""
        network.fit(self.x[:n], self.y[:n], rule=RULE, epochs=1, batch_size=self.net.batch)

    def epoch(self) -> float:
        """Microseconds of a step in an epoch."""
        return 1e6 * seconds(lambda: self.fit(self.networks[0], self.net.samples)) / self.net.steps

    def two_fits(self) -> tuple[float, float]:
        """Seconds of an epoch of each net, one after the other and in two threads at once."""
        fits = [partial(self.fit, network, self.net.samples) for network in self.networks]

        def at_once() -> None:
            threads = [threading.Thread(target=fit) for fit in fits]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        return seconds(lambda: [fit() for fit in fits]), seconds(at_once)

    def short_fits(self) -> tuple[float, float]:
        """Microseconds of a step in a second of fits of one epoch each: on all threads, and on one."""
        return self.short_fits_on(fanin.get_num_threads()), self.short_fits_on(1)

    def short_fits_on(self, threads: int) -> float:
        """Microseconds of a step on so many threads."""
        count = 0
        start = time.perf_counter()
        with fanin.num_threads(threads):
            while count == 0 or time.perf_counter() - start < SECONDS_OF_SHORT_FITS:
                self.fit(self.networks[0], self.net.samples)
                count += 1
        return 1e6 * (time.perf_counter() - start) / (count * self.net.steps)


def seconds(call: Callable[[], object]) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


WORKER = Sharing
