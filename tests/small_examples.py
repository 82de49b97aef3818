"""The examples of docs/examples on small data."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

from helpers import ROOT

EXAMPLES = ROOT / "docs" / "examples"
SHARED = ("common", "made_text", "word_lists")
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in SHARED)
RNG = np.random.default_rng(0)
SATURATED = 1 / (1 + np.exp(-4 * RNG.normal(size=(150, 2)) @ RNG.normal(size=(2, 30))))
SMALL = {
    "autoencoder": {"epochs": 30, "hidden": (64,), "sizes": (2, 4, 8)},
    "averages": {"epochs": 8},
    "base_rate": {"rows": 1000, "steps": 150},
    "batch_norm": {"sizes": (4, 128), "steps": 500, "seeds": 2},
    "batches": {"rows": 4096, "sizes": (1, 32, 512), "passes": 5},
    "bowls": {"goal": 0.3},
    "coarse_to_fine": {"rows": 300, "epochs": 9, "trials": 9, "seeds": 2},
    "deep_autoencoder": {"X": SATURATED, "hidden": (20, 2), "epochs": 300},
    "depth": {"rows": 100},
    "doctor": {"rows": 1000, "epochs": 20},
    "filters": {"epochs": 15},
    "gains": {},
    "gradient_by_lag": {"length": 20, "units": 12, "rows": 3000, "epochs": 10},
    "inputs": {"most": 50_000},
    "learning_rate": {"rows": 2000},
    "migration": {"hidden_layer_sizes": (20,)},
    "momentum": {},
    "newsgroups": {"train": 6000, "test": 1000},
    "pareto": {},
    "peers": {},
    "rate_race": {"epochs": 15},
    "random_search": {"rows": 400, "epochs": 10, "seeds": 9},
    "scales": {"draws": 2000},
    "scipy_minimize": {"rows": 60, "iterations": 20},
    "seasonal_forecast": {"weeks": 25, "epochs": 60},
    "signs": {"cycles": 30},
    "six_rules": {},
    "words_by_language": {"shown": "badehi"},
}


def load(name: str) -> Any:
    """Import an example, or what they share."""
    if str(EXAMPLES) not in sys.path:
        sys.path.append(str(EXAMPLES))
    return importlib.import_module(name)


def small(name: str) -> Any:
    """Run an example on small data."""
    options = dict(SMALL[name])
    if name == "words_by_language":
        options["words"] = load("word_lists").made_words(150)
    return load(name).run(**options)
