"""The nets of the groups that measure something else of training than a step beside peers."""

from __future__ import annotations

from dataclasses import dataclass

from bench.cases import Net


@dataclass(frozen=True)
class GrowingNet(Net):
    """A net that is named by its size."""

    @property
    def weights(self) -> int:
        return sum(inputs * units for inputs, units in self.layers)

    @property
    def name(self) -> str:
        return f"{self.weights:,} weights, {self.samples:,} samples"


# About 1e3, 3e3, ... 1e7 weights; and 54-128-128-7 on 1e3 to 1e6 samples
GROWING_WEIGHTS = [
    GrowingNet((width, width, width, 10), batch=64, samples=1 << power)
    for width, power in (
        (20, 19),
        (37, 18),
        (68, 18),
        (120, 17),
        (221, 15),
        (385, 14),
        (705, 13),
        (1222, 11),
        (2234, 10),
    )
]
GROWING_SAMPLES = [GrowingNet((54, 128, 128, 7), batch=64, samples=1 << power) for power in range(10, 21, 2)]


@dataclass(frozen=True)
class RuleOnNet:
    """Training steps of a net with one of the rules."""

    rule: str
    sizes: tuple[int, ...]
    batch: int

    @property
    def net(self) -> Net:
        """The net, with samples for a few batches."""
        return Net(tuple(self.sizes), self.batch, 8 * self.batch)

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))}, {self.rule}"


RULES_ON_NETS = [
    RuleOnNet(rule, sizes, 256)
    for sizes in ((784, 1024, 1024, 10), (784, 2048, 2048, 10))
    for rule in ("sgd", "rmsprop", "adam")
]


@dataclass(frozen=True)
class MemoryCase:
    """A net that is trained with Adam, and whether the weights of the best epoch are kept."""

    sizes: tuple[int, ...]
    batch_norm: bool = False
    best_weights: bool = False

    @property
    def net(self) -> Net:
        """The net, with samples for a few batches."""
        return Net(tuple(self.sizes), 256, 2048, self.batch_norm)

    @property
    def name(self) -> str:
        return self.net.name + (", best weights kept" if self.best_weights else "")


MEMORY = [
    MemoryCase(sizes, batch_norm, best_weights)
    for sizes in ((784, 256, 128, 10), (784, 1024, 1024, 10), (784, 2048, 2048, 10))
    for batch_norm, best_weights in ((False, False), (True, False), (False, True))
]


@dataclass(frozen=True)
class Fit:
    """The net for Fashion-MNIST and how it is trained: with batch norm, Adam, and a rate that falls to 0."""

    epochs: int
    sizes: tuple[int, ...] = (784, 256, 128, 10)
    batch: int = 64
    learning_rate: float = 2e-3

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.sizes))} BN, {self.epochs} epoch{'s' if self.epochs > 1 else ''}"

    def steps(self, samples: int) -> int:
        """Steps of all epochs."""
        return self.epochs * -(-samples // self.batch)
