"""Nets on numbers in piecewise-linear codes. Peers' processes may import this, so fanin is not loaded here."""

from dataclasses import dataclass

from bench.cases import Net


@dataclass(frozen=True)
class Coded(Net):
    """A net whose inputs are numbers, each coded in so many bins."""

    batch: int = 128
    samples: int = 1 << 15
    loss: str = "squared_error"
    bins: int = 64

    @property
    def name(self) -> str:
        return f"{self.sizes[0]} numbers in {self.bins} bins-" + "-".join(map(str, self.sizes[1:]))

    @property
    def columns(self) -> int:
        """What the first layer would get: each number, squashed, and its code."""
        return self.sizes[0] * (1 + self.bins)


CODED = [Coded((numbers, 256, 256, 1)) for numbers in (8, 20, 50)]
