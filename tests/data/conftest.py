"""Kinds of input layers, and rows for them."""

from __future__ import annotations

import numpy as np
import pytest

import fanin


@pytest.fixture(params=[fanin.Standardize, fanin.RobustScale], ids=lambda kind: kind.name)
def kind(request):
    return request.param


@pytest.fixture(name="X")
def rows():
    """Columns of very different means and scales, the last one constant."""
    scales, means = [1, 10, 100, 0.01, 1e-8, 5, 0], [1e6, 0, 3, -2, 0, 1e3, 7]
    return np.random.default_rng(0).normal(size=(300, 7)) * scales + means
