"""Faults of data that `diagnose.examine` finds, and good data in which it finds none."""

import numpy as np
import pytest

import fanin
from fanin.diagnose import examine

DATA = pytest.importorskip("sklearn.datasets")
RNG = np.random.default_rng(0)


def standardized(X):
    return (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)


def net_for(X, classes=0):
    loss = "softmax_cross_entropy" if classes else "squared_error"
    return fanin.Network(X.shape[1], [fanin.Dense(16, "relu"), fanin.Dense(classes or 1)], loss)


def found(X, y, classes=0, **options):
    findings = examine(net_for(X, classes), X, y, **options).findings
    return {finding.kind: finding for finding in findings}


def breast_cancer(rows=400):
    X, y = DATA.load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(5).permutation(len(y))[:rows]
    return standardized(X)[order], y[order]


SETS = {
    "breast cancer": lambda: (*DATA.load_breast_cancer(return_X_y=True), 2),
    "wine": lambda: (*DATA.load_wine(return_X_y=True), 3),
    "iris": lambda: (*DATA.load_iris(return_X_y=True), 3),
    "diabetes": lambda: (*DATA.load_diabetes(return_X_y=True), 0),
    "circles": lambda: (*DATA.make_circles(1000, noise=0.1, random_state=1), 2),
    "blobs": lambda: (*DATA.make_blobs(1000, centers=3, cluster_std=2, random_state=2), 3),
}


@pytest.mark.parametrize("name", SETS)
def test_standardized_good_data_have_no_findings(name):
    X, y, classes = SETS[name]()
    order = np.random.default_rng(1).permutation(len(y))
    X, y = standardized(X)[order], y[order]
    y = y if classes else (y - y.mean()) / y.std()
    cut = len(y) * 7 // 10
    assert found(X[:cut], y[:cut], classes, validation_data=(X[cut:], y[cut:])) == {}


def test_inputs_of_unequal_or_shifted_scale_are_found_with_their_condition_number():
    X = RNG.normal(size=(300, 3))
    y = X[:, 0] + X[:, 1]
    finding = found(X * [1, 1000, 1], y)["unscaled_inputs"]
    assert finding.number == pytest.approx(1000, rel=0.2)
    assert (finding.threshold, finding.severity) == (10, "fault")
    assert "column 1" in finding.message
    assert "the condition number is 1.0" in finding.message
    assert finding.remedy.layers[0] == fanin.Standardize()
    shifted = found(X + np.array([0, 0, 5]), y)["unscaled_inputs"]
    assert shifted.number == pytest.approx(5, rel=0.2)
    assert "(column 2)" in shifted.message


def test_a_network_that_normalizes_its_inputs_may_get_any_scale_and_columns_of_0_and_1_too():
    X = RNG.normal(size=(300, 3)) * [1, 1000, 1]
    for first in (fanin.Standardize(), fanin.BatchNorm()):
        net = fanin.Network(3, [first, fanin.Dense(1)])
        assert examine(net, X, X[:, 0] + X[:, 2]).findings == ()
    X = np.column_stack([RNG.normal(size=300), RNG.random(300) < 0.01])
    assert found(X, X[:, 0] + RNG.normal(size=300)) == {}


def test_constant_columns_are_found_but_not_a_number_and_gaps():
    X = RNG.normal(size=(100, 4))
    X[:, 1] = X[:, 3] = 7.0
    layers = [fanin.Standardize(missing="mean"), fanin.Dense(1)]
    (finding,) = examine(fanin.Network(4, layers), X, X[:, 0] + X[:, 2]).findings
    assert (finding.kind, finding.remedy.drop_columns) == ("constant_columns", (1, 3))
    assert finding.message == "2 of 4 columns have only one value: columns 1, 3"
    X[:50, 3] = np.nan
    (finding,) = examine(fanin.Network(4, layers), X, X[:, 0] + X[:, 2]).findings
    assert finding.remedy.drop_columns == (1,)


def test_a_leaked_column_is_found_but_not_in_data_where_others_do_as_well():
    X, y = breast_cancer()
    leaked = np.column_stack([X, y + 0.01 * RNG.normal(size=len(y))])
    assert found(leaked, y, 2)["leak"].remedy.drop_columns == (30,)
    X = RNG.normal(size=(300, 4))
    target = X @ [1.0, 1.0, 1.0, 1.0] + RNG.normal(size=300)
    finding = found(np.column_stack([X, np.arctan(target)]), target)["leak"]
    assert "column 4 alone" in finding.message
    easy = standardized(target[:, None] + 0.05 * RNG.normal(size=(300, 4)))
    assert "leak" not in found(easy, target)


def test_validation_rows_that_are_trained_on_are_found_and_those_with_other_targets_counted():
    X, y = breast_cancer()
    train, held = slice(300), slice(300, None)
    V, labels = X[held].copy(), y[held].copy()
    V[:10], labels[:10] = X[:10], y[:10]
    labels[:4] = 1 - labels[:4]
    finding = found(X[train], y[train], 2, validation_data=(V, labels))["duplicates"]
    assert (
        finding.message
        == "10 of 100 validation rows (10.0%) are also trained on, 4 of them with another target"
    )
    assert finding.remedy.drop_rows == tuple(range(10))
    assert finding.number == pytest.approx(0.1)
    repeated = np.tile(X[:60], (4, 1)), np.tile(y[:60], 4)
    natural = found(*repeated, 2, validation_data=(X[:20], y[:20]))["duplicates"]
    assert (natural.severity, natural.remedy.drop_rows[:3]) == ("warning", (0, 1, 2))


def test_flipped_labels_are_found_as_noise_and_most_of_their_rows_are_named():
    X, y = breast_cancer()
    flipped = RNG.random(len(y)) < 0.2
    finding = found(X, np.where(flipped, 1 - y, y), 2)["label_noise"]
    named = np.isin(np.arange(len(y)), finding.remedy.drop_rows)
    assert np.mean(flipped[named]) > 0.8
    assert np.mean(named[flipped]) > 0.5


def test_shuffled_targets_have_no_signal_and_nothing_else():
    X, y = breast_cancer()
    assert set(found(X, RNG.permutation(y), 2)) == {"no_signal"}
    X = RNG.normal(size=(300, 5))
    assert set(found(X, RNG.normal(size=300))) == {"no_signal"}


def test_a_rare_class_that_is_not_recognized_calls_for_balanced_batches():
    X = RNG.normal(size=(1000, 2))
    y = (RNG.random(1000) < 0.02).astype(int)
    X[y == 1] += 1
    finding = found(X, y, 2)["imbalance"]
    assert finding.message.startswith("class 1 has ")
    assert finding.remedy.fit == {"batches": "balanced"}
    net = net_for(X, 2)
    net.fit(X, y, epochs=2)
    kinds = [f.kind for f in examine(net, X, y, validation_data=(X, y)).findings]
    assert kinds.count("imbalance") == 1


def test_targets_that_number_the_rows_and_labels_that_differ_look_like_an_identifier():
    X = RNG.normal(size=(100, 2))
    assert found(X, np.arange(100.0))["id_labels"].severity == "fault"
    assert found(X, RNG.permutation(100))["id_labels"].severity == "warning"
    assert found(X, RNG.permutation(100), 100)["id_labels"].number == 1
    assert "id_labels" not in found(X, RNG.normal(size=100))
