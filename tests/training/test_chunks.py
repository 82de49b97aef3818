"""fit_chunks trains chunk by chunk, in the memory of one chunk, and names a bad chunk by its number."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, rule_named


@pytest.fixture
def net():
    return fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy")


@pytest.fixture
def chunks(classification):
    """Three chunks of 20, 20 and 13 samples."""
    X, y = classification
    return [(X[i : i + 20], y[i : i + 20]) for i in range(0, 53, 20)]


def twin(net):
    return fanin.Network(net.n_inputs, net.layers, loss=net.loss, seed=net.seed, dtype=net.dtype)


def test_chunks_train_to_the_bits_of_a_fit_on_each_in_turn(net, chunks, every_rule):
    options = {"rule": rule_named(every_rule), "batch_size": 8}
    by_hand, losses = twin(net), []
    for _ in range(2):
        histories = [by_hand.fit(*chunk, epochs=1, **options) for chunk in chunks]
        sums = [h.loss[0] * len(y) for h, (_, y) in zip(histories, chunks, strict=True)]
        losses.append(sum(sums) / 53)
    history = net.fit_chunks(chunks, epochs=2, **options)
    assert digest(net) == digest(by_hand)
    assert history.loss == losses
    assert len(history.seconds) == 2


def test_chunks_with_weights_train_to_the_bits_of_a_weighted_fit_on_each_in_turn(net, chunks):
    options, weights = (
        {"rule": optim.Adam(), "batch_size": 8},
        np.random.default_rng(1).uniform(0, 3, size=53),
    )
    parts = np.split(weights, [20, 40])
    by_hand, total = twin(net), 0.0
    for (X, y), part in zip(chunks, parts, strict=True):
        total += by_hand.fit(X, y, sample_weight=part, epochs=1, **options).loss[0] * part.sum()
    weighted = [(X, y, list(part)) for (X, y), part in zip(chunks, parts, strict=True)]
    history = net.fit_chunks(weighted, **options)
    assert digest(net) == digest(by_hand)
    assert history.loss == pytest.approx([total / weights.sum()], rel=1e-14)


def test_the_loss_of_chunks_is_the_weighted_mean_over_all_samples(net, chunks, classification):
    """At a learning rate of 0 it is that of one evaluation; samples without a weight have weight 1."""
    (X0, y0), (X1, y1), (X2, y2) = chunks
    weights = np.random.default_rng(1).uniform(0, 3, size=20)
    mixed = [(X0, y0), (X1, y1, weights), (X2, y2, None)]
    history = net.fit_chunks(mixed, rule=optim.SGD(0), batch_size=8)
    everything = np.concatenate([np.ones(20), weights, np.ones(13)])
    expected = net.evaluate(*classification, sample_weight=everything)
    assert history.loss == pytest.approx([expected["loss"]], rel=1e-6)


def test_one_chunk_is_a_fit(net, classification):
    fitted = twin(net)
    expected = fitted.fit(*classification, rule=optim.Adam(), epochs=3)
    history = net.fit_chunks([classification], rule=optim.Adam(), epochs=3)
    assert digest(net) == digest(fitted)
    assert history.loss == pytest.approx(expected.loss, rel=1e-15)


def test_chunks_come_from_lists_iterators_and_functions(net, chunks):
    digests = set()
    for source in (chunks, tuple(chunks), iter(chunks), lambda: iter(chunks), lambda: chunks):
        fresh = twin(net)
        fresh.fit_chunks(source, rule=optim.Adam())
        digests.add(digest(fresh))
    assert len(digests) == 1


def test_a_generator_function_is_read_once_per_epoch(net, chunks):
    reads = []

    def source():
        reads.append(1)
        yield from chunks

    other = twin(net)
    net.fit_chunks(source, rule=optim.Adam(), epochs=3)
    other.fit_chunks(chunks, rule=optim.Adam(), epochs=3)
    assert len(reads) == 3
    assert digest(net) == digest(other)


def test_a_stream_is_read_lazily_and_each_chunk_is_freed_before_the_next(net):
    references, rng = [], np.random.default_rng(0)

    def chunk():
        X, y = rng.normal(size=(30, 5)), rng.integers(3, size=30)
        references.append(weakref.ref(X))
        return X, y

    class Stream:
        def __iter__(self):
            return self

        def __next__(self):
            assert all(reference() is None for reference in references)
            if len(references) == 5:
                raise StopIteration
            return chunk()

    net.fit_chunks(Stream(), rule=optim.Adam())
    assert len(references) == 5


def test_validation_callbacks_and_early_stopping_work_by_passes(net, chunks, classification, capsys):
    seen = []
    history = net.fit_chunks(
        chunks,
        rule=optim.SGD(0),
        epochs=9,
        validation_data=classification,
        callbacks=[lambda net, epoch, logs: seen.append(epoch), fanin.EarlyStopping(patience=2)],
        verbose=True,
    )
    assert seen == [1, 2, 3]
    assert (history.best_epoch, history.stopped_epoch) == (1, 3)
    assert len(history.val_loss) == 3
    assert capsys.readouterr().out.count("\n") == 3


class ArrayLike:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


def test_chunks_may_be_lists_and_array_likes(net, chunks):
    losses = net.fit_chunks(chunks, rule=optim.Adam()).loss
    for kind in (ArrayLike, np.ndarray.tolist):
        other = twin(net)
        assert other.fit_chunks([(kind(X), kind(y)) for X, y in chunks], rule=optim.Adam()).loss == losses
        assert digest(net) == digest(other)


def test_frames_may_be_chunks(net, chunks):
    pandas = pytest.importorskip("pandas")
    other = twin(net)
    net.fit_chunks(chunks, rule=optim.Adam())
    other.fit_chunks([(pandas.DataFrame(X), pandas.Series(y)) for X, y in chunks], rule=optim.Adam())
    assert digest(net) == digest(other)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda X, y: (X[:, :4], y), ValueError, "chunk 2: X: expected 5 columns"),
        (lambda X, y: (X, y[:9]), ValueError, "chunk 2: y: expected 20 rows to match X, got 9"),
        (
            lambda X, y: (np.where(np.equal(X, X[3, 1]), np.nan, X), y),
            ValueError,
            "chunk 2: X: row 3, column 1 is nan",
        ),
        (lambda X, y: (X, y + 3), ValueError, "chunk 2: y: row 0 is "),
        (lambda X, y: (X[:0], y[:0]), ValueError, "chunk 2: X: expected at least one row"),
        (lambda X, y: (X.astype(str), y), TypeError, "chunk 2: X: expected real numbers"),
        (lambda X, y: X, TypeError, r"chunk 2: expected a tuple \(X, y\) or .*, got ndarray"),
        (lambda X, y: (X,), TypeError, r"chunk 2: expected a tuple \(X, y\)"),
        (
            lambda X, y: (X, y, y, y),
            TypeError,
            r"chunk 2: expected a tuple \(X, y\) or \(X, y, sample_weight\)",
        ),
        (lambda X, y: (3.0, y), ValueError, "chunk 2: X: expected shape"),
        (
            lambda X, y: (X, y, y[:9]),
            ValueError,
            r"chunk 2: sample_weight: expected shape \(20,\), got \(9,\)",
        ),
        (lambda X, y: (X, y, y - 9.0), ValueError, "chunk 2: sample_weight: row 0 is -"),
        (
            lambda X, y: (X, y, 0.0 * y),
            ValueError,
            "chunk 2: sample_weight: expected at least one weight above 0",
        ),
        (
            lambda X, y: (X, y, y + 1e308),
            ValueError,
            "chunk 2: sample_weight: expected weights with a finite sum",
        ),
        (lambda X, y: None, TypeError, r"chunk 2: expected a tuple \(X, y\) or .*, got NoneType"),
    ],
    ids=[
        "columns",
        "rows",
        "nan",
        "label",
        "empty",
        "text",
        "array",
        "one",
        "four",
        "number",
        "weights",
        "negative",
        "zero",
        "huge",
        "None",
    ],
)
def test_a_bad_chunk_is_named_and_the_network_has_learned_the_ones_before(net, chunks, make, error, words):
    before = twin(net)
    before.fit(*chunks[0], rule=optim.Adam(), epochs=1)
    with pytest.raises(error, match=f"^{words}"):
        net.fit_chunks([chunks[0], make(*chunks[1]), chunks[2]], rule=optim.Adam())
    assert digest(net) == digest(before)
    assert len(net.fit_chunks(chunks, rule=optim.Adam()).loss) == 1


def test_a_bad_value_in_a_frame_is_named_by_chunk_and_column(net, chunks):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1.0], "b": [np.nan], "c": [1.0], "d": [1.0], "e": [1.0]})
    with pytest.raises(ValueError, match=r'^chunk 2: X: row 0, column 1 \("b"\) is nan'):
        net.fit_chunks([chunks[0], (frame, [0])], rule=optim.SGD())


def test_a_diverging_chunk_is_named_and_the_weights_before_it_are_restored():
    net = fanin.Network(1, [fanin.Dense(1)])
    good, bad = ([[1.0], [2.0]], [1.0, 2.0]), ([[1e30], [1e30]], [-1e30, 1e30])
    before = twin(net)
    before.fit(*good, rule=optim.SGD(0.1), epochs=1)
    with pytest.raises(fanin.DivergedError, match=r"^chunk 2: training diverged") as raised:
        net.fit_chunks([good, bad], rule=optim.SGD(0.1))
    assert raised.value.step >= 1
    assert raised.value.layer == 1
    assert digest(net) == digest(before)
    assert len(net.fit_chunks([good], rule=optim.SGD(0.1)).loss) == 1


@pytest.mark.parametrize("error", [OSError, ValueError, TypeError, KeyboardInterrupt])
def test_an_exception_of_the_stream_comes_through_and_leaves_a_usable_network(net, chunks, error):
    def source():
        yield chunks[0]
        raise error("disk")

    with pytest.raises(error, match=r"^disk$"):
        net.fit_chunks(source(), rule=optim.Adam())
    assert len(net.fit_chunks(chunks, rule=optim.Adam()).loss) == 1


def test_an_empty_stream_of_chunks_is_refused(net):
    for source in ([], iter(()), lambda: iter(())):
        with pytest.raises(ValueError, match="chunks: expected at least one chunk"):
            net.fit_chunks(source, rule=optim.SGD())


def test_an_iterator_cannot_be_read_for_several_epochs(net, chunks):
    source = iter(chunks)
    with pytest.raises(ValueError, match="an iterator can be read once, not for 2 epochs"):
        net.fit_chunks(source, rule=optim.SGD(), epochs=2)
    assert len(list(source)) == 3


@pytest.mark.parametrize(
    "source", [3, None, np.zeros((3, 5)), lambda: 3], ids=["3", "None", "array", "function"]
)
def test_chunks_that_cannot_be_read_are_refused(net, source):
    with pytest.raises(TypeError, match="chunks: expected an iterable of tuples"):
        net.fit_chunks(source, rule=optim.SGD())


def test_arguments_are_checked_before_the_stream_is_read(net, chunks):
    source = iter(chunks)
    with pytest.raises(ValueError, match=r"rule: expected one of sgd, .*, got 'adaam'"):
        net.fit_chunks(source, rule="adaam")
    with pytest.raises(ValueError, match="batch_size: expected at least 1"):
        net.fit_chunks(source, rule=optim.SGD(), batch_size=0)
    with pytest.raises(TypeError, match="epochs: expected an integer"):
        net.fit_chunks(source, rule=optim.SGD(), epochs="2")
    with pytest.raises(ValueError, match="validation_data: X"):
        net.fit_chunks(source, rule=optim.SGD(), validation_data=([[0.0]], [0]))
    assert len(list(source)) == 3
