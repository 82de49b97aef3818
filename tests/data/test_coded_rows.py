"""Coded rows are a kind of X: networks learn from them what they learn from the array they stand for."""

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fanin
from fanin import losses, optim
from helpers import bits_everywhere, digest

RULES = {
    "momentum": optim.Momentum(0.02),
    "adam": optim.Adam(0.01),
    "nesterov": optim.Nesterov(0.02),
    "averaged": optim.Around(optim.AdamW(0.01), average_share=0.2),
    "clipped": optim.Around(optim.Adam(0.01), clip_norm=0.5),
    "grouped": optim.Around(optim.Adam(0.01), accumulate=3),
    "frozen": optim.Around(optim.Adam(0.01), frozen=["layer1.weight"]),
    "muon": optim.Muon(0.01),
}


def random_rows(
    n: int, seed: int = 0, dense: int = 3, coded: tuple[tuple[str, int], ...] = ()
) -> fanin.CodedRows:
    """Coded rows with random values; by default, columns of all sizes."""
    random = np.random.default_rng(seed)
    coded = coded or (
        ("piecewise", 8),
        ("level", 5),
        ("piecewise", 64),
        ("piecewise", 1),
        ("level", 130),
        ("level", 1),
        ("piecewise", 70),
    )
    bins = [random.integers(0, size + (kind == "level"), n) for kind, size in coded]
    fractions = random.random((n, len(coded))).astype("float32")
    fractions[random.random(fractions.shape) < 0.2] = 0
    fractions[random.random(fractions.shape) < 0.2] = 1
    centre = random.random(sum(size for _, size in coded))
    return fanin.CodedRows(
        random.normal(size=(n, dense)), np.stack(bins, axis=1), fractions, list(coded), centre
    )


def targets(rows: fanin.CodedRows, seed: int = 1) -> np.ndarray:
    """Targets that depend on the rows."""
    x = rows.toarray("float64")
    w = np.random.default_rng(seed).normal(size=(x.shape[1], 2)) / np.sqrt(x.shape[1])
    return np.tanh(x @ w)


def network(
    rows: fanin.CodedRows, dtype: str, first: fanin.Dense | None = None, seed: int = 3
) -> fanin.Network:
    layers = [first or fanin.Dense(40, "relu"), fanin.Dense(9, "tanh"), fanin.Dense(2)]
    return fanin.Network(rows.shape[1], layers, loss=losses.SquaredError(), dtype=dtype, seed=seed)


def test_the_array_of_coded_rows_is_their_definition() -> None:
    rows = random_rows(50)
    x = rows.toarray("float64")
    dense, bins, fractions, coded, centre = rows.__reduce__()[1]
    expected = [dense.astype("float64")]
    start = 0
    for c, (kind, size) in enumerate(coded):
        t = np.arange(size)
        level = (t == bins[:, [c]]).astype("float64")
        code = np.clip(fractions[:, [c]].astype("float64"), 0, 1) * level + (t < bins[:, [c]])
        expected.append(
            (code if kind == "piecewise" else level) - centre[start : start + size].astype("float64")
        )
        start += size
    np.testing.assert_array_equal(x, np.concatenate(expected, axis=1))
    assert rows.shape == x.shape
    assert len(rows) == 50


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_coded_rows_are_pickled_in_every_protocol(protocol: int) -> None:
    rows = random_rows(20)
    again = pickle.loads(pickle.dumps(rows, protocol))
    np.testing.assert_array_equal(again.toarray(), rows.toarray())


def test_some_rows_are_those_of_the_array() -> None:
    rows = random_rows(30)
    x = rows.toarray()
    mask = np.arange(30) % 3 == 0
    for some in (
        np.array([4, 0, 4, 29, -1]),
        mask,
        slice(2, 9),
        slice(None, None, -2),
        np.array([], dtype=int),
    ):
        np.testing.assert_array_equal(rows[some].toarray(), x[some])
        np.testing.assert_array_equal(rows.take(some).toarray(), x[some])
    with pytest.raises(IndexError, match="out of bounds"):
        rows[[30]]


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_learns_from_codes_what_it_learns_from_their_array(name: str, dtype: str) -> None:
    rows = random_rows(300)
    x, y = rows.toarray(dtype), targets(rows)
    nets = [network(rows, dtype) for _ in range(2)]
    how = {"rule": RULES[name], "epochs": 3, "batch_size": 32}
    if dtype == "float32":
        how["max_steps"] = 5  # later, rounding has grown
    losses_of = [net.fit(data, y, **how).loss for net, data in zip(nets, (rows, x), strict=True)]
    tolerance = 1e-5 if dtype == "float32" else 1e-9
    np.testing.assert_allclose(*losses_of, rtol=tolerance)
    for array, other in zip(nets[0].get_weights().values(), nets[1].get_weights().values(), strict=True):
        np.testing.assert_allclose(array, other, rtol=tolerance, atol=tolerance * np.abs(other).max())
    np.testing.assert_allclose(nets[0].predict(rows), nets[0].predict(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "first",
    [
        fanin.Dense(3, "gelu"),
        fanin.Dense(1),
        fanin.Dense(70, "relu", batch_norm=True),
        fanin.Dropout(0.2),
        fanin.Standardize(),
        fanin.BatchNorm(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_any_first_layer_accepts_codes(first: object) -> None:
    rows = random_rows(120)
    x, y = rows.toarray("float64"), targets(rows)
    nets = [network(rows, "float64", first) for _ in range(2)]  # type: ignore[arg-type]
    for net, data in zip(nets, (rows, x), strict=True):
        net.fit(data, y, rule=optim.Adam(0.01), epochs=2, batch_size=16)
    np.testing.assert_allclose(nets[0].predict(x), nets[1].predict(x), rtol=1e-7, atol=1e-9)
    assert nets[0].evaluate(rows, y) == pytest.approx(nets[1].evaluate(x, y), rel=1e-7)


@pytest.mark.parametrize("n", [1, 5000])
def test_the_objective_of_codes_is_that_of_their_array(n: int) -> None:
    rows = random_rows(n)
    x, y = rows.toarray("float64"), targets(rows)
    net = network(rows, "float64")
    of_codes, of_array = net.objective(rows, y, sample_weight=np.arange(1, n + 1)), None
    of_array = net.objective(x, y, sample_weight=np.arange(1, n + 1))
    w = np.concatenate([array.ravel() for array in net.get_weights().values()])
    for found, expected in zip(of_codes.loss_and_gradient(w), of_array.loss_and_gradient(w), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_no_dense_columns_or_no_coded_ones() -> None:
    for rows in (
        random_rows(60, dense=0),
        fanin.CodedRows(np.eye(60, 4), np.zeros((60, 0), int), np.zeros((60, 0)), [], []),
    ):
        x, y = rows.toarray("float64"), targets(rows)
        nets = [network(rows, "float64") for _ in range(2)]
        for net, data in zip(nets, (rows, x), strict=True):
            net.fit(data, y, rule=optim.Adam(0.01), epochs=2, batch_size=16)
        np.testing.assert_allclose(nets[0].predict(x), nets[1].predict(x), rtol=1e-9, atol=1e-11)


def test_weights_of_zero_and_set_weights_between_epochs() -> None:
    rows = random_rows(100)
    x, y = rows.toarray("float64"), targets(rows)
    weight = np.where(np.arange(100) < 40, 0, 1.5)
    nets = [network(rows, "float64") for _ in range(2)]
    for net, data in zip(nets, (rows, x), strict=True):
        net.fit(data, y, rule=optim.Adam(0.01), epochs=1, batch_size=16, sample_weight=weight)
        net.set_weights({name: array * 1.5 for name, array in net.get_weights().items()})
        net.fit(data, y, rule=optim.Adam(0.01), epochs=1, batch_size=16, sample_weight=weight)
    np.testing.assert_allclose(nets[0].predict(x), nets[1].predict(x), rtol=1e-8, atol=1e-10)


def test_validation_splits_take_rows_of_codes() -> None:
    rows = random_rows(100)
    x, y = rows.toarray("float64"), targets(rows)
    nets = [network(rows, "float64") for _ in range(2)]
    histories = [
        net.fit(data, y, rule=optim.Adam(0.01), epochs=2, batch_size=16, validation_fraction=0.25)
        for net, data in zip(nets, (rows, x), strict=True)
    ]
    np.testing.assert_allclose(*(h.val_loss for h in histories), rtol=1e-9)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"bins": [[3]]}, r"bins: row 0, coded column 0: expected a bin in 0\.\.2, got 3"),
        ({"bins": [[-1]]}, r"bins: expected whole numbers in 0\.\.65535, got -1"),
        ({"bins": [[0.5]]}, r"bins: expected whole numbers in 0\.\.65535, got 0\.5"),
        ({"bins": [[np.nan]]}, r"bins: expected whole numbers in 0\.\.65535, got nan"),
        ({"bins": [[0], [1]]}, r"bins: expected shape \(1, 1\), got \(2, 1\)"),
        (
            {"fractions": [[1.5]]},
            r"fractions: row 0, coded column 0: expected a fraction in \[0, 1\], got 1.5",
        ),
        ({"fractions": [[np.nan]]}, "expected a fraction"),
        ({"dense": [[np.inf]]}, "X: row 0, column 0 is inf; every value must be finite in float32"),
        ({"dense": [1.0]}, "dense: expected two dimensions"),
        ({"centre": [0.0]}, "centre: expected 3 elements"),
        ({"centre": [0.0, 0.0, np.nan]}, r"X\.centre: row 0, column 2 is nan"),
        ({"coded": [("stepwise", 3)]}, 'expected "piecewise" or "level", got "stepwise"'),
        ({"coded": [("level", 0)]}, r"coded column 0: expected a size in 1\.\.65535, got 0"),
    ],
)
def test_codes_that_do_not_fit_are_refused(parts: dict[str, object], message: str) -> None:
    good = {
        "dense": [[0.5]],
        "bins": [[1]],
        "fractions": [[0.5]],
        "coded": [("piecewise", 3)],
        "centre": [0, 0, 0],
    }
    assert fanin.CodedRows(**good).shape == (1, 4)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        fanin.CodedRows(**(good | parts))  # type: ignore[arg-type]


def test_coded_columns_that_are_no_pairs_are_refused() -> None:
    for column in (3, ("level",), ("level", -1), ("level", 2.5), ("level", 2**40), (3, "level")):
        with pytest.raises(
            TypeError, match='coded: expected pairs of "piecewise" or "level" and a size, got '
        ):
            fanin.CodedRows(np.ones((1, 0)), [[0]], [[0]], [column], [0, 0])  # type: ignore[list-item]


def test_codes_of_another_width_are_refused() -> None:
    rows = random_rows(10)
    net = fanin.Network(5, [fanin.Dense(2)])
    with pytest.raises(ValueError, match="X: expected 5 columns"):
        net.predict(rows)


def bits_of_fits() -> str:
    """Digest of nets trained on codes in both precisions, and of their predictions."""
    found = hashlib.sha256()
    for dtype in ("float32", "float64"):
        rows = random_rows(300)
        net = network(rows, dtype, fanin.Dense(100, "relu"))
        history = net.fit(rows, targets(rows), rule=RULES["averaged"], epochs=2, batch_size=48)
        for part in (digest(net).encode(), net.predict(rows).tobytes(), repr(history.loss).encode()):
            found.update(part)
    return found.hexdigest()


def test_codes_give_the_same_bits_on_all_threads_and_instruction_sets(
    threads: Callable[[int], None],
) -> None:
    assert len(bits_everywhere(bits_of_fits, threads)) == 1


def test_training_on_codes_resumes_exactly(tmp_path: Path) -> None:
    rows = random_rows(100)
    y = targets(rows)
    once, twice = network(rows, "float32"), network(rows, "float32")
    once.fit(rows, y, rule=optim.Adam(0.01), epochs=4, batch_size=16)
    twice.fit(rows, y, rule=optim.Adam(0.01), epochs=2, batch_size=16)
    twice.save(tmp_path / "net.safetensors")
    again = fanin.load(tmp_path / "net.safetensors")
    again.fit(rows, y, rule=optim.Adam(0.01), epochs=2, batch_size=16)
    assert digest(again) == digest(once)
