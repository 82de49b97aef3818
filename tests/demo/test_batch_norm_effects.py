"""The effects of batch norm, as measured by `fanin.demo.batch_norm_effects`."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fanin.demo import batch_norm_effects as effects


@pytest.fixture(scope="module")
def digits_like():
    """Ten noisy prototypes."""
    rng = np.random.default_rng(0)
    prototypes = rng.normal(size=(10, 30))
    y = rng.integers(0, 10, 1200)
    x = (prototypes[y] + 2.0 * rng.normal(size=(1200, 30))).astype("float32")
    train, validation = (SimpleNamespace(x=x[p], y=y[p]) for p in (slice(400), slice(400, None)))
    return SimpleNamespace(title="prototypes", train=train, validation=validation)


def test_inputs_of_deep_layers_drift_less_with_batch_norm(digits_like):
    plain, normalized = (effects.drift_of_inputs(digits_like, norm, seed=0) for norm in (False, True))
    assert len(plain) == len(normalized) == len(effects.HIDDEN)
    assert all(with_it < 0.5 * without for without, with_it in zip(plain[1:], normalized[1:], strict=True))


def test_the_noise_of_small_batches_regularizes_and_that_of_large_ones_less(digits_like):
    gaps = []
    for batch_size in (4, 200):
        losses = [effects.gap_by_batch_size(digits_like, batch_size, seed, steps=600) for seed in (0, 1)]
        gaps.append(np.mean([validation - training for training, validation in losses]))
    assert 0 < gaps[0] < gaps[1]


def test_the_tables_have_a_line_for_each_layer_and_batch_size(digits_like, monkeypatch, capsys):
    monkeypatch.setattr(effects, "load_digits", lambda seed: digits_like)
    monkeypatch.setattr(effects, "without_shifts", lambda data: data)
    effects.main(seeds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line[:1].isdigit()] == [
        "1",
        "2",
        "3",
        "4",
        "4",
        "16",
        "64",
        "256",
    ]
