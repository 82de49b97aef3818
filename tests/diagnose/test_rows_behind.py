"""The rows behind a jump of the loss are found, in its batch or in the one before."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim

ROWS, BATCH = 43, 8  # 6 steps an epoch, the last of 3 rows
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]]) + 1


def new_net(*layers):
    return fanin.Network(3, [*layers, fanin.Dense(1)], seed=4)


def batch_of(row, epoch, **options):
    """The step of the epoch whose batch has this row: it changes the weight of an input that is 1 in this row alone."""
    inputs, targets = np.eye(ROWS), np.ones((ROWS, 1))
    for step in range(1, 7):
        net = fanin.Network(ROWS, [fanin.Dense(1, initializer="zeros")], seed=4)
        net.fit(inputs, targets, rule=optim.SGD(0), epochs=epoch - 1, batch_size=BATCH, **options)
        net.fit(inputs, targets, rule=optim.SGD(0.1), epochs=1, batch_size=BATCH, max_steps=step, **options)
        if net.get_weights()["layer1.weight"][row] != 0:
            return step
    raise AssertionError(f"row {row} is in no batch")


def with_outlier(row, value=1000.0):
    targets = Y.copy()
    targets[row] = value
    return targets


def behind(step, y=Y, net=None, **options):
    net = new_net() if net is None else net
    options = {"rule": optim.SGD(0.02), "batch_size": BATCH, "epochs": 3, **options}
    return fanin.rows_behind(net, X, y, step=step, **options)


@pytest.mark.parametrize("batches", ["shuffled", "in_order"])
@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("row", [0, 21, 42])
def test_a_row_with_a_huge_target_is_behind_the_loss_of_its_batch(row, epoch, batches):
    step = 6 * (epoch - 1) + batch_of(row, epoch, batches=batches)
    found = behind(step, with_outlier(row), batches=batches)
    assert (found.batch, found.step, found.epoch) == ("this", step, epoch)
    assert found.rows[0] == row
    assert found.losses[0] > 10 * found.losses[1]
    assert list(found.losses) == sorted(found.losses, reverse=True)
    assert found.losses[0] > 1e4 > 100 > found.typical or epoch == 2
    assert f"step {step} (epoch {epoch}): rows of the batch itself explain its loss of" in repr(found)
    assert f"row {row} has a loss of" in repr(found)


@pytest.mark.parametrize("row", [3, 30])
def test_the_update_by_a_row_is_behind_the_loss_of_the_batch_after_it(row):
    step = batch_of(row, 1)
    found = behind(step + 1, with_outlier(row, 1e5), rule=optim.SGD(0.5))
    assert (found.batch, found.rows[0]) == ("previous", row)
    assert found.loss > 100 * found.loss_before
    assert "the update before explains the loss of the batch, which it changed from" in repr(found)
    assert f"of the rows of that update, row {row} has a loss of" in repr(found)


def test_the_last_batch_of_an_epoch_is_behind_the_first_loss_of_the_next():
    row = next(row for row in range(ROWS) if batch_of(row, 1) == 6)
    found = behind(7, with_outlier(row, 1e5), rule=optim.SGD(0.5))
    assert (found.batch, found.rows[0], found.epoch, len(found.rows)) == ("previous", row, 2, 3)


def test_all_rows_of_an_epoch_are_in_one_batch_each():
    rows = [behind(step, rule=optim.SGD(1e-9)).rows for step in range(1, 7)]
    assert sorted(np.concatenate(rows)) == list(range(ROWS))
    assert [len(batch) for batch in rows] == [8, 8, 8, 8, 8, 3]


def test_a_single_row_that_is_left_over_joins_the_batch_before_under_batch_norm():
    net, options = new_net(fanin.Dense(2, batch_norm=True)), {"rule": optim.SGD(0), "batch_size": 6}
    net.fit(X, Y, **options, epochs=20)  # running statistics settle
    rows = [behind(step, net=net, **options).rows for step in range(1, 8)]
    assert sorted(np.concatenate(rows)) == list(range(ROWS))
    assert [len(batch) for batch in rows] == [6] * 6 + [7]


def test_a_step_of_several_batches_has_the_rows_of_all():
    rule = optim.Around(optim.SGD(1e-9), accumulate=4)
    rows = [behind(step, rule=rule).rows for step in (1, 2)]
    assert sorted(np.concatenate(rows)) == list(range(ROWS))
    assert [len(batch) for batch in rows] == [32, 11]


@pytest.mark.parametrize("split", ["last", "stratified"])
def test_rows_are_numbered_as_in_the_data_with_those_held_back(split):
    labels = np.arange(ROWS) % 3
    net = fanin.Network(3, [fanin.Dense(3)], "softmax_cross_entropy")
    options = {"rule": optim.SGD(0), "validation_fraction": 0.25, "validation_split": split}
    found = [behind(step, labels, net, **options).rows for step in (1, 2, 3, 4)]
    rows = np.concatenate(found)
    assert len(np.unique(rows)) == len(rows) == 32
    if split == "last":
        assert sorted(rows) == list(range(32))
    at = found[0][0]
    expected = net.evaluate(X[[at]], labels[[at]])["loss"]
    assert behind(1, labels, net, **options).losses[0] == pytest.approx(expected)


def test_rows_without_weight_are_behind_nothing():
    row = 21
    weight = np.ones(ROWS)
    weight[row] = 0
    found = behind(batch_of(row, 1), with_outlier(row), sample_weight=weight)
    assert row not in found.rows
    assert found.loss < 100


def test_losses_are_those_of_the_weights_trained_and_not_of_their_averages():
    rule = optim.Around(optim.SGD(0.1), average_share=0.5)
    plain, averaged = behind(12, rule=optim.SGD(0.1)), behind(12, rule=rule)
    assert (plain.losses == averaged.losses).all()
    assert plain.loss == averaged.loss


def test_a_loss_that_is_not_finite_has_its_rows():
    row = 21
    targets = with_outlier(row, 1e30)
    step = batch_of(row, 1)
    found = behind(step, targets)
    assert (found.batch, found.rows[0], found.losses[0]) == ("this", row, np.inf)


def test_a_diagnosis_is_a_checkpoint_for_rows_too():
    options = {"rule": optim.SGD(0.02), "batch_size": BATCH, "epochs": 3}
    start, targets = new_net(), with_outlier(5)
    diagnosis = start.copy().fit(X, targets, **options, diagnose=True).diagnosis
    step = 6 + batch_of(5, 2)
    assert fanin.rows_behind(diagnosis, X, targets, step=step).rows[0] == 5
    with pytest.raises(TypeError, match=r"finding: expected a fanin\.diagnose\.Finding, got None"):
        diagnosis.rows_behind(None, X, targets)


def test_solvers_and_steps_that_do_not_exist_have_no_rows():
    with pytest.raises(ValueError, match="rule: expected a rule, because LBFGS has no batches"):
        behind(1, rule=optim.LBFGS(), batch_size=None)
    with pytest.raises(ValueError, match="step: expected"):
        behind(0)
    for step in (19, 20):
        with pytest.raises(ValueError, match=f"step: expected at most 18, the steps of the fit, got {step}"):
            behind(step)
    stopped = fanin.EarlyStopping(patience=1, min_delta=1e9, monitor="loss")
    with pytest.raises(ValueError, match="step: expected at most 12, the steps of the fit, got 15"):
        behind(15, callbacks=[stopped])
    with pytest.raises(ValueError, match="step: expected a batch with weights above 0, got 1"):
        behind(1, sample_weight=np.arange(ROWS) == 40, batches="in_order")
