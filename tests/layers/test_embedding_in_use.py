"""Embeddings among other layers, in bags, in every kind of fit; and arguments that are refused."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest

sparse = pytest.importorskip("scipy.sparse")
IDS = np.stack([np.arange(240) ** 2 % 37, np.arange(240) ** 3 % 25], axis=1)
Y = (IDS.sum(axis=1) + np.arange(240) % 2) % 3
END = "a row of the embedding's table"


def net_of(*between, dtype="float32", n=(40, 25), columns=2, **options) -> fanin.Network:
    layers = [fanin.Embedding(n, 4, **options), *between, fanin.Dense(3)]
    return fanin.Network(columns, layers, "softmax_cross_entropy", dtype=dtype, seed=2)


AMONG = {
    "batch norm": [fanin.BatchNorm(), fanin.Activation("relu")],
    "exact statistics": [fanin.BatchNorm(exact_statistics=True)],
    "dropout": [fanin.Dropout(0.5)],
    "residual": [fanin.Residual([fanin.Dense(8, "tanh")])],
    "batch norm in dense": [fanin.Dense(7, "relu", batch_norm=True)],
}


@pytest.mark.parametrize("between", AMONG.values(), ids=AMONG)
def test_any_layers_may_follow_an_embedding(between, dtype, threads):
    found = set()
    for number in (1, 2, 3):
        threads(number)
        net = net_of(*between, dtype=dtype)
        net.fit(IDS, Y, rule=optim.Adam(0.05), epochs=20, batch_size=16, validation_data=(IDS, Y))
        found.add(digest(net) + str(net.evaluate(IDS, Y)) + str(net.predict(IDS[3:5])))
    assert len(found) == 1
    assert net.evaluate(IDS, Y)["accuracy"] > 0.4


def test_tables_learn_what_only_the_numbers_say():
    net = fanin.Network(1, [fanin.Embedding(40, 3)], "softmax_cross_entropy")
    net.fit(IDS[:, :1], IDS[:, 0] % 3, rule=optim.Adam(0.1), epochs=60)
    assert net.evaluate(IDS[:, :1], IDS[:, 0] % 3)["accuracy"] == 1


@pytest.mark.parametrize("rule", ["sgd", "adagrad", "lion"])
def test_bags_have_the_bits_of_a_dense_layer(rule, dtype):
    """Weights are k / 8, so that sums of repeated rows are exact."""
    bags = fanin.bags(IDS.ravel(), np.arange(0, 480, 3), 90, weights=np.arange(480) % 17 / 8 - 1)
    between, found = fanin.Dense(5, "tanh"), []
    for given in (bags, bags.tocsc(), bags.toarray()):
        net = net_of(between, dtype=dtype, n=90, columns=90, bags=True)
        start = net.get_weights()
        np.testing.assert_allclose(net.first_inputs(given), bags.toarray())
        net.fit(given, Y[:160], rule=rule, epochs=3, batch_size=8)
        found.append(digest(net))
    assert len(set(found)) == 1
    layers = [fanin.Dense(4), between, fanin.Dense(3)]
    dense = fanin.Network(90, layers, "softmax_cross_entropy", dtype=dtype, seed=2)
    dense.set_weights({"layer1.bias": np.zeros(4), **start})
    rule = optim.Around(rule, frozen=["layer1.bias"])
    dense.fit(bags, Y[:160], rule=rule, epochs=3, batch_size=8)
    assert all(np.array_equal(array, dense.get_weights()[name]) for name, array in net.get_weights().items())


def test_bags_without_rows_are_zeros_and_change_nothing(dtype):
    net = net_of(dtype=dtype, n=9, columns=9, bags=True)
    nothing = fanin.bags([], np.zeros(20, int), 9)
    bias = net.get_weights()["layer2.bias"]
    assert np.array_equal(net.predict(nothing), net.predict(np.zeros((20, 9))))
    before = net.get_weights()["layer1.weight"]
    net.fit(nothing, Y[:20], rule="sgd", epochs=2)
    assert np.array_equal(net.get_weights()["layer1.weight"], before)
    assert not np.array_equal(net.get_weights()["layer2.bias"], bias)


def test_chunks_members_weights_and_validation_read_whole_numbers():
    whole, chunked, member = net_of(), net_of(), net_of()
    options = {"rule": "adagrad", "batch_size": 60, "epochs": 1}
    whole.fit(IDS, Y, batches="in_order", **options)
    chunks = [(IDS[a : a + 60], Y[a : a + 60]) for a in range(0, 240, 60)]
    chunked.fit_chunks(chunks, rule="adagrad", batch_size=60, batches="in_order")
    fanin.train_together([(member, IDS, Y, {**options, "batches": "in_order"})])
    assert digest(whole) == digest(chunked) == digest(member)
    history = net_of().fit(IDS, Y, validation_fraction=0.2, class_weight="balanced", epochs=2)
    assert len(history.val_loss) == 2


def test_rates_are_found_and_solvers_without_second_derivatives_train():
    assert fanin.find_rate(net_of(), IDS, Y, rule=optim.Adam("auto")).legs
    for solver in (optim.LBFGS(), optim.ConjugateGradient()):
        history = net_of(dtype="float64").fit(IDS, Y, rule=solver, epochs=5)
        assert history.loss[-1] < history.loss[0]
    assert np.array_equal(net_of().first_inputs(IDS), IDS)
    assert 0 < fanin.diagnose.redundancy(net_of(), IDS, Y) <= 1


def test_lsuv_scales_the_layers_after_an_embedding():
    bags = fanin.bags(IDS.ravel(), np.arange(0, 480, 2), 40)
    for net, given in ((net_of(), IDS), (net_of(n=40, columns=40, bags=True), bags)):
        table = net.get_weights()["layer1.weight"]
        report = fanin.lsuv(net, given)
        assert [layer.name for layer in report.layers] == ["layer2"]
        assert np.array_equal(net.get_weights()["layer1.weight"], table)
        assert net.predict(given).shape == (240, 3)


def test_second_derivatives_of_an_embedding_are_refused():
    net = net_of(fanin.Dense(4, "tanh"), dtype="float64")
    objective = net.objective(IDS, Y)
    w = objective.weights()
    refused = "network: expected no Embedding for Jacobians and second derivatives"
    for call in (objective.hvp, objective.gnvp):
        with pytest.raises(ValueError, match=refused):
            call(w, w)
    with pytest.raises(ValueError, match=refused):
        objective.jacobian(w)
    for solver in (optim.HessianFree(), optim.LevenbergMarquardt()):
        with pytest.raises(ValueError, match=f"network: expected no Embedding with {solver.name}"):
            net.fit(IDS, Y, rule=solver)
    with pytest.raises(
        ValueError,
        match="net: expected no Embedding, because the loss is examined as a smooth function of numbers",
    ):
        fanin.diagnose.examine(net, IDS, Y)
    assert objective.loss(w) > 0


def test_the_doctor_watches_a_fit_and_sees_no_scale_in_whole_numbers():
    ids, net = IDS * [1, 400], net_of(n=(40, 10_000))
    history = net.fit(ids, Y, epochs=30, diagnose=True)
    assert "unscaled_inputs" not in [finding.kind for finding in history.diagnosis.findings]
    assert "layer1" in str(history.diagnosis)
    twin = net_of(n=(40, 10_000))
    twin.fit(ids, Y, epochs=30, rule=optim.Around(optim.AdamW(), average_share=0.05, lazy="never"))
    assert digest(twin) == digest(net)
    with pytest.raises(fanin.DivergedError) as raised:
        fanin.Network(2, [fanin.Embedding(10_000, 4), fanin.Dense(1)]).fit(
            ids, Y, rule=optim.Momentum(1e6), epochs=9
        )
    assert "unit scale" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-1, "-1"),
        (25, "25"),
        (2**63, "9.22337e\\+18"),
        (0.5, "0.5"),
        (np.nan, "nan"),
        (-np.inf, "-inf"),
        (24.5, "24.5"),
    ],
)
def test_numbers_that_are_not_rows_are_named_by_row_and_column(value, shown):
    net, ids = net_of(), IDS.astype("uint64" if value == 2**63 else "float64")
    ids[7, 1] = value
    before = digest(net)
    words = f"X: row 7, column 1 is {shown}; expected a whole number from 0 to 24, {END}"
    for call in (
        lambda: net.predict(ids),
        lambda: net.fit(ids, Y),
        lambda: net.evaluate(ids, Y),
        lambda: net.objective(ids, Y),
        lambda: net.fit(IDS, Y, validation_data=(ids, Y)),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    assert digest(net) == before


def test_a_missing_number_in_a_frame_is_named_by_its_column():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"user": pandas.array([1, None], "Int64"), "word": [1, 2]})
    with pytest.raises(
        ValueError, match=f'X: row 1, column 0 \\("user"\\) is nan; expected a whole .*, {END}'
    ):
        net_of().predict(frame)


def test_numbers_of_no_kind_or_in_sparse_rows_are_refused():
    net = net_of()
    for given, error, words in (
        (
            sparse.csr_array(IDS),
            ValueError,
            "X: expected whole numbers, .*, got sparse or coded rows; .* bags=True",
        ),
        (IDS.astype(str), TypeError, "X: expected real numbers, got dtype"),
        (IDS.astype(complex), TypeError, "X: expected real numbers, got dtype complex128"),
        (IDS[:, :1], ValueError, r"X: expected 2 columns, one for each input, got shape \(240, 1\)"),
        (np.ma.array(IDS, mask=IDS == 9), ValueError, "X: row 3, column 0 is masked"),
    ):
        with pytest.raises(error, match=words):
            net.fit(given, Y)


def test_numbers_that_change_during_a_fit_do_no_harm():
    ids = IDS.copy()

    def spoil(net, epoch, logs):
        ids[:] = [2**62, -1]

    net = net_of()
    net.fit(ids, Y, epochs=3, callbacks=[spoil])
    assert all(np.isfinite(array).all() for array in net.get_weights().values())


@pytest.mark.parametrize(
    ("n", "dim", "error", "words"),
    [
        (0, 2, ValueError, "n: expected at least 1, got 0"),
        ([3, 0], 2, ValueError, "n: expected at least 1, got 0"),
        ([], 2, ValueError, "n: expected a whole number, or a list of whole numbers, got an empty list"),
        (1.5, 2, TypeError, "n: expected a whole number, or a list of whole numbers, got 1.5"),
        ("ab", 2, TypeError, "n: expected a whole number, or a list of whole numbers, got 'ab'"),
        ([2, 2.5], 2, TypeError, "n: expected an integer, got 2.5"),
        (2**32, 2, ValueError, r"n: expected fewer than 2\^32 rows, got 4294967296"),
        ([2**31, 2**31], 2, ValueError, r"n: expected fewer than 2\^32 rows, got 4294967296"),
        (3, 0, ValueError, "dim: expected at least 1, got 0"),
        (3, 2.0, TypeError, "dim: expected an integer, got 2.0"),
    ],
)
def test_tables_without_rows_or_columns_are_refused(n, dim, error, words):
    with pytest.raises(error, match=words):
        fanin.Embedding(n, dim)


@pytest.mark.parametrize(
    ("layers", "columns", "words"),
    [
        (
            [fanin.Embedding([3, 4], 2)],
            3,
            "n: expected the rows of one table, or of one for each of 3 columns",
        ),
        (
            [fanin.Embedding(4, 2, bags=True)],
            3,
            "layer 1: n: expected 3 rows, one for each column of the bags, got 4",
        ),
        (
            [fanin.Dense(3), fanin.Embedding(4, 2)],
            3,
            r"layer 2: an input layer \(embedding\) must come first",
        ),
        (
            [fanin.Standardize(), fanin.Embedding(4, 2)],
            3,
            r"layer 2: an input layer \(embedding\) must come first",
        ),
        (
            [fanin.Residual([fanin.Embedding(4, 1)])],
            3,
            r"layer 1: an input layer \(embedding\) must come first",
        ),
        (
            [fanin.Embedding(4, 2, initializer="base_rate")],
            3,
            "layer 1: initializer: base_rate is for biases",
        ),
        (
            [fanin.Embedding(4, 2, initializer=np.ones((2, 4)))],
            3,
            r"initializer: expected shape \(4, 2\), got \(2, 4\)",
        ),
        ([fanin.Embedding(2**30, 2**12)], 3, "layer 1: the network would have .* weights, more than 2"),
    ],
)
def test_embeddings_that_do_not_fit_the_network_are_refused(layers, columns, words):
    with pytest.raises(ValueError, match=f"layers: .*{words}"):
        fanin.Network(columns, layers)


def test_a_table_larger_than_memory_is_refused():
    with pytest.raises(MemoryError, match="not enough memory"):
        fanin.Network(1, [fanin.Embedding(2**32 - 1, 255)])
