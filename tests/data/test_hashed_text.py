"""Hashed text has the rows of scikit-learn's HashingVectorizer, and works in its pipelines."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils import murmurhash3_32
from sklearn.utils.validation import check_is_fitted

import fanin
from fanin import sklearn as ours
from helpers import python_prints

SCRIPTS = (
    "abcdefgABCDEFG019_-'.,;!?",
    "äöüßéèñçøåÆŒİıǅ",
    "αβγΔΩςабвгЖЯёѣ",
    "שלוםعربي٣४५",
    "漢字かなカナ한국어ไทยนี้",
    "😀👍🏽🇫🇮👨‍👩‍👧\ufe0f𝔸𝟛ⅷ½²①",
)
SPACES = ("", " ", "  ", "\n", "\t \r", "\u00a0", "\u2003\u3000", "\x1c", "\x85", "\u200b", "\x00")


def some_texts(count: int = 300) -> list[str]:
    """Words of several scripts, some of them repeated, between spaces of all kinds; and empty texts."""
    rng = np.random.default_rng(5)
    words = [
        "".join(rng.choice(list(SCRIPTS[rng.integers(len(SCRIPTS))]), rng.integers(1, 9))) for _ in range(80)
    ]
    texts = ["", " ", "a", "ab", "\n\n", "İstanbul ǅ", "x" * 3000, "two words " * 200]
    for _ in range(count):
        chosen = rng.choice(len(words), rng.integers(0, 60))
        texts.append("".join(words[i] + SPACES[rng.integers(len(SPACES))] for i in chosen))
    # any character but surrogates
    codes = rng.integers(0, 0x110000 - 0x800, (20, 400))
    return texts + ["".join(chr(code + 0x800 * (code >= 0xD800)) for code in row) for row in codes]


def assert_same_rows(texts, n_features=2**20, ngrams=(1, 1), **parameters):
    theirs = HashingVectorizer(
        n_features=n_features, ngram_range=ngrams, **{"dtype": np.float32} | parameters
    ).transform(texts)
    rows = fanin.HashedText(n_features, ngrams, **parameters).transform(texts)
    assert rows.shape == theirs.shape
    assert rows.dtype == theirs.dtype
    for part in ("indptr", "indices", "data"):
        assert_array_equal(getattr(rows, part), getattr(theirs, part), part)


@pytest.mark.parametrize("n_features", [1, 2, 13, 1000, 2**16, 2**20, 2**31 - 2])
@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
@pytest.mark.parametrize("ngrams", [(1, 1), (1, 3), (2, 2), (3, 5)])
def test_rows_of_text_are_those_of_scikit_learn(n_features, ngrams, analyzer):
    assert_same_rows(some_texts(60), n_features, ngrams, analyzer=analyzer)


@pytest.mark.parametrize("norm", ["l1", "l2", None])
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("alternate_sign", [False, True])
@pytest.mark.parametrize("lowercase", [False, True])
def test_values_of_hashed_text_are_those_of_scikit_learn(norm, binary, alternate_sign, lowercase, dtype):
    options = {"norm": norm, "binary": binary, "alternate_sign": alternate_sign, "lowercase": lowercase}
    assert_same_rows(some_texts(), 50, (1, 2), dtype=dtype, **options)


@pytest.mark.parametrize(
    "pattern", [r"\w+", r"(?u)\b\w\w+\b ", r"[^,]+", r"#(\w+)", r"\S*", "(?a)\\b\\w\\w+\\b"]
)
def test_words_found_by_another_pattern_are_those_of_scikit_learn(pattern):
    assert_same_rows(["#tag, two words, #other", *some_texts()], 1000, (1, 2), token_pattern=pattern)


@pytest.mark.parametrize(
    ("text", "signed_hash"),
    [
        ("test", 0xBA6BD213 - 2**32),
        ("Hello, world!", 0xC0363E43 - 2**32),
        ("The quick brown fox jumps over the lazy dog", 0x2E4FF723),
        ("\0\0\0\0", 0x2362F9DE),
    ],
)
def test_column_and_sign_come_from_the_published_hash(text, signed_hash):
    whole = (len(text), len(text))
    hashed = fanin.HashedText(2**31 - 1, whole, analyzer="char", lowercase=False)
    rows = hashed.transform([text])
    assert rows.indices.tolist() == [abs(signed_hash) % (2**31 - 1)]
    assert rows.data.tolist() == [1.0 if signed_hash >= 0 else -1.0]


def test_the_lowest_of_all_hashes_has_the_column_of_scikit_learn():
    assert murmurhash3_32("akqlrggi") == -(2**31)
    for n_features in (1, 2, 3, 1000, 2**20, 2**31 - 2):
        assert_same_rows(["akqlrggi"], n_features)


def test_many_texts_are_those_hashed_one_by_one():
    hashed, texts = fanin.HashedText(2**12), some_texts(3000)
    rows = hashed.transform(texts)
    parts = [hashed.transform(texts[first : first + 7]) for first in range(0, len(texts), 7)]
    assert_array_equal(rows.data, np.concatenate([part.data for part in parts]))
    assert_array_equal(rows.indices, np.concatenate([part.indices for part in parts]))
    assert rows.has_canonical_format


def test_an_integer_stands_for_n_grams_up_to_it():
    texts = some_texts(20)
    rows, same = (fanin.HashedText(ngrams=n).transform(texts) for n in (3, (1, 3)))
    assert (rows != same).nnz == 0


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        iter,
        np.array,
        lambda texts: np.array(texts, object),
        lambda texts: np.array(texts)[:, np.newaxis],
        pd.Series,
        lambda texts: pd.Series(texts, index=["same"] * len(texts), dtype=object),
        lambda texts: pd.Series(texts, dtype="category"),
        lambda texts: pd.DataFrame({"review": texts}),
        pl.Series,
        lambda texts: pl.DataFrame({"review": texts}),
    ],
)
def test_texts_may_come_in_any_list_array_series_or_frame_of_one_column(form):
    texts = ["Good film", "", "ein schöner Film"]
    hashed = fanin.HashedText(2**10)
    assert (hashed.transform(form(texts)) != hashed.transform(texts)).nnz == 0


def test_hashed_text_is_pickled_and_cloned_with_its_parameters():
    hashed = fanin.HashedText(2**10, (1, 2), analyzer="char_wb", norm=None, dtype=np.float64)
    for other in (pickle.loads(pickle.dumps(hashed)), clone(hashed), clone(hashed.fit(["a"]))):
        assert other is not hashed
        assert other.get_params() == hashed.get_params()
    assert repr(fanin.HashedText()) == "HashedText()"
    assert repr(fanin.HashedText(8, norm=None)) == "HashedText(n_features=8, norm=None)"
    check_is_fitted(hashed)


def test_a_pipeline_learns_from_texts():
    good, bad = ("good", "great", "warm", "funny"), ("bad", "dull", "long", "awful")
    rng = np.random.default_rng(0)
    texts, labels = [], []
    for i in range(200):
        words = rng.choice(["the", "film", "was", "a", "story", "plot"], 6).tolist()
        texts.append(" ".join([*words, rng.choice(good if i % 2 else bad)]))
        labels.append("liked" if i % 2 else "not")
    model = make_pipeline(fanin.HashedText(2**10), ours.MLPClassifier((8,), solver="lbfgs", random_state=0))
    model.fit(texts[:100], labels[:100])
    assert model.score(texts[100:], labels[100:]) > 0.95
    assert "HashedText" in repr(model)
    assert "HashedText" in model._repr_html_()


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_column_transformer_hashes_a_column_of_a_frame(frame):
    table = frame({"review": ["good film", "bad film", ""], "stars": [4.0, 1.0, 3.0]})
    hashed = fanin.HashedText(2**6)
    columns = ColumnTransformer([("text", hashed, "review"), ("rest", "passthrough", ["stars"])])
    rows = columns.fit_transform(table).tocsr()
    assert rows.shape == (3, 65)
    assert (rows[:, :64] != hashed.transform(["good film", "bad film", ""])).nnz == 0
    with pytest.raises(AttributeError, match="does not provide get_feature_names_out"):
        columns.get_feature_names_out()


def test_a_search_and_a_union_set_parameters_of_hashed_text():
    texts, labels = ["good film", "bad film", "good plot", "bad plot"] * 5, [1, 0, 1, 0] * 5
    words = fanin.HashedText(2**6)
    both = make_union(words, fanin.HashedText(2**6, (2, 3), analyzer="char_wb"))
    assert both.fit_transform(texts).shape == (20, 128)
    model = make_pipeline(words, ours.MLPClassifier((4,), solver="lbfgs", random_state=0))
    grid = {"hashedtext__ngrams": [(1, 1), (1, 2)], "hashedtext__n_features": [2**5, 2**6]}
    search = GridSearchCV(model, grid, cv=2).fit(texts, labels)
    assert search.best_score_ == 1
    assert words.get_params() == fanin.HashedText(2**6).get_params()


def test_a_network_learns_from_hashed_text():
    X = fanin.HashedText(2**8).transform(["good film", "bad film"] * 10)
    net = fanin.Network(2**8, [fanin.Dense(2)], "softmax_cross_entropy")
    net.fit(X, [1, 0] * 10, rule=fanin.optim.Adam(0.1), epochs=30)
    assert net.predict(X).argmax(axis=1).tolist() == [1, 0] * 10


def test_text_is_hashed_without_scikit_learn():
    code = """
import sys
sys.modules["sklearn"] = None
import fanin
print(fanin.HashedText().fit_transform(["a good film"]).shape)
"""
    assert python_prints("-c", code) == "(1, 1048576)\n"
