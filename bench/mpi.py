"""Ranks of MPI that train one net, on this machine, and what their sums cost.

Peers' processes may import this, so fanin is not loaded here.
"""

from dataclasses import dataclass

from bench.cases import DIGITS, SMALL, Net

RANKS = (1, 2, 4)
RESULTS = {
    "weak": "Ranks of MPI, weak scaling: a step of as many samples for each rank",
    "strong": "Ranks of MPI, strong scaling: a step of as many samples for all ranks together",
    "sum": "A sum over the ranks of MPI (Iallreduce in place)",
}


@dataclass(frozen=True)
class Together(Net):
    """A net that so many ranks train."""

    ranks: int = 1
    scaling: str = "strong"

    @property
    def name(self) -> str:
        return f"{super().name}, batch {self.together}, ranks {self.ranks}"

    @property
    def together(self) -> int:
        """Samples a step of all ranks."""
        return self.batch * (self.ranks if self.scaling == "weak" else 1)


@dataclass(frozen=True)
class Sum:
    """A sum of so many float32 numbers."""

    numbers: int
    ranks: int

    @property
    def name(self) -> str:
        return f"{4 * self.numbers:,} bytes, ranks {self.ranks}"


def cases(quick: bool) -> list[Together | Sum]:
    """Steps of a small net, which wait for messages, and of one with 235,000 weights; sums from 4 bytes to 16 MB."""
    steps = [
        Together(sizes, batch, batch * (16 if quick else 128), ranks=ranks, scaling=scaling)
        for sizes, batch in ((SMALL, 256), (DIGITS, 256))
        for scaling in ("weak", "strong")
        for ranks in RANKS
    ]
    sums = [Sum(4**k, ranks) for ranks in RANKS[1:] for k in (0, 4, 8, 11)]
    return [*steps, *sums]
