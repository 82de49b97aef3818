"""Which elements a dropout keeps.

Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, Parallel random numbers: as easy as 1, 2, 3) of the counter
(block, step, epoch, 3 + layer) with the seed as key gives 128 bits: 16 for each of 8 adjacent elements in a row. An
element is dropped if its number is below 65536 rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOW = 0xFFFFFFFF


def philox(counter: list[NDArray[np.uint64]], seed: int) -> list[NDArray[np.uint64]]:
    """Four words of 32 bits for each counter of four words."""
    low, high, c = np.uint64(LOW), np.uint64(32), counter
    keys = [seed & LOW, seed >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (p1 >> high) ^ c[1] ^ np.uint64(keys[0]),
            p1 & low,
            (p0 >> high) ^ c[3] ^ np.uint64(keys[1]),
            p0 & low,
        ]
        keys = [(keys[0] + 0x9E3779B9) & LOW, (keys[1] + 0xBB67AE85) & LOW]
    return c


def factors(shape: tuple[int, int], rate: float, seed: int, layer: int, epoch: int, step: int) -> NDArray:
    """0 where an element is dropped, else 1 / (1 - rate); layer and step count from 0, epoch from 1."""
    rows, columns = shape
    blocks = -(-columns // 8)
    number = np.arange(rows * blocks, dtype=np.uint64)
    words = philox([number] + [np.full_like(number, k) for k in (step, epoch, 3 + layer)], seed)
    numbers = [half for word in words for half in (word & np.uint64(0xFFFF), word >> np.uint64(16))]
    numbers = np.stack(numbers, axis=1).reshape(rows, blocks * 8)[:, :columns]
    dropped = round(rate * 65536)
    return (numbers >= dropped) * (65536 / (65536 - dropped))
