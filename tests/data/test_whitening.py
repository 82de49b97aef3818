"""`fanin.Whiten`: principal components of variance 1, in training, prediction and files."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fanin
from fanin import optim
from reference.inputs import inverse, moments, whitening


def correlated(rows=400, columns=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)) @ rng.normal(size=(columns, columns)) + 10 * rng.normal(
        size=columns
    )


def net_of(layer, n_inputs=6, **options):
    return fanin.Network(n_inputs, [layer, fanin.Dense(5, "tanh"), fanin.Dense(1)], **options)


def adapted(layer, X, **options):
    net = net_of(layer, X.shape[1], dtype="float64", **options)
    net.adapt(X)
    return net


def scaled(X, weight, standardize=True):
    mean, deviation = moments(X, weight)
    return (X - mean) * (inverse(deviation) if standardize else 1 / deviation.max())


@pytest.mark.parametrize(
    ("components", "zca", "standardize"), list(itertools.product([None, 4], [False, True], [False, True]))
)
def test_the_matrix_is_that_of_the_reference(components, zca, standardize):
    X = correlated()
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    net = net_of(fanin.Whiten(components, zca=zca, standardize=standardize), dtype="float64")
    net.adapt(X, sample_weight=weight)
    u = scaled(X, weight, standardize)
    matrix = whitening(u, weight, components=components, zca=zca)
    np.testing.assert_allclose(net.learned["layer1.matrix"], matrix, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(net.first_inputs(X), u @ matrix, rtol=1e-8, atol=1e-9)


def test_outputs_are_uncorrelated_and_of_variance_one():
    X = correlated() * [1e-9, 1, 1e9, 1, 1e3, 1]
    for zca in (False, True):
        seen = adapted(fanin.Whiten(zca=zca), X).first_inputs(X)
        np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(np.cov(seen.T, bias=True), np.eye(6), atol=1e-8)


def test_without_scaling_components_are_those_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    X = correlated()
    seen = adapted(fanin.Whiten(3, standardize=False), X).first_inputs(X)
    expected = decomposition.PCA(3, whiten=True).fit_transform(X) * np.sqrt(len(X) / (len(X) - 1))
    np.testing.assert_allclose(np.abs(seen), np.abs(expected), rtol=1e-8, atol=1e-9)


def test_zca_stays_as_close_to_the_columns_as_whitened_values_can():
    X = correlated()
    u = scaled(X, np.ones(len(X)))
    zca, pca = (adapted(fanin.Whiten(zca=zca), X).first_inputs(X) for zca in (True, False))
    matrix = adapted(fanin.Whiten(zca=True), X).learned["layer1.matrix"]
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert ((zca - u) ** 2).sum() < ((pca - u) ** 2).sum()


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1), (0.9, 2), (0.999, 3), (0.99999, 4)])
def test_a_share_keeps_the_fewest_components_that_explain_it(share, expected):
    deviations = np.sqrt([0.8, 0.15, 0.0499, 0.0001])
    X = np.linalg.qr(np.random.default_rng(2).normal(size=(500, 4)))[0]
    X = np.linalg.qr(X - X.mean(axis=0))[0] * deviations
    net = fanin.Network(4, [fanin.Whiten(share, standardize=False), fanin.Dense(1)])
    with pytest.raises(
        ValueError, match="parameters are laid out when its input layer learns how many columns"
    ):
        net.get_weights()
    assert "not laid out yet" in repr(net)
    net.adapt(X)
    assert net.get_weights()["layer2.weight"].shape == (expected, 1)
    by_threshold = fanin.Network(4, [fanin.Whiten(threshold=0.1, standardize=False), fanin.Dense(1)])
    by_threshold.adapt(X)
    assert by_threshold.learned["layer1.matrix"].shape == (4, 2)


def test_fewer_rows_than_columns_and_constant_columns_give_zeros_in_training():
    X = correlated(4, 7)
    X[:, 2] = 5
    for layer in (fanin.Whiten(), fanin.Whiten(floor=0), fanin.Whiten(zca=True)):
        seen = adapted(layer, X).first_inputs(X)
        assert np.isfinite(seen).all()
        if not layer.zca:
            np.testing.assert_allclose(seen[:, 3:], 0, atol=1e-6)
        if layer.floor == 0:
            np.testing.assert_array_equal(seen[:, 3:], 0)
    constant = np.full((5, 3), 2.5)
    np.testing.assert_array_equal(adapted(fanin.Whiten(), constant).first_inputs(constant), 0)


def test_the_floor_limits_how_far_small_components_are_blown_up():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1000, 1))
    X = np.concatenate([x, x + 1e-5 * rng.normal(size=(1000, 1))], axis=1)
    last = {floor: adapted(fanin.Whiten(floor=floor), X).first_inputs(X)[:, 1].std() for floor in (0, 1e-2)}
    assert last[0] == pytest.approx(1, rel=1e-3)
    assert last[1e-2] < 1e-3


@pytest.mark.parametrize("weighted", [False, True])
def test_chunks_give_the_components_of_all_rows(weighted):
    X = correlated()
    weight = np.random.default_rng(4).random(len(X)) if weighted else None
    whole, chunked = net_of(fanin.Whiten()), net_of(fanin.Whiten())
    whole.adapt(X, sample_weight=weight)
    parts = [slice(0, 7), slice(7, 300), slice(300, 400)]
    chunked.adapt_chunks([(X[part], None, None if weight is None else weight[part]) for part in parts])
    for name, values in whole.learned.items():
        np.testing.assert_allclose(chunked.learned[name], values, rtol=1e-9, atol=1e-9)


def test_missing_values_count_as_means_and_indicators_pass():
    X = correlated()
    X[::5, 1] = np.nan
    net = adapted(fanin.Whiten(missing="mean"), X)
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    deviation = moments(X, np.ones(len(X)))[1]
    u = (filled - filled.mean(axis=0)) / deviation
    seen = net.first_inputs(X)
    np.testing.assert_allclose(seen[:, :6], u @ whitening(u, np.ones(len(X))), rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(seen[:, 6], np.isnan(X[:, 1]))


@pytest.mark.parametrize(
    "layer", [fanin.Whiten(), fanin.Whiten(0.9), fanin.Whiten(3), fanin.Whiten(zca=True)], ids=repr
)
def test_training_equals_that_on_inputs_whitened_before(layer):
    X = correlated()
    y = np.sin(X[:, 0])
    net = net_of(layer, dtype="float64", seed=2)
    history = net.fit(X, y, rule=optim.Adam(0.01), epochs=3)
    seen = net.first_inputs(X)
    twin = fanin.Network(seen.shape[1], [fanin.Dense(5, "tanh"), fanin.Dense(1)], dtype="float64", seed=2)
    assert twin.fit(seen, y, rule=optim.Adam(0.01), epochs=3).loss == history.loss
    np.testing.assert_array_equal(net.predict(X), twin.predict(seen))
    assert net.evaluate(X, y) == twin.evaluate(seen, y)
    objective, of_twin = net.objective(X, y), twin.objective(seen, y)
    of_both = [each.loss_and_gradient(each.weights()) for each in (objective, of_twin)]
    np.testing.assert_array_equal(of_both[0][1], of_both[1][1])


def test_other_layers_and_rules_work_behind_a_whitening():
    X = correlated()
    y = X[:, 1] - X[:, 2]
    between = [fanin.Dropout(0.05), fanin.BatchNorm(), fanin.Dense(8, "relu", batch_norm=True)]
    layers = [fanin.Whiten(0.999), *between, fanin.Dense(1)]
    for rule in (
        optim.SchaulVSGD(),
        optim.Muon(),
        optim.Around(optim.Adam(0.01), clip_norm=1.0, accumulate=2),
    ):
        net = fanin.Network(6, layers, seed=1)
        history = net.fit(X, y, rule=rule, epochs=20)
        assert history.loss[-1] < history.loss[0]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_training_behind_a_whitening_has_the_same_bits_on_any_number_of_threads(threads):
    X = correlated(700, 80)
    y = X[:, 0]
    results = []
    for count in (1, threads):
        with fanin.num_threads(count):
            net = fanin.Network(80, [fanin.Whiten(), fanin.Dense(300, "tanh"), fanin.Dense(1)], seed=1)
            net.adapt(X)
            net.fit(X, y, rule=optim.SGD(1e-3), epochs=2, batch_size=256)
            results.append(net.to_bytes())
    assert results[0] == results[1]


def test_a_whitening_is_saved_copied_and_resumed_also_before_it_has_learned():
    X = correlated()
    y = X[:, 1]
    for layer in (fanin.Whiten(0.9), fanin.Whiten(4), fanin.Whiten(missing="median")):
        fresh = net_of(layer, seed=3)
        loaded = fanin.Network.from_bytes(fresh.to_bytes())
        assert loaded.layers == fresh.layers
        nets = (fresh, loaded, net_of(layer, seed=3).copy())
        losses = [net.fit(X, y, rule=optim.Adam(0.01), epochs=2).loss for net in nets]
        assert losses[0] == losses[1] == losses[2]
        twin = fanin.Network.from_bytes(fresh.to_bytes())
        np.testing.assert_array_equal(twin.predict(X), fresh.predict(X))
        assert twin.fit(X, y, rule=optim.Adam(0.01)).loss == fresh.fit(X, y, rule=optim.Adam(0.01)).loss


def test_rows_for_another_number_of_columns_are_refused_and_nothing_is_changed():
    X = correlated()
    net = net_of(fanin.Whiten(0.99))
    net.adapt(X)
    before = net.to_bytes()
    with pytest.raises(
        ValueError, match="its input layer would give 1 columns for these rows, but its weights are for 5"
    ):
        net.adapt(X[:, :1] @ np.ones((1, 6)))
    assert net.to_bytes() == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: net_of(fanin.Whiten(7)),
            "layer 1: components: expected a whole number of at most the 6 col",
        ),
        (lambda: fanin.Whiten(2.5), "components: expected an int, or a share below 1, got 2.5"),
        (lambda: fanin.Whiten(1.0), "components: expected an int, or a share below 1, got 1.0"),
        (lambda: fanin.Whiten(-1), r"components: expected a number in \(0, infinity\)"),
        (lambda: fanin.Whiten(floor=2), r"floor: expected a number in \[0, 1\]"),
        (lambda: fanin.Whiten(threshold=1), r"threshold: expected a number in \[0, 1\)"),
        (lambda: net_of(fanin.Whiten()).predict(np.ones((1, 6))), "its input layer has not learned"),
        (lambda: adapted(fanin.Whiten(), correlated() * np.nan), "X: row 0, column 0 is nan"),
        (lambda: adapted(fanin.Whiten(), correlated() * 1e200), "X: column 0: its variance overflows"),
    ],
)
def test_misuse_of_a_whitening_is_explained(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_order_of_rows_and_the_scale_of_columns_do_not_turn_components():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(1000, 2)) @ [[1, 0.5], [0, 1]]  # both eigenvectors have two equal entries
    matrices = [
        adapted(fanin.Whiten(), rows).learned["layer1.matrix"]
        for rows in (X, X[rng.permutation(1000)], 3 * X)
    ]
    for matrix in matrices:
        np.testing.assert_allclose(matrix, matrices[0], rtol=1e-9)
    assert (matrices[0][0] > 0).all()


def test_components_of_a_trained_network_stay_unless_they_are_turned_back():
    X = correlated()
    for zca in (False, True):
        net = net_of(fanin.Whiten(zca=zca))
        net.fit(X, X[:, 0], rule=optim.SGD(1e-3), epochs=1)
        if zca:
            net.adapt(X[::2])
            continue
        with pytest.raises(ValueError, match="components in other directions"):
            net.adapt(X[::2])
