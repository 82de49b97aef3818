"""What `diagnose.examine` accepts: frames, sparse rows, weights, small and wrong data."""

import numpy as np
import pytest

import fanin
from fanin.diagnose import examine, redundancy

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = X @ [1.0, -1.0, 0.5] + RNG.normal(size=60)


def linear(loss="squared_error", outputs=1):
    return fanin.Network(3, [fanin.Dense(outputs)], loss)


def test_an_examination_is_the_same_for_arrays_lists_frames_and_sparse_rows():
    pandas, sparse = pytest.importorskip("pandas"), pytest.importorskip("scipy.sparse")
    figures = examine(linear(), X, Y).figures
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    for same in (X.tolist(), frame.astype(float)):
        assert examine(linear(), same, Y).figures == figures
    of_sparse = examine(linear(), sparse.csr_matrix(X), Y, validation_data=(X, Y)).figures
    assert of_sparse.pop("validation_overlap") == 1
    assert all(of_sparse[name] == pytest.approx(figures[name]) for name in of_sparse)


def test_messages_name_the_columns_of_a_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X * [1, 1, 100], columns=["a", "b", "c"])
    (finding,) = examine(linear(), frame, Y).findings
    assert '(column "c")' in finding.message


def test_rows_of_weight_0_are_not_examined_and_keep_the_numbers_of_the_others():
    weight = np.ones(60)
    weight[:10] = 0
    wild = X.copy()
    wild[:10] = 1e6
    given = examine(linear(), wild, Y, sample_weight=weight, validation_data=(X[10:20], Y[10:20]))
    alone = examine(linear(), X[10:], Y[10:], validation_data=(X[10:20], Y[10:20]))
    assert given.figures == alone.figures
    assert given.findings[0].remedy.drop_rows == tuple(range(10, 20))


@pytest.mark.parametrize("rows", [2, 3, 9])
def test_a_few_rows_are_examined_without_warnings(rows):
    examination = examine(linear("softmax_cross_entropy", 2), X[:rows], np.arange(rows) % 2)
    assert examination.figures["baseline"] > 0
    assert sum(examination.class_shares) == 1


def test_one_class_and_constant_targets_are_examined_without_a_search_of_their_labels():
    for net, y in (
        (linear("softmax_cross_entropy", 2), np.zeros(60, int)),
        (linear(), np.full(60, 2.0)),
    ):
        assert examine(net, X, y).findings == ()


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", "poisson", "gamma", "logistic"])
def test_every_loss_is_examined(loss):
    y = (RNG.random(60) < 0.5) + (loss == "gamma") * 1.0
    assert np.isfinite(examine(linear(loss), X, y).figures["loss"])


def test_too_few_rows_wrong_shapes_and_missing_values_are_rejected():
    with pytest.raises(
        ValueError, match="X: expected at least 2 samples of weight above 0 to examine, got 1"
    ):
        examine(linear(), X[:1], Y[:1])
    with pytest.raises(ValueError, match="expected"):
        examine(linear(), X[:, :2], Y)
    with pytest.raises(ValueError, match="X: row 0, column 0 is nan"):
        examine(linear(), np.full((5, 3), np.nan), Y[:5])
    with pytest.raises(TypeError, match=r"validation_data: expected a tuple .* got 1 parts"):
        examine(linear(), X, Y, validation_data=(X,))
    with pytest.raises(TypeError, match=r"net: expected a fanin.Network, got str"):
        examine("net", X, Y)
    with pytest.raises(TypeError, match=r"net: expected a fanin.Network, got str"):
        redundancy("net", X, Y)


def test_an_examination_prints_faults_first_and_then_its_figures():
    faulty = np.column_stack([X * [1, 1, 100], np.ones(60)])
    examination = examine(fanin.Network(4, [fanin.Dense(1)]), faulty, Y)
    assert [finding.severity for finding in examination.findings] == ["fault", "warning"]
    printed = str(examination)
    assert printed.startswith("1 fault, 1 warning\n")
    assert printed.index("fault: unscaled inputs") < printed.index("warning: constant columns")
    assert "the weights are at a slope" in printed
    assert "condition_number" in printed
    assert "fanin.Network(4, [fanin.Standardize(), fanin.Dense(1)], 'squared_error')" in " ".join(
        printed.split()
    )
    assert repr(examination) == (
        "<fanin.diagnose.Examination: unscaled_inputs, constant_columns; at a slope>"
    )


def test_remedies_of_an_examination_can_be_proved():
    faulty = X * [1, 1, 1000]
    options = {"rule": fanin.optim.Adam(0.05), "epochs": 40}
    examination = examine(linear(), faulty, Y, prove=True, **options)
    assert [(finding.kind, finding.proved) for finding in examination.findings] == [("unscaled_inputs", True)]
    with pytest.raises(TypeError, match="epochs: expected prove=True too"):
        examine(linear(), faulty, Y, epochs=3)
    with pytest.raises(TypeError, match="prove: expected True or False"):
        examine(linear(), faulty, Y, prove=1)
