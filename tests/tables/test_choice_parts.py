"""The parts of a choice: folds, scores, greedy weights, cells of pairs, settings."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import losses
from fanin.tables.clock import Clock
from fanin.tables.folds import folds_of
from fanin.tables.pairs import Grid, Pair, encoded, screen, telling
from fanin.tables.recipe import CLASSES, CONSTANT, REGRESSION, plan_of
from fanin.tables.scores import evidence, natural_log, row_losses, weighted_mean
from fanin.tables.task import task_of
from fanin.tables.vote import greedy_weights


def test_the_logarithm_is_that_of_numpy():
    x = np.concatenate([10.0 ** np.arange(-300, 300, 7), np.random.default_rng(0).random(1000), [0.5, 1, 2]])
    np.testing.assert_allclose(natural_log(x), np.log(x), rtol=4e-16, atol=4e-16)


def test_scores_are_the_means_of_the_losses():
    y, p = np.array([0, 1, 1]), np.array([[0.2], [0.7], [0.4]])
    found = row_losses(losses.Logistic(), y, evidence(losses.Logistic(), y, p))
    np.testing.assert_allclose(found, -np.log([0.8, 0.7, 0.4]))
    several = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    labels, loss = np.array([2, 0]), losses.SoftmaxCrossEntropy()
    np.testing.assert_allclose(row_losses(loss, labels, evidence(loss, labels, several)), -np.log([0.7, 0.5]))
    y, a = np.array([[1.0], [4.0]]), np.array([[2.0], [1.0]])
    for loss, expected in (
        (losses.SquaredError(), [1, 9]),
        (losses.AbsoluteError(), [1, 3]),
        (losses.Huber(2.0), [0.5, 4]),
        (losses.Quantile(0.9), [0.1, 2.7]),
        (losses.Poisson(), [2 - np.log(2), 1]),
    ):
        np.testing.assert_allclose(row_losses(loss, y, a), expected)
    assert weighted_mean(np.array([1.0, 4.0]), np.array([3.0, 1.0])) == 1.75


def test_folds_differ_by_one_row_and_divide_every_class():
    labels = np.repeat([0, 1, 2], [50, 9, 4])
    fold = folds_of(63, 4, 7, labels)
    for c in (0, 1, 2):
        counts = np.bincount(fold[labels == c], minlength=4)
        assert counts.max() - counts.min() <= 1
        assert counts.min() > 0
    counts = np.bincount(folds_of(63, 4, 7))
    assert counts.max() - counts.min() == 1
    assert (folds_of(63, 4, 8) != folds_of(63, 4, 7)).any()


def test_greedy_weights_are_never_worse_than_the_best_model():
    rng = np.random.default_rng(1)
    for _ in range(20):
        y = rng.normal(size=(50, 1))
        models = [y + scale * rng.normal(size=(50, 1)) for scale in (0.5, 0.6, 2.0)]

        def score(p, y=y):
            return float(np.mean((p - y) ** 2))

        weights = greedy_weights(models, score, (0, 0, 0))
        assert sum(weights) == pytest.approx(1)
        assert min(weights) >= 0
        assert score(sum(w * m for w, m in zip(weights, models, strict=True))) <= min(map(score, models))
    assert greedy_weights([y, y + 1], score, (0, 0)) == (1, 0)


def test_a_model_that_will_be_averaged_weighs_more():
    rng = np.random.default_rng(6)
    y = rng.normal(size=(4000, 1))
    models = [y + rng.normal(size=(4000, 1)) for _ in range(2)]

    def score(p):
        return float(np.mean((p - y) ** 2))

    for gain in (0.0, 0.5):  # noise of variance 1, of which that much will be averaged away
        weight, _ = greedy_weights(models, score, (gain, 0.0))
        assert weight == pytest.approx(1 / (2 - gain), abs=0.05)


def grids(rows=4000):
    rng = np.random.default_rng(2)
    return [Grid(f"x{j}", (0.0,) * 4, rng.integers(0, 6, rows), 6) for j in range(4)]


def test_screening_finds_the_pair_that_explains_residuals_and_nothing_in_noise():
    columns, rows = grids(), np.arange(4000)
    rng = np.random.default_rng(3)
    noise = 0.5 * rng.normal(size=4000)
    checks = (columns[1].of_row + columns[3].of_row) % 2 - 0.5
    fold, ones = np.arange(4000) % 8, np.ones(4000)
    best = screen(columns, rows, checks + noise, ones, fold, 2)
    assert (best[0].first.name, best[0].second.name) == ("x1", "x3")
    assert screen(columns, rows, noise, ones, fold, 4) == ()
    assert [grid.name for grid in telling(columns, columns[2].of_row + noise, 1)] == ["x2"]
    assert telling(columns, noise) == columns


def test_cells_of_training_rows_do_not_know_their_own_part():
    columns = grids(400)
    pair = Pair(columns[0], columns[1])
    y = np.random.default_rng(4).integers(0, 2, 400).astype(float)
    train, part = np.arange(300), np.arange(400) % 8
    values, of_rows = encoded(pair, y, np.ones(400), train, part, odds=True)
    np.testing.assert_array_equal(of_rows[300:], values[pair.of_row[300:]])
    changed = y.copy()
    changed[:300:8] = 1 - changed[:300:8]  # all of part 0
    changed[300:] = 1 - changed[300:]
    _, others = encoded(pair, changed, np.ones(400), train, part, odds=True)
    mean, new = y[:300].mean(), changed[:300].mean()
    plain = encoded(pair, y, np.ones(400), train, part, odds=False)[1][:300:8] + mean
    again = encoded(pair, changed, np.ones(400), train, part, odds=False)[1][:300:8] + new
    np.testing.assert_allclose(plain, again, atol=abs(mean - new))  # they differ by the prior alone
    assert np.isfinite(others).all()
    assert np.isfinite(encoded(pair, np.zeros(400), np.ones(400), train, part, odds=True)[0]).all()


def test_settings_take_enough_steps_on_few_rows_and_not_too_many_on_many():
    for setting in (*CLASSES, REGRESSION):
        assert setting.batch_on(10) == 10
        assert setting.steps_on(50) >= 100
        assert setting.steps_on(10_000_000) * setting.batch_size <= 2_100_000
        counts = [setting.steps_on(rows) for rows in (10, 1000, 20_000, 100_000, 1_000_000)]
        assert counts == sorted(counts)


@pytest.mark.parametrize("classifies", [True, False])
@pytest.mark.parametrize("effort", ["fast", "default", "high"])
def test_plans_have_as_many_networks_of_a_setting_as_members(classifies, effort):
    for rows in (2, 100, 5000, 1_000_000):
        for members in (1, 2, 3, 4, 9, 32):
            plan = plan_of(classifies, effort, rows, 10, members, False)
            assert plan.left_out + plan.members == members
            assert 1 <= plan.left_out <= plan.folds
            everything = plan_of(classifies, effort, rows, 10, members, True)
            assert everything.left_out == everything.folds >= 4
            assert everything.members == 0
        assert plan_of(classifies, effort, rows, 10, None, False).others[-1] == CONSTANT


def test_small_tables_leave_out_more_parts():
    plans = [plan_of(False, "default", rows, 10, None, False) for rows in (100, 4000, 20_000)]
    assert [plan.left_out for plan in plans] == [8, 4, 1]
    assert [plan.members for plan in plans] == [8, 7, 2]
    wide = plan_of(False, "default", 100, 2000, None, False)
    assert (wide.left_out, wide.members) == (4, 2)


def test_without_a_limit_there_is_always_time():
    clock, limited = Clock(None), Clock(10.0)
    clock.worked(1, 1000.0)
    assert clock.share(10**9) == 1
    assert limited.share(5) == 1
    limited.worked(10, 10.0)
    assert 0.4 < limited.share(20) <= 0.5


def test_the_task_scales_targets_of_losses_that_allow_it():
    y = np.array([[1.0], [3.0], [5.0]])
    weight = np.array([1.0, 1.0, 2.0])
    task = task_of(losses.SquaredError(), y, None, weight)
    assert task.mean == 3.5
    np.testing.assert_allclose(task.predicted(task.targets(y)), y)
    assert task.predicted(np.array([9.0, -9.0])).tolist() == [[5.0], [1.0]]
    huber = task_of(losses.Huber(1.0), y, None, None)
    assert huber.learned.delta == pytest.approx(1 / huber.scale[0])
    assert task_of(losses.Poisson(), y, None, None).scale == 1
    assert task_of(losses.SquaredError(), np.ones((4, 1)), None, None).scale == 1
