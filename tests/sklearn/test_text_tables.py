"""FaninClassifier and FaninRegressor on texts, alone and beside other columns."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
WORDS = np.array([f"word{i}" for i in range(50)])
GOOD = RNG.integers(0, 2, 300) == 1
TEXTS = [
    " ".join([*RNG.choice(WORDS, 6), "bright" if good else "dull", *RNG.choice(WORDS, 2)]) for good in GOOD
]
SIZE = RNG.normal(size=300)
FRAME = pd.DataFrame({"row": range(300), "size": SIZE, "review": TEXTS, "kind": ["a", "b", "c"] * 100})
LABELS = np.where(GOOD, "yes", "no")
PRICE = SIZE + 2 * GOOD


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        np.array,
        lambda t: np.array(t, object),
        pd.Series,
        pl.Series,
        lambda t: pd.DataFrame({"t": t}),
    ],
    ids=["list", "tuple", "array", "objects", "pandas", "polars", "frame"],
)
def test_texts_alone_are_a_table_of_one_column(form):
    model = FaninClassifier(**FAST).fit(form(TEXTS), LABELS)
    assert model.n_features_in_ == 1
    assert model.score(form(TEXTS), LABELS) > 0.95
    assert model.predict(form(["bright", "dull word3"])).tolist() == ["yes", "no"]


def test_every_form_of_texts_gives_the_same_model():
    models = [
        FaninClassifier(**FAST).fit(form, LABELS) for form in (TEXTS, np.array(TEXTS), pl.Series(TEXTS))
    ]
    one, *others = (model.predict_proba(TEXTS) for model in models)
    for other in others:
        np.testing.assert_array_equal(one, other)


def test_free_text_beside_other_columns_is_found_and_hashed():
    model = FaninRegressor(**FAST).fit(FRAME, PRICE)
    assert model.score(FRAME, PRICE) > 0.8
    lines = model.encoder_.describe().splitlines()
    assert lines[0].endswith("dropped: a row number")
    assert lines[1].startswith("size    number")
    assert lines[2].startswith("review  text, ")
    assert lines[3].startswith("kind    category")
    assert "hashed words and pairs of words" in str(model.report())
    copy = pickle.loads(pickle.dumps(model))
    shuffled = pl.DataFrame(FRAME[["kind", "review", "size"]].to_dict("list"))
    np.testing.assert_array_equal(copy._predictions(shuffled)[0][:, 0], model.predict(FRAME))


def test_columns_of_text_are_given_by_names_positions_or_a_mask():
    frame = FRAME.assign(kind=[text[:9] for text in TEXTS])
    by_name = FaninClassifier(**FAST, text_features=["review", "kind"]).fit(frame, LABELS)
    for given in ([2, 3], [False, False, True, True]):
        same = FaninClassifier(**FAST, text_features=given).fit(frame, LABELS)
        np.testing.assert_array_equal(same.predict_proba(frame), by_name.predict_proba(frame))
    array = FaninClassifier(**FAST, text_features=[2]).fit(frame.to_numpy(), LABELS)
    assert "x2  text" in array.encoder_.describe()
    without = FaninClassifier(**FAST, text_features=[]).fit(frame, LABELS)
    assert "dropped: free text" in without.encoder_.describe()


def test_missing_and_unknown_texts_are_empty():
    frame = FRAME.assign(review=[None, *TEXTS[1:]])
    model = FaninClassifier(**FAST).fit(frame, LABELS)
    empty, blank, unknown = (
        model.predict_proba(frame.assign(review=cell)) for cell in (None, " ", "never seen")
    )
    np.testing.assert_array_equal(empty, blank)
    np.testing.assert_array_equal(empty, unknown)


def test_texts_take_part_in_validation_stopping_weights_and_further_training():
    model = FaninClassifier(**FAST, early_stopping=True, warm_start=True, members=2, class_weight="balanced")
    model.fit(FRAME, LABELS, np.ones(300), X_val=FRAME[:50], y_val=LABELS[:50])
    assert model.validation_score_ < 0.5
    assert model.fit(FRAME, LABELS).score(FRAME, LABELS) > 0.9
    parts = FaninClassifier(members=2, random_state=0)
    for _ in range(10):
        parts.partial_fit(TEXTS, LABELS, classes=["no", "yes"])
    assert parts.score(TEXTS, LABELS) > 0.9
    assert cross_val_score(clone(parts).set_params(**FAST), TEXTS, LABELS, cv=2).min() > 0.8


def test_importance_and_partial_dependence_know_columns_of_text():
    pytest.importorskip("matplotlib").use("agg")
    model = FaninRegressor(**FAST).fit(FRAME, PRICE)
    importance = model.report(FRAME, PRICE, importance=True).importance
    assert {each.column for each in importance[:2]} == {"review", "size"}
    display = model.partial_dependence(FRAME, ["size"])
    average = display.pd_results[0]["average"][0]
    assert average[-1] > average[0]
    with pytest.raises(ValueError, match="expected numbers or categories among size, kind; got 'review'"):
        model.partial_dependence(FRAME, ["review"])


def test_bad_texts_and_columns_of_text_are_refused(tmp_path):
    model = FaninClassifier(**FAST).fit(FRAME, LABELS)
    with pytest.raises(ValueError, match="got one of columns of text; use pickle or joblib"):
        model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"text_features: expected .* got 'other', which is no column of X"):
        FaninClassifier(text_features=["other"]).fit(FRAME, LABELS)
    with pytest.raises(ValueError, match=r"text_features: .* not in categorical_features, got 'review'"):
        FaninClassifier(text_features=["review"], categorical_features=["review"]).fit(FRAME, LABELS)
    with pytest.raises(ValueError, match="The 'text_features' parameter"):
        FaninClassifier(text_features="review").fit(FRAME, LABELS)
    with pytest.raises(ValueError, match="got texts without words"):
        FaninClassifier().fit(["?!", "..."] * 10, ["a", "b"] * 10)
    with pytest.raises(ValueError, match='X: missing column "review"'):
        model.predict(FRAME.drop(columns="review"))
    with pytest.raises(ValueError, match='column "review": expected text, as in training, got dates'):
        model.predict(FRAME.assign(review=pd.Timestamp("2024-05-01")))
