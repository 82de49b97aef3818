"""A network remembers the names of the columns it was trained on, and reorders the columns of later frames."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest

NAMES = ["age", "income", "height"]
OTHER_ORDER = ["height", "age", "income"]
RULE = optim.Adam(0.01)


@pytest.fixture(params=["pandas", "polars"], name="library")
def library_of_frames(request):
    return pytest.importorskip(request.param)


@pytest.fixture(name="X")
def samples_of_three(rng):
    return rng.normal(size=(40, 3))


@pytest.fixture(name="y")
def targets_of_two(X):
    return X @ [[3.0, 1.0], [-1.0, 0.0], [0.5, 2.0]]


@pytest.fixture(name="frame")
def frame_of_samples(library, X):
    return library.DataFrame(dict(zip(NAMES, X.T, strict=True)))


def network(seed=1):
    return fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(2)], seed=seed)


def trained_on(X, y, **options):
    net = network()
    net.fit(X, y, rule=RULE, epochs=2, **options)
    return net


def test_columns_in_another_order_predict_and_evaluate_alike(frame, X, y):
    net = trained_on(frame, y)
    assert net.column_names == {"X": NAMES}
    assert np.array_equal(net.predict(frame[OTHER_ORDER]), net.predict(X))
    assert net.evaluate(frame[OTHER_ORDER], y) == net.evaluate(X, y)
    assert net.objective(frame[OTHER_ORDER], y).loss(net.objective(X, y).weights()) == net.objective(
        X, y
    ).loss(net.objective(X, y).weights())


def test_columns_in_another_order_train_to_the_same_bits(frame, X, y):
    expected = trained_on(X, y)
    expected.fit(X, y, rule=RULE, epochs=2, validation_data=(X, y))
    again = trained_on(frame, y)
    history = again.fit(frame[OTHER_ORDER], y, rule=RULE, epochs=2, validation_data=(frame[OTHER_ORDER], y))
    chunks = trained_on(frame, y)
    chunks.fit_chunks([(frame[OTHER_ORDER], y)], rule=RULE, epochs=1)
    chunks.fit_chunks([(frame, y)], rule=RULE, epochs=1)
    together = trained_on(frame, y)
    fanin.train_together([(together, frame[OTHER_ORDER], y, {"rule": RULE, "epochs": 2})])
    assert {digest(net) for net in (again, chunks, together)} == {digest(expected)}
    assert history.val_loss[-1] == again.evaluate(X, y)["loss"]


def test_a_lazy_frame_is_refused_because_it_would_lose_its_names(X, y):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    net = trained_on(frame, y)
    with pytest.raises(TypeError, match=r"X: expected .* got a polars LazyFrame; load it by X\.collect\(\)$"):
        net.predict(frame.lazy())
    with pytest.raises(TypeError, match=r"^validation_data: X: expected .* got a polars LazyFrame; "):
        net.fit(frame, y, rule=RULE, validation_data=(frame.lazy(), y))


def test_every_way_to_train_remembers_the_names(frame, y):
    chunks, together = network(), network()
    chunks.fit_chunks([(frame, y), (frame[OTHER_ORDER], y)], rule=RULE)
    fanin.train_together([(together, frame, y, {"rule": RULE, "epochs": 1})])
    later = network()
    later.fit(frame.to_numpy(), y, rule=RULE, epochs=1)
    assert later.column_names == {}
    later.fit(frame[OTHER_ORDER], y, rule=RULE, epochs=1)
    assert chunks.column_names == together.column_names == {"X": NAMES}
    assert later.column_names == {"X": OTHER_ORDER}


def test_validation_data_of_the_first_fit_follow_the_order_of_its_training_data(frame, X, y):
    net, twin = network(), network()
    history = net.fit(frame, y, rule=RULE, epochs=2, validation_data=(frame[OTHER_ORDER], y))
    assert history.val_loss == twin.fit(X, y, rule=RULE, epochs=2, validation_data=(X, y)).val_loss
    assert net.column_names == {"X": NAMES}
    part = network().fit(frame, y, rule=RULE, epochs=2, validation_fraction=0.25)
    assert part.val_loss == network().fit(X, y, rule=RULE, epochs=2, validation_fraction=0.25).val_loss


def test_several_targets_have_names_too(library, frame, X, y):
    targets = library.DataFrame({"low": y[:, 0], "high": y[:, 1]})
    net = trained_on(frame, targets)
    assert net.column_names == {"X": NAMES, "y": ["low", "high"]}
    assert net.evaluate(X, targets[["high", "low"]]) == net.evaluate(X, y)
    with pytest.raises(
        ValueError, match=r'^y: missing column "high"; the network was trained on columns "low"'
    ):
        net.evaluate(X, targets[["low"]])


def test_the_name_of_a_single_target_does_not_matter(library, frame, y):
    net = fanin.Network(3, [fanin.Dense(1)])
    net.fit(frame, library.DataFrame({"price": y[:, 0]}), rule=RULE, epochs=1)
    assert net.column_names == {"X": NAMES}
    assert net.evaluate(frame, library.DataFrame({"cost": y[:, 0]})) == net.evaluate(frame, y[:, 0])


def uses(net, X, y):
    yield "", lambda: net.predict(X)
    yield "", lambda: net.evaluate(X, y)
    yield "", lambda: net.objective(X, y)
    yield "", lambda: net.fit(X, y, rule=RULE)
    yield "validation_data: ", lambda: net.fit(np.zeros((1, 3)), y[:1], rule=RULE, validation_data=(X, y))
    yield "chunk 1: ", lambda: net.fit_chunks([(X, y)], rule=RULE)
    yield "member 1: ", lambda: fanin.train_together([(net, X, y, {"rule": RULE})])


def test_a_frame_without_a_column_or_with_others_is_refused_by_name(library, frame, y):
    net = trained_on(frame, y)
    before = digest(net)
    wrong = {
        'missing column "income"': frame[["height", "age"]],
        'unknown column "weight"': library.DataFrame(
            {**{n: frame[n] for n in NAMES}, "weight": frame["age"]}
        ),
        'missing columns "age", "height"': library.DataFrame(
            dict.fromkeys(("Age", "income", "x"), frame["age"])
        ),
    }
    trained = 'the network was trained on columns "age", "income", "height"'
    wrong = {f"X: {words}; {trained}": X for words, X in wrong.items()}
    if library.__name__ == "pandas":
        repeated = frame[["age", "income", "height", "age"]]
        wrong['X: repeated column "age"; column names must be unique'] = repeated
    for message, X in wrong.items():
        for prefix, use in uses(net, X, y):
            with pytest.raises(ValueError, match=f"^{re.escape(prefix + message)}$"):
                use()
    assert digest(net) == before


def test_a_bad_value_is_named_by_its_column_in_another_order_too(frame, y, library):
    net = trained_on(frame, y)
    bad = library.DataFrame({n: [np.nan if n == "income" else 0.0] for n in OTHER_ORDER})
    with pytest.raises(ValueError, match=r'^X: row 0, column 1 \("income"\) is nan'):
        net.predict(bad)


def test_a_message_lists_a_few_of_many_names(library):
    names = [f"c{j}" for j in range(100)]
    X = library.DataFrame({name: [0.0, 1.0] for name in names})
    net = fanin.Network(100, [fanin.Dense(1)])
    net.fit(X, [0.0, 1.0], rule=RULE, epochs=1)
    with pytest.raises(
        ValueError, match=r'^X: missing columns "c1", "c2", .*"c10", \.\.\.; .* "c9", \.\.\.$'
    ):
        net.predict(X[["c0"]])


def test_columns_with_names_that_are_not_strings_and_arrays_are_matched_by_position(X, y):
    pandas = pytest.importorskip("pandas")
    net = trained_on(pandas.DataFrame(X), y)
    assert net.column_names == {}
    named = trained_on(pandas.DataFrame(X, columns=NAMES), y)
    assert digest(named) == digest(net)
    for same in (X, X.tolist(), pandas.DataFrame(X), pandas.DataFrame(X, columns=["age", 1, 2])):
        assert np.array_equal(named.predict(same), named.predict(X))


def test_files_copies_and_pickles_keep_the_names_in_addition_to_the_metadata(tmp_path, frame, X, y):
    net = trained_on(frame, y)
    net.metadata = {"units": "litres"}
    net.save(tmp_path / "model")
    copies = [fanin.load(tmp_path / "model"), net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    for twin in copies:
        assert twin.column_names == {"X": NAMES}
        assert twin.metadata == {"units": "litres"}
        assert np.array_equal(twin.predict(frame[OTHER_ORDER]), net.predict(X))
        assert twin.to_bytes() == net.to_bytes()


def test_a_file_of_a_network_without_names_does_not_mention_them(X, y):
    assert b'"columns"' not in trained_on(X, y).to_bytes()


def test_nothing_is_remembered_of_data_that_are_refused_or_not_trained_on(frame, y):
    net = network()
    with pytest.raises(ValueError, match="y: expected 40 rows"):
        net.fit(frame, y[:9], rule=RULE)
    options = {"rule": RULE}
    with pytest.raises(ValueError, match="member 2: y: expected 40 rows"):
        fanin.train_together([(net, frame, y, options), (network(), frame, y[:9], options)])
    net.predict(frame)
    net.evaluate(frame, y)
    net.fit(frame, y, rule=RULE, epochs=0)
    assert net.column_names == {}


def test_a_name_that_utf_8_cannot_hold_is_refused(X, y):
    pandas = pytest.importorskip("pandas")
    net = network()
    with pytest.raises(ValueError, match=r"^X: name of column 1: expected text in UTF-8, got '\\ud800'"):
        net.fit(pandas.DataFrame(X, columns=pandas.Index(["a", "\ud800", "b"], dtype=object)), y, rule=RULE)


def test_too_many_bytes_of_names_are_refused_before_training():
    pandas = pytest.importorskip("pandas")
    net = network()
    X = pandas.DataFrame(np.zeros((2, 3)), columns=["a" * (6 << 20), "b", "c"])
    before = digest(net)
    with pytest.raises(ValueError, match=r"^columns: expected at most 6 MiB of text, got "):
        net.fit(X, np.zeros((2, 2)), rule=RULE)
    assert digest(net) == before


def test_repeated_names_are_refused_in_training_too():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.ones((4, 3)), columns=["a", "a", "b"])
    net = fanin.Network(3, [fanin.Dense(1)])
    with pytest.raises(ValueError, match='X: repeated column "a"; column names must be unique'):
        net.fit(frame, np.ones(4), rule=optim.SGD())


def test_an_objective_remembers_names_of_columns(frame, y):
    net = network()
    net.objective(frame, y)
    assert net.column_names == {"X": NAMES}
    assert np.array_equal(net.predict(frame), net.predict(frame[OTHER_ORDER]))
