"""Statistics of targets: their kind, the loss of the best constant outputs, and the order of rows."""

import numpy as np
import pytest

import fanin
from fanin import losses, optim
from fanin.diagnose.targets import target_of

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 3, 200)
NUMBERS = RANDOM.gamma(2.0, size=200)


def net_of(loss, outputs=1):
    return fanin.Network(2, [fanin.Dense(outputs)], loss, dtype="float64")


@pytest.mark.parametrize(
    ("loss", "outputs", "y"),
    [
        ("squared_error", 1, NUMBERS),
        ("squared_error", 2, RANDOM.normal(size=(200, 2))),
        ("absolute_error", 1, NUMBERS),
        (losses.Quantile([0.1, 0.7]), 2, NUMBERS),
        ("poisson", 1, RANDOM.poisson(3.0, 200)),
        ("gamma", 1, NUMBERS),
        ("logistic", 2, RANDOM.integers(0, 2, (200, 2))),
        ("softmax_cross_entropy", 3, LABELS),
        (losses.SoftmaxCrossEntropy(label_smoothing=0.1), 3, LABELS),
        ("softmax_cross_entropy", 3, RANDOM.dirichlet([1.0, 2.0, 3.0], 200)),
        (losses.Huber(delta=100.0), 1, RANDOM.permutation(np.repeat([-1.0, 0.0, 1.0], 67))[:200]),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_baseline_is_the_loss_of_the_best_constant_outputs(loss, outputs, y, weighted):
    start = fanin.Dense(outputs, initializer="zeros", bias_initializer="base_rate")
    net = fanin.Network(1, [start], loss, dtype="float64")
    weights = RANDOM.uniform(0.5, 2, 200) if weighted else None
    history = net.fit(
        np.zeros((200, 1)), y, sample_weight=weights, rule=optim.SGD(0.0), epochs=1, batch_size=200
    )
    tolerance = 0.03 if "huber" in net.loss else 1e-3
    assert target_of(net, y, weights).baseline == pytest.approx(history.loss[0], rel=tolerance)


@pytest.mark.parametrize(
    ("loss", "outputs", "y", "kind"),
    [
        ("softmax_cross_entropy", 3, LABELS, "classes"),
        ("softmax_cross_entropy", 3, np.eye(3)[LABELS], "one_hot"),
        ("softmax_cross_entropy", 3, np.full((9, 3), 1 / 3), "probabilities"),
        ("squared_error", 1, LABELS, "classes"),
        ("squared_error", 1, LABELS.astype("float32"), "classes"),
        ("squared_error", 3, np.eye(3)[LABELS], "one_hot"),
        ("squared_error", 1, RANDOM.poisson(1.0, 500), "counts"),
        ("squared_error", 1, LABELS + 3, "counts"),
        ("squared_error", 1, RANDOM.permutation(200), "counts"),
        ("squared_error", 1, LABELS - 1.0, "numbers"),
        ("squared_error", 1, NUMBERS, "numbers"),
        ("squared_error", 1, 2 * (LABELS > 0) - 1, "binary"),
        ("logistic", 1, LABELS > 0, "binary"),
        ("logistic", 2, np.array([[0, 0], [1, 1], [0, 1]]), "binary"),
        ("squared_error", 1, np.zeros(5), "counts"),
    ],
)
def test_targets_are_told_apart_by_their_values(loss, outputs, y, kind):
    target = target_of(net_of(loss, outputs), y)
    assert (target.kind, target.rows, target.columns) == (kind, len(y), 1 if y.ndim == 1 else outputs)
    assert (target.low, target.high) == (np.min(y), np.max(y)) or loss == "softmax_cross_entropy"


def test_the_deviation_of_classes_is_that_of_their_one_hot_rows():
    of_labels = target_of(net_of("softmax_cross_entropy", 3), LABELS)
    of_rows = target_of(net_of("softmax_cross_entropy", 3), np.eye(3)[LABELS])
    assert of_labels.deviation == pytest.approx(of_rows.deviation)
    assert of_labels.deviation == pytest.approx(np.sqrt(np.eye(3)[LABELS].var(0).mean()))
    assert of_labels.baseline == pytest.approx(of_rows.baseline)
    assert of_labels.classes.tolist() == of_rows.classes.tolist() == np.bincount(LABELS).tolist()


def test_sample_weights_count_in_classes_but_not_in_the_order_of_rows():
    weights = np.where(LABELS == 0, 4.0, 1.0)
    net = net_of("softmax_cross_entropy", 3)
    plain, weighted = target_of(net, LABELS), target_of(net, LABELS, weights)
    assert weighted.classes.tolist() == (np.bincount(LABELS) * [4, 1, 1]).tolist()
    assert weighted.neighbours == plain.neighbours


@pytest.mark.parametrize(
    ("loss", "outputs", "y"),
    [
        ("softmax_cross_entropy", 3, LABELS),
        ("squared_error", 1, LABELS),
        ("squared_error", 3, np.eye(3)[LABELS]),
        ("squared_error", 1, NUMBERS),
        ("squared_error", 2, np.column_stack([NUMBERS, -NUMBERS])),
    ],
)
def test_neighbours_are_alike_in_sorted_rows_and_not_in_random_ones(loss, outputs, y):
    net, order = net_of(loss, outputs), np.lexsort(y.T if y.ndim == 2 else [y])
    assert abs(target_of(net, y).neighbours) < 0.2
    assert target_of(net, y[order]).neighbours > 0.9


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "gamma", "logistic", "huber"])
def test_one_row_or_equal_rows_have_finite_statistics(loss, rows):
    target = target_of(net_of(loss), np.ones(rows))
    numbers = [target.baseline, target.deviation, target.neighbours]
    assert np.isfinite(numbers).all()
    assert target.deviation == 0


def test_a_single_class_has_the_entropy_0():
    target = target_of(net_of("softmax_cross_entropy", 3), [1])
    assert (target.baseline, target.deviation, target.neighbours) == (0, 0, 0)
    assert target.classes.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "given",
    [list(map(int, LABELS)), LABELS.astype("uint64"), LABELS.astype(">i2"), np.repeat(LABELS, 2)[::2]],
)
def test_labels_of_every_type_that_fit_accepts_give_the_same_statistics(given):
    net = net_of("softmax_cross_entropy", 3)
    expected, target = target_of(net, LABELS), target_of(net, given)
    assert (target.baseline, target.neighbours) == (expected.baseline, expected.neighbours)


def test_frames_and_series_are_targets_as_well():
    pandas = pytest.importorskip("pandas")
    net = net_of("squared_error", 2)
    frame = pandas.DataFrame({"a": NUMBERS, "b": NUMBERS})
    assert target_of(net, frame).columns == 2
    assert target_of(net_of("squared_error"), frame["a"]).high == NUMBERS.max()


def test_of_many_targets_a_sample_is_looked_at():
    y = np.arange(600_000) % 3
    target = target_of(net_of("softmax_cross_entropy", 3), y)
    assert target.rows == 600_000
    np.testing.assert_allclose(target.classes, 200_000, rtol=1e-3)
    assert target.neighbours < 0
    assert target_of(net_of("squared_error"), np.sort(y)).neighbours > 0.99


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_losses_that_leave_out_a_constant_are_judged_from_that_of_exact_outputs_on(loss):
    rng = np.random.default_rng(0)
    y = rng.poisson(3.0, 400) if loss == "poisson" else rng.gamma(2.0, 3.0, 400)
    net = fanin.Network(1, [fanin.Dense(1)], loss)
    target = target_of(net, y, None)
    mean = np.mean(y)
    constant = mean - y * np.log(mean) if loss == "poisson" else y / mean + np.log(mean)
    exact = y - y * np.log(np.maximum(y, 1)) if loss == "poisson" else 1 + np.log(y)
    assert target.baseline == pytest.approx(constant.mean(), rel=1e-5)
    assert target.floor == pytest.approx(exact.mean())
    assert target.scale > 0
