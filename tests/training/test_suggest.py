"""Advice: `optim.suggest` measures redundancy and size, and names a rule or a solver with its reason."""

import dataclasses

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.data.order import in_random_order

MINI_BATCHES = optim.Around(optim.AdamW(), average_share=0.05)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(4000, 3))
Y = np.tanh(X @ [1.0, -2.0, 0.5])
LABELS = (Y > 0).astype(int)


def net_of(layers=(), outputs=1, loss="squared_error", dtype="float64", units=4):
    hidden = fanin.Dense(units, "tanh")
    return fanin.Network(3, [hidden, *layers, fanin.Dense(outputs)], loss, seed=1, dtype=dtype)


def classifier():
    return net_of(outputs=2, loss="softmax_cross_entropy")


def test_few_samples_call_for_lbfgs_with_a_penalty_by_their_number():
    advice = optim.suggest(classifier(), X[:3999], LABELS[:3999])
    assert advice.rule == optim.LBFGS(l2=1 / 3999)
    assert (advice.rows, advice.parameters) == (3999, 26)
    assert advice.reason == (
        "3,999 samples are few, and Levenberg-Marquardt needs a squared error, not softmax_cross_entropy"
    )


def test_many_redundant_samples_call_for_mini_batches():
    advice = optim.suggest(classifier(), X, LABELS)
    assert advice.rule == MINI_BATCHES
    assert 0.99 < advice.redundancy <= 1
    cosine = f"{advice.redundancy:.3f}"
    assert advice.reason == (
        f"4,000 samples are many and redundant: the gradients of two halves have a cosine of {cosine}"
    )
    assert repr(advice) == f"<fanin.optim.Advice: {MINI_BATCHES!r}, because {advice.reason}>"


def test_many_samples_that_are_not_redundant_call_for_lbfgs():
    noise = np.random.default_rng(1).integers(0, 2, 4000)
    net = fanin.Network(
        3,
        [fanin.Dense(4, "tanh"), fanin.Dense(2, initializer="zeros")],
        "softmax_cross_entropy",
    )
    advice = optim.suggest(net, X, noise)
    assert advice.rule == optim.LBFGS(l2=1 / 4000)
    assert abs(advice.redundancy) < 0.8
    assert advice.reason.startswith("4,000 samples are not redundant: the gradients of two halves have")


@pytest.mark.parametrize("rows", [100, 4000])
def test_a_squared_error_of_few_weights_in_float64_calls_for_levenberg_marquardt(rows):
    advice = optim.suggest(net_of(), X[:rows], Y[:rows])
    assert advice.rule == optim.LevenbergMarquardt(regularization="bayes")
    assert advice.reason == "21 weights are few, and their squared error suits Levenberg-Marquardt"


def test_hundreds_of_weights_call_for_levenberg_marquardt_only_on_few_samples():
    few, many = (optim.suggest(net_of(units=60), X[:rows], Y[:rows]) for rows in (100, 4000))
    assert few.rule == optim.LevenbergMarquardt(regularization="bayes")
    assert few.reason == "100 samples are few, and the squared error of 301 weights suits Levenberg-Marquardt"
    assert many.rule == MINI_BATCHES


@pytest.mark.parametrize(
    ("net", "words"),
    [
        (net_of(dtype="float32"), "float64, not float32"),
        (net_of(units=500), "at most 2,000 weights, not 2,501"),
        (net_of(loss="huber"), "a squared error, not huber"),
    ],
    ids=["float32", "weights", "loss"],
)
def test_what_levenberg_marquardt_cannot_train_is_left_to_lbfgs(net, words):
    advice = optim.suggest(net, X[:100], Y[:100])
    assert advice.rule == optim.LBFGS(l2=0.01)
    assert advice.reason == f"100 samples are few, and Levenberg-Marquardt needs {words}"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (fanin.Dropout(0.5), "dropout"),
        (fanin.BatchNorm(), "batch norm"),
        (fanin.Dense(4, "relu", batch_norm=True), "batch norm"),
        (fanin.Residual([fanin.Dense(4), fanin.Dropout(0.5)]), "dropout"),
    ],
    ids=["dropout", "batch norm", "dense", "residual"],
)
def test_layers_that_solvers_refuse_call_for_mini_batches(layer, words):
    net = net_of([layer])
    advice = optim.suggest(net, X[:100], Y[:100])
    assert advice.rule == MINI_BATCHES
    assert advice.reason.startswith(f"solvers refuse {words}, ")
    with pytest.raises(ValueError, match=f"expected no {words}"):
        net.fit(X[:100], Y[:100], rule=optim.LBFGS())


def test_redundancy_is_the_mean_cosine_of_the_gradients_of_the_halves_of_four_splits():
    rows, weight = 40, RNG.uniform(0, 2, 40)
    weight[:5] = 0
    net = fanin.Network(3, [fanin.Dense(1)], dtype="float64", seed=2)
    arrays = net.get_weights()
    order, cosines = in_random_order(rows, 7), []
    order = order[weight[order] > 0]
    for split in range(4):
        turned = np.roll(order, -(split * len(order) // 8))
        gradients = []
        for half in (turned[: len(order) // 2], turned[len(order) // 2 :]):
            inputs = np.column_stack([X[half], np.ones(len(half))])
            error = X[half] @ arrays["layer1.weight"][:, 0] + arrays["layer1.bias"] - Y[half]
            gradients.append(weight[half] * error @ inputs)
        a, b = gradients
        cosines.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    advice = optim.suggest(net, X[:rows], Y[:rows], sample_weight=weight, seed=7)
    assert advice.redundancy == pytest.approx(np.mean(cosines), rel=1e-12)
    assert (advice.rows, advice.parameters) == (35, 4)


def test_samples_that_are_all_alike_are_redundant():
    assert optim.suggest(net_of(), np.ones((8, 3)), np.full(8, 3.0)).redundancy == pytest.approx(1)


def test_without_a_gradient_there_is_no_redundancy():
    net = fanin.Network(3, [fanin.Dense(1, initializer="zeros")])
    assert optim.suggest(net, X[:8], np.zeros(8)).redundancy == 0


def test_redundancy_depends_on_no_unit_of_the_targets_and_on_no_threads():
    found = []
    for factor, threads in ((1, 1), (2.0**400, 1), (1, 2)):
        net = fanin.Network(3, [fanin.Dense(1, initializer="zeros")], dtype="float64")
        with fanin.num_threads(threads):
            found.append(optim.suggest(net, X, factor * Y).redundancy)
    assert found[0] == found[1] == found[2]


def test_a_suggestion_leaves_the_network_as_it_is():
    net = fanin.Network(
        3, [fanin.Standardize(), fanin.Dense(8, "tanh"), fanin.Dense(1, bias_initializer="base_rate")]
    )
    before = net.to_bytes()
    advice = optim.suggest(net, X[:100], Y[:100])
    assert net.to_bytes() == before
    assert optim.suggest(net, X[:100], Y[:100]) == advice
    assert optim.suggest(net, X[:100], Y[:100], seed=1).redundancy != advice.redundancy
    net.fit(X[:100], Y[:100], rule=advice.rule)
    assert net.evaluate(X, Y)["loss"] < 0.02
    with pytest.raises(dataclasses.FrozenInstanceError):
        advice.rows = 1


def test_a_suggestion_takes_frames_and_sparse_rows():
    pandas, sparse = pytest.importorskip("pandas"), pytest.importorskip("scipy.sparse")
    expected = optim.suggest(net_of(), X[:100], Y[:100])
    net = net_of()
    assert optim.suggest(net, pandas.DataFrame(X[:100], columns=["a", "b", "c"]), Y[:100]) == expected
    assert not net.column_names
    assert optim.suggest(net, sparse.csr_array(X[:100]), Y[:100]).rule == expected.rule


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"net": "net"}, TypeError, "net: expected a fanin.Network, got str"),
        ({"seed": -1}, ValueError, "seed: expected at least 0, got -1"),
        ({"seed": True}, TypeError, "seed: expected an integer"),
        ({"X": np.full((8, 3), np.nan)}, ValueError, "X: row 0, column 0 is nan"),
        ({"y": Y[:7]}, ValueError, "y: expected 8 rows to match X, got 7"),
        ({"X": X[:1], "y": Y[:1]}, ValueError, "expected at least 2 samples of weight above 0 .*, got 1"),
        ({"sample_weight": np.eye(8)[0]}, ValueError, "at least 2 samples of weight above 0 .*, got 1"),
        ({"sample_weight": -np.ones(8)}, ValueError, "sample_weight: row 0 is -1"),
    ],
)
def test_a_suggestion_refuses_what_fit_refuses(arguments, error, words):
    given = {"net": net_of(), "X": X[:8], "y": Y[:8], **arguments}
    with pytest.raises(error, match=words):
        optim.suggest(given.pop("net"), given.pop("X"), given.pop("y"), **given)


def test_a_gradient_that_is_not_finite_is_refused():
    net = fanin.Network(3, [fanin.Dense(1)])
    rows = X.astype("float32")
    rows[7] = 1e30  # whose square overflows
    with pytest.raises(ValueError, match="net: expected weights where the gradient of the loss is finite"):
        optim.suggest(net, rows, Y)
    with pytest.raises(fanin.DivergedError, match="loss"):  # in the first batch
        optim.suggest(net, rows[:8], Y[:8])
