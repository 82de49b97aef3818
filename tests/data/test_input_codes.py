"""Input layers that code columns: a network on X has the bits of one on the coded rows of a TableEncoder."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import fanin
from fanin import optim
from reference.layers import predict
from reference.tables import category, number

NEXT = [fanin.Dense(6, "tanh"), fanin.Dense(1)]


def some_rows(rows=400, seed=0):
    """Numbers, with gaps, with a frequent value; two numbers; a constant; nothing; levels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8))
    X[::7, 1] = np.nan
    X[X[:, 2] < 0, 2] = 0
    X[:, 3] = np.where(X[:, 3] < 0.5, 3, 7)
    X[:, 4], X[:, 5] = 5, np.nan
    X[:, 6] = rng.integers(0, 5, rows)
    X[:, 7] = np.exp(5 * X[:, 7])
    return X


def some_levels(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    X = np.floor(rng.exponential(2, (rows, 3)))
    X[:, 1] = rng.choice([2.0, 5.0, np.nan], rows)
    X[::9, 2] = np.nan
    X[:, 2] /= 8
    return X


def net_of(layer, n_inputs=8, after=NEXT, **options):
    return fanin.Network(n_inputs, [layer, *after], **options)


def weights_of(net):
    return list(net.get_weights().values())


def test_the_next_layer_gets_what_an_encoder_of_tables_gives():
    X, other = some_rows(), some_rows(seed=1)
    net, encoder = net_of(fanin.PiecewiseLinear(16)), fanin.TableEncoder(bins=16).fit(X)
    net.adapt(X)
    for rows in (X, other, X.astype("float32"), np.asfortranarray(X)[::3]):
        np.testing.assert_array_equal(net.first_inputs(rows), encoder.transform(rows).toarray())


def test_columns_of_an_array_have_the_codes_of_the_reference():
    X, other = some_rows(), some_rows(seed=1)
    net = net_of(fanin.PiecewiseLinear(16), dtype="float64")
    net.adapt(X)
    columns = [number(other[:, j], X[:, j], 16) for j in (0, 1, 2, 6, 7)]
    dense = [
        columns[0][0],
        columns[1][0],
        columns[2][0],
        np.where(other[:, 3:4] == 3, -1, 1),
        *[c[0] for c in columns[3:]],
    ]
    dense[3] = dense[3] - np.where(X[:, 3] == 3, -1, 1).mean()
    expected = np.concatenate([*dense, *[c[1] for c in columns]], axis=1)
    np.testing.assert_allclose(net.first_inputs(other), expected, atol=1e-6)


def test_levels_have_the_codes_of_the_reference():
    X, other = some_levels(), some_levels(seed=1)
    other[:4, 0] = [100, -1, np.nan, 0.5]
    net = net_of(fanin.OneHot(6), 3, dtype="float64")
    net.adapt(X)

    def cells(rows, j):
        return [None if np.isnan(cell) else str(cell) for cell in rows[:, j]]

    two, of_train = (np.select([rows[:, 1] == 2, rows[:, 1] == 5], [-1, 1], 0) for rows in (other, X))
    codes = [category(cells(other, j), cells(X, j), 6) for j in (0, 2)]
    expected = np.concatenate([(two - of_train.mean())[:, None], *codes], axis=1)
    np.testing.assert_allclose(net.first_inputs(other), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "rows"), [(fanin.PiecewiseLinear(8), some_rows), (fanin.OneHot(3), some_levels)]
)
def test_predictions_are_those_of_what_was_learned(layer, rows):
    X, other = rows(), rows(seed=1)
    net = net_of(layer, X.shape[1], dtype="float64")
    net.adapt(X)
    weights = {**net.get_weights(), **net.learned}
    np.testing.assert_allclose(net.predict(other), predict(net.layers, weights, other), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "after", [NEXT, [fanin.Dense(6, "tanh", batch_norm=True), fanin.Dense(1)], [fanin.BatchNorm(), *NEXT]]
)
def test_training_and_prediction_have_the_bits_of_a_network_on_coded_rows(dtype, after):
    X, other = some_rows(), some_rows(seed=1)
    y, weight = np.sin(X[:, 0]) + (X[:, 6] == 2), np.arange(400) % 3
    encoder = fanin.TableEncoder(bins=16).fit(X[weight > 0])
    codes, of_other = encoder.transform(X), encoder.transform(other)
    net = net_of(fanin.PiecewiseLinear(16), after=after, dtype=dtype, seed=3)
    twin = fanin.Network(codes.shape[1], after, dtype=dtype, seed=3)
    options = {"rule": optim.AdamW(0.01), "epochs": 3, "batch_size": 32}
    history = net.fit(X, y, sample_weight=weight, validation_data=(other, y), **options)
    expected = twin.fit(codes, y, sample_weight=weight, validation_data=(of_other, y), **options)
    assert history.loss == expected.loss
    assert history.val_loss == expected.val_loss
    for got, wanted in zip(weights_of(net), weights_of(twin), strict=True):
        np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(net.predict(other), twin.predict(of_other))
    assert net.evaluate(other, y) == twin.evaluate(of_other, y)
    of_net, of_twin = net.objective(X, y), twin.objective(codes, y)
    w = of_net.weights()
    for got, wanted in zip(of_net.loss_and_gradient(w), of_twin.loss_and_gradient(w), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_every_number_of_threads_gives_the_same_bits():
    X = some_rows(3000)
    for layer in (fanin.PiecewiseLinear(32), fanin.OneHot(5)):
        of_layer = np.nan_to_num(np.round(X)) if isinstance(layer, fanin.OneHot) else X
        files = set()
        for threads in (1, 2, 3):
            with fanin.num_threads(threads):
                net = net_of(layer)
                net.fit(of_layer, X[:, 0], rule=optim.Adam(0.01), epochs=2)
                files.add(net.to_bytes() + net.predict(of_layer).tobytes())
        assert len(files) == 1


@pytest.mark.parametrize("layer", [fanin.PiecewiseLinear(8), fanin.OneHot(2)])
def test_chunks_give_the_code_of_all_rows(layer):
    X = np.round(some_rows(70000), 1)
    whole, chunked = net_of(layer), net_of(layer)
    whole.adapt(X)
    chunked.adapt_chunks([(X[i : i + 9999], None) for i in range(0, len(X), 9999)])
    assert whole.to_bytes() == chunked.to_bytes()


def test_columns_without_gaps_in_training_take_missing_values_for_the_median():
    X = some_rows()
    net = net_of(fanin.PiecewiseLinear())
    net.adapt(X)
    gap, median = X[:1].copy(), X[:1].copy()
    gap[0, 0], median[0, 0] = np.nan, np.median(X[:, 0])
    np.testing.assert_array_equal(net.first_inputs(gap), net.first_inputs(median))


def test_minus_zero_is_the_level_zero():
    X = np.array([[0.0], [1.0], [2.0], [-0.0]])
    net = net_of(fanin.OneHot(1), 1)
    net.adapt(X)
    np.testing.assert_array_equal(net.learned["layer1.x0.levels"], [0, 1, 2])
    np.testing.assert_array_equal(*net.first_inputs(X[[0, 3]]))


@pytest.mark.parametrize(
    ("layer", "rows"), [(fanin.PiecewiseLinear(8), some_rows), (fanin.OneHot(3), some_levels)]
)
def test_files_copies_and_pickles_hold_the_code(layer, rows, tmp_path):
    X = rows()
    net = net_of(layer, X.shape[1], seed=4)
    empty = fanin.Network.from_bytes(net.to_bytes())
    options = {"rule": optim.Adam(0.01), "epochs": 1}
    for each in (net, empty):
        each.fit(X, X[:, 0] > 1, **options)
    assert empty.to_bytes() == net.to_bytes()
    net.save(tmp_path / "net.safetensors")
    for other in (fanin.load(tmp_path / "net.safetensors"), net.copy(), pickle.loads(pickle.dumps(net))):
        assert other.to_bytes() == net.to_bytes()
        assert other.layers == net.layers
        np.testing.assert_array_equal(other.predict(rows(seed=1)), net.predict(rows(seed=1)))
        other.fit(X, X[:, 0] > 1, **options)
    net.fit(X, X[:, 0] > 1, **options)
    assert other.to_bytes() == net.to_bytes()


def test_networks_trained_together_are_those_of_fits():
    X = some_rows()
    nets, alone = ([net_of(fanin.PiecewiseLinear(8), seed=seed) for seed in range(3)] for _ in range(2))
    options = {"rule": optim.Adam(0.01), "epochs": 2}
    fanin.train_together([(net, X, X[:, 0], options) for net in nets])
    for net, other in zip(nets, alone, strict=True):
        other.fit(X, X[:, 0], **options)
        assert net.to_bytes() == other.to_bytes()


def test_sparse_rows_are_coded_like_dense_ones():
    sparse = pytest.importorskip("scipy.sparse")
    X = np.round(some_rows()[:, [0, 2, 6]])
    rows, columns = np.nonzero(X)
    csr = sparse.csr_array((X[rows, columns], (rows, columns)), shape=X.shape)
    for layer in (fanin.PiecewiseLinear(8), fanin.OneHot(3)):
        net, other = net_of(layer, 3), net_of(layer, 3)
        net.adapt(X)
        other.adapt(csr)
        np.testing.assert_array_equal(net.predict(X), other.predict(csr))


def test_weights_may_be_scaled_to_unit_variance_behind_a_code():
    X = some_rows()
    net = net_of(fanin.PiecewiseLinear(8))
    net.adapt(X)
    fanin.lsuv(net, X)
    z = np.arctanh(np.tanh(net.first_inputs(X) @ net.get_weights()["layer2.weight"]))
    assert z.std() == pytest.approx(1, abs=0.1)


def test_the_summary_says_how_many_columns_are_coded():
    X = some_rows()
    net = net_of(fanin.PiecewiseLinear(16))
    assert "the input layer has not learned yet" in net.summary()
    net.adapt(X)
    assert net.summary().splitlines()[-1] == "columns of X: 6 coded, 2 constant"
    assert "condition number" in net.summary(X)


BAD = [
    (
        np.full((5, 2), 3.0),
        'X: expected a column to learn from\n  column "x0": dropped: it is "?3"? in every row',
    ),
    (np.full((5, 2), np.nan), 'column "x1": dropped: missing in every row'),
    (np.array([[1.0, 2.0], [3.0, np.inf]]), "X: row 1, column 1 is inf; values must be finite, or NaN"),
    (np.ones((5, 3)), r"X: expected 2 columns, one for each input, got shape \(5, 3\)"),
    (np.ones((0, 2)), "X: expected at least one row"),
]


@pytest.mark.parametrize("layer", [fanin.PiecewiseLinear(), fanin.OneHot()])
@pytest.mark.parametrize(("X", "message"), BAD)
def test_bad_rows_are_refused_and_change_nothing(layer, X, message):
    net = net_of(layer, 2)
    before = net.to_bytes()
    for learn in (lambda: net.adapt(X), lambda: net.fit(X, np.ones(len(X)), rule=optim.SGD(0.1), epochs=1)):
        with pytest.raises(ValueError, match=message):
            learn()
    assert net.to_bytes() == before


def test_numbers_too_far_apart_are_refused():
    X = np.array([[-1.7e308], [0.0], [1.7e308]])
    with pytest.raises(ValueError, match=r'column "x0": numbers between -1.7e\+308 and 1.7e\+308 overflow'):
        net_of(fanin.PiecewiseLinear(), 1).adapt(X)


def test_predictions_refuse_infinite_values_and_networks_that_have_not_learned():
    X = some_rows()
    net = net_of(fanin.PiecewiseLinear())
    with pytest.raises(ValueError, match="its input layer has not learned from data yet; call fit or adapt"):
        net.predict(X)
    net.adapt(X)
    for call in (net.predict, net.first_inputs):
        with pytest.raises(ValueError, match="X: row 0, column 2 is inf; values must be finite, or NaN"):
            call(np.where(np.arange(8) == 2, np.inf, X))


def test_rows_for_another_number_of_columns_are_refused_once_there_are_weights():
    net = net_of(fanin.OneHot(1), 1)
    net.adapt([[1.0], [2.0], [3.0]])
    with pytest.raises(ValueError, match="would give 4 columns for these rows, but its weights are for 3"):
        net.adapt([[1.0], [2.0], [3.0], [4.0]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fanin.PiecewiseLinear(0), "bins: expected .*, got 0"),
        (lambda: fanin.PiecewiseLinear(65536), "bins: expected .*, got 65536"),
        (lambda: fanin.PiecewiseLinear(True), "bins: expected"),
        (lambda: fanin.OneHot(0), "min_count: expected .*, got 0"),
        (lambda: fanin.OneHot(1.5), "min_count: expected"),
        (lambda: fanin.Network(2, [fanin.Dense(1), fanin.OneHot()]), r"an input layer \(one_hot\) must come first"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()
