"""Texts that cannot be hashed, and parameters out of range, are refused with a clear message."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

import fanin
from helpers import run_python


@pytest.mark.parametrize(
    ("texts", "kind", "message"),
    [
        ("a good film", TypeError, "expected a list of strings, got a single str"),
        (b"a good film", TypeError, "expected a list of strings, got a single bytes"),
        (3, TypeError, "expected a list of strings, got 3"),
        (None, TypeError, "expected a list of strings, got None"),
        ({"a", "b"}, TypeError, "expected a list of strings, got {"),
        ([], ValueError, "expected at least one text, got none"),
        (np.array([], str), ValueError, "expected at least one text, got none"),
        (np.array("a"), ValueError, "expected shape (n_texts,) or (n_texts, 1), got ()"),
        (np.array([["a", "b"]]), ValueError, "expected shape (n_texts,) or (n_texts, 1), got (1, 2)"),
        (["a", None], ValueError, "row 1 is missing (None)"),
        (["a", "b", float("nan")], ValueError, "row 2 is missing (nan)"),
        (pd.Series(["a", None, "b"]), ValueError, "row 1 is missing (nan)"),
        (pd.Series(["a", pd.NA], dtype="string"), ValueError, "row 1 is missing (<NA>)"),
        (pl.Series([None, "a"]), ValueError, "row 0 is missing (None)"),
        (["a", 3], TypeError, "row 1: expected a string, got int"),
        ([2.5], TypeError, "row 0: expected a string, got float"),
        (["a", b"b"], TypeError, "row 1: expected a string, got bytes"),
        ([["a"]], TypeError, "row 0: expected a string, got list"),
        (pd.Series([1, 2]), TypeError, "row 0: expected a string, got int"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), ValueError, "expected a frame of one column, got 2"),
        (["a", "b\ud800c"], ValueError, r"row 1: expected valid Unicode, got the lone surrogate '\ud800'"),
    ],
)
def test_texts_that_cannot_be_hashed_are_refused(texts, kind, message):
    if isinstance(texts, pd.Series) and str(texts.dtype) == "object":  # pandas before 3
        message = message.replace("nan", "None")
    with pytest.raises(kind, match="^" + re.escape(f"texts: {message}")):
        fanin.HashedText().transform(texts)


def test_the_row_of_a_lone_surrogate_is_counted_over_all_batches():
    texts = ["x" * 1000] * 1000 + ["\udfff"]
    for parameters in ({}, {"analyzer": "char"}, {"token_pattern": r"\S+"}):
        with pytest.raises(ValueError, match=r"^texts: row 1000: .* '\\udfff'$"):
            fanin.HashedText(**parameters).transform(texts)


def test_fit_refuses_what_is_no_list_of_texts():
    with pytest.raises(TypeError, match=r"^texts: expected a list of strings, got a single str"):
        fanin.HashedText().fit("a good film")


BAD_PARAMETERS = [
    ({"n_features": 0}, ValueError, "n_features: expected at least 1, got 0"),
    ({"n_features": 2**31}, ValueError, "n_features: expected at most 2^31 - 1, got 2147483648"),
    ({"n_features": 1e6}, TypeError, "n_features: expected an integer, got 1000000.0"),
    ({"n_features": True}, TypeError, "n_features: expected an integer, got True"),
    ({"ngrams": (2, 1)}, ValueError, "ngrams: expected the shortest first, as in (1, 2), got (2, 1)"),
    ({"ngrams": (0, 1)}, ValueError, "ngrams: expected at least 1, got 0"),
    ({"ngrams": 0}, ValueError, "ngrams: expected at least 1, got 0"),
    ({"ngrams": (1, 2.5)}, TypeError, "ngrams: expected an integer, got 2.5"),
    ({"ngrams": (1, 2, 3)}, ValueError, "ngrams: expected a pair such as (1, 2), got (1, 2, 3)"),
    ({"ngrams": "12"}, TypeError, "ngrams: expected an integer, got '12'"),
    ({"ngrams": (1, 2**31)}, ValueError, "ngrams: expected less than 2^31, got 2147483648"),
    ({"analyzer": "chars"}, ValueError, "analyzer: expected one of word, char, char_wb, got 'chars'"),
    ({"norm": "none"}, ValueError, "norm: expected one of l2, l1, got 'none'; write None"),
    ({"norm": 2}, TypeError, "norm: expected one of l2, l1, got 2"),
    ({"lowercase": "no"}, TypeError, "lowercase: expected True or False, got 'no'"),
    ({"binary": 1}, TypeError, "binary: expected True or False, got 1"),
    ({"alternate_sign": None}, TypeError, "alternate_sign: expected True or False, got None"),
    ({"dtype": "int32"}, ValueError, 'dtype: expected "float32" or "float64", got "int32"'),
    (
        {"token_pattern": "(a"},
        ValueError,
        "token_pattern: expected a regular expression, got '(a': missing )",
    ),
    ({"token_pattern": "(a)(b)"}, ValueError, "token_pattern: expected at most one group, got '(a)(b)'"),
    ({"token_pattern": b"a"}, TypeError, "token_pattern: expected a regular expression, got b'a'"),
]


@pytest.mark.parametrize(("parameters", "kind", "message"), BAD_PARAMETERS)
def test_parameters_of_hashed_text_out_of_range_are_refused(parameters, kind, message):
    with pytest.raises(kind, match="^" + re.escape(message)):
        fanin.HashedText(**parameters)
    hashed = fanin.HashedText(100, norm="l1")
    before = hashed.get_params()
    with pytest.raises(kind, match="^" + re.escape(message)):
        hashed.set_params(**{"norm": None} | parameters)
    assert hashed.get_params() == before
    vars(hashed).update(parameters)
    with pytest.raises(kind, match="^" + re.escape(message)):
        hashed.transform(["a"])


def test_an_unknown_parameter_of_hashed_text_is_refused():
    with pytest.raises(ValueError, match=r"^set_params: expected one of n_features, .* got 'ngram_range'$"):
        fanin.HashedText().set_params(ngram_range=(1, 2))


def test_hashing_text_without_scipy_says_what_is_needed():
    code = "import sys; sys.modules['scipy'] = None; import fanin; fanin.HashedText().transform(['a'])"
    done = run_python("-c", code)
    assert "ModuleNotFoundError: fanin.HashedText needs SciPy: pip install scipy" in done.stderr
