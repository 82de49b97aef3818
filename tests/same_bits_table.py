"""A table of all kinds of columns, and the bits of its code."""

from __future__ import annotations

import hashlib

import numpy as np

import fanin

LEVELS = ["clerk", "smith", "baker", "judge"]


def some_table(rows: int = 600, seed: int = 0) -> dict[str, object]:
    """Numbers with gaps, integers, a frequent value, levels of which one is rare, a boolean, and dates."""
    rng = np.random.default_rng(seed)
    income = rng.gamma(2.0, 1e4, rows)
    income[rng.random(rows) < 0.1] = np.nan
    return {
        "income": income,
        "age": rng.integers(17, 90, rows),
        "hours": np.where(rng.random(rows) < 0.5, 40, rng.integers(1, 99, rows)),
        "job": [*rng.choice(LEVELS[:3], rows - 3), "judge", "judge", None],
        "late": rng.random(rows) < 0.3,
        "sex": rng.choice(["f", "m"], rows).tolist(),
        "sold": np.datetime64("2024-01-31T09:30") + rng.integers(0, 400 * 24, rows).astype("m8[h]"),
    }


def digest_of_codes() -> str:
    """Learn, and code more rows than one thread takes."""
    table = some_table(5000)
    rows = fanin.TableEncoder().fit(table).transform(table).toarray()
    return hashlib.sha256(rows.tobytes()).hexdigest()
