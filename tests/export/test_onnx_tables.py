"""FaninClassifier and FaninRegressor as ONNX models, with the code of their columns."""

from __future__ import annotations

import datetime

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from fanin import TableEncoder
from fanin.export.onnx.cells import day_parts
from fanin.export.onnx.codes import coded
from fanin.export.onnx.graph import Graph
from fanin.sklearn import FaninClassifier, FaninRegressor
from fanin.tables.columns import KINDS
from onnx_models import assert_close, model_of, run

pandas = pytest.importorskip("pandas")
FAST = {"effort": "fast", "random_state": 0}
ROWS = 200


@pytest.fixture(name="table", scope="module")
def table_of_every_kind():
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(
        {
            "age": rng.integers(18, 80, ROWS).astype(float),
            "the sum": rng.normal(size=ROWS) ** 3,
            "job": rng.choice(["clerk", "smith", "baker", "king"], ROWS, p=[0.5, 0.3, 0.19, 0.01]),
            "late": rng.random(ROWS) > 0.5,
            "side": rng.choice(["left", "right"], ROWS),
            "sold": pandas.Timestamp("1969-02-01")
            + pandas.to_timedelta(rng.integers(0, 86400 * 4000, ROWS), unit="s"),
            "same": 1,
        }
    )
    table.loc[3:9, "age"] = np.nan
    table.loc[5:15, "job"] = None
    table.loc[50:60, "sold"] = pandas.NaT
    return table


@pytest.fixture(name="targets", scope="module")
def numbers_to_predict(table):
    both = (table["job"] == "smith") & table["late"]
    return (table["age"].fillna(40) / 80 + both + table["sold"].dt.month.fillna(0) / 6).to_numpy()


def other_rows(table):
    """Rows with cells that the training rows did not have."""
    other = table.copy()
    other.loc[0, "job"] = "wizard"
    other.loc[1, "side"] = None
    other.loc[2, ["age", "the sum"]] = [1e6, np.nan]
    other.loc[4, "sold"] = pandas.Timestamp("2200-02-28 23:59:59.6")
    return other


def inputs(encoder, table):
    """The columns that an encoder needs, as inputs of a model take them."""
    given = {}
    for name in encoder._needed():
        cells = table[name]
        if cells.dtype.kind == "M":
            cells = (cells - pandas.Timestamp(0)) / pandas.Timedelta(days=1)
        elif cells.dtype.kind not in "fib":
            cells = cells.astype(object).where(cells.notna(), "")
        given[name] = cells.to_numpy(object if cells.dtype == object else np.float64)[:, None]
    return given


def test_probabilities_of_classes_are_the_same_in_onnx(table, targets):
    labels = np.array(["low", "medium", "high"])[np.digitize(targets, [0.7, 1.4])]
    other = other_rows(table)
    for y in (labels, targets > 1):
        model = FaninClassifier(**FAST).fit(table, y)
        found = run(model, **inputs(model.encoder_, other))
        assert_close(found["probabilities"], model.predict_proba(other), 1e-6)
        assert found["label"].tolist() == model.predict(other).tolist()


def test_the_code_of_every_kind_of_column_has_the_numbers_of_the_core(table):
    table = table.assign(dose=np.arange(ROWS) % 5 * 0.3)
    encoder = TableEncoder(spikes=True, min_count=5).fit(table)
    both = ("age", [30.0, 50.0], "job", ["baker", "smith"], np.sqrt(np.arange(16)).reshape(4, 4))
    of_numbers = ("the sum", [0.0], "late", [], np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    encoder = encoder.add_pairs([both, of_numbers], np.random.default_rng(1).normal(size=(ROWS, 2)))
    columns, other = encoder._encoder.columns, other_rows(table)
    assert {column["kind"] for column in columns} == set(KINDS)
    g, given = Graph(onnx, "float32"), inputs(encoder, other)
    for name, cells in given.items():
        g.input(name, cells.dtype, ["rows", 1])
    g.output("code", coded(g, columns, lambda name: name), np.float32, ["rows", len(encoder.feature_names)])
    session = onnxruntime.InferenceSession(g.model(17, 2).SerializeToString())
    (found,) = session.run(None, given)
    np.testing.assert_allclose(found, encoder.transform(other).toarray(), rtol=1e-6, atol=1e-7)


def test_levels_of_any_type_are_given_as_their_text(targets):
    rng = np.random.default_rng(1)
    dates = pandas.to_datetime(["2020-01-01", "2020-05-01", "2021-02-03"])
    table = pandas.DataFrame(
        {
            "whole": rng.choice([1, 2, 30], ROWS),
            "points": rng.choice([2.0, 0.5, 1e-7], ROWS),
            "single": rng.choice([0.1, 0.7, 3.3], ROWS).astype("float32"),
            "flag": rng.random(ROWS) > 0.5,
            "day": pandas.Categorical(rng.choice(dates, ROWS)),
        }
    )
    names = list(table.columns)
    model = FaninRegressor(**FAST, categorical_features=names[:4]).fit(table, targets + 0.3 * table["flag"])
    given = {
        "whole": table["whole"].map(str),
        "points": table["points"].map({2.0: "2", 0.5: "0.5", 1e-7: "1e-07"}),
        "single": table["single"].astype(float).map(str),
        "flag": table["flag"].map({True: "True", False: "False"}),
        "day": table["day"].map("{:%Y-%m-%d} 00:00:00".format),
    }
    found = run(model, **{name: given[name].to_numpy(object)[:, None] for name in names})
    assert_close(found["prediction"], model.predict(table), 1e-6)
    texts = {value.name: value.doc_string for value in model_of(model).graph.input}
    assert texts["flag"] == "text, 'False' or 'True', empty where missing"
    assert texts["single"] == "text such as '0.10000000149011612', empty where missing"


def test_several_labels_of_a_row_are_the_same_in_onnx(table, targets):
    model = FaninClassifier(**FAST).fit(table, np.stack([targets > 1, targets > 0.5], axis=1).astype(int))
    found = run(model, **inputs(model.encoder_, table))
    assert_close(found["probabilities"], model.predict_proba(table), 1e-6)
    assert np.array_equal(found["label"], model.predict(table))


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "gamma"])
def test_numbers_are_in_the_units_of_the_targets(loss, table, targets):
    model, other = FaninRegressor(loss=loss, **FAST).fit(table, 100 + 7 * targets), other_rows(table)
    assert_close(run(model, **inputs(model.encoder_, other))["prediction"], model.predict(other), 1e-6)


def test_parts_of_dates_are_those_of_the_calendar():
    parts = ("trend", "month", "day", "weekday", "hour")
    start = datetime.datetime(1583, 3, 1)
    dates = [start + datetime.timedelta(days=97 * n, hours=7 * n % 24) for n in range(3000)]
    dates += [
        datetime.datetime(year, *day) for year in (1900, 2000, 2024) for day in ((2, 28), (3, 1), (12, 31))
    ]
    days = np.array([(date - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1) for date in dates])
    g = Graph(onnx, "float64")
    g.input("days", np.float64, ["rows"])
    for part, value in zip(parts, day_parts(g, "days", parts), strict=True):
        g.output(f"the {part}", value, np.float64, ["rows"])
    session = onnxruntime.InferenceSession(g.model(17, 2).SerializeToString())
    found = session.run(None, {"days": np.append(days, np.nan)})
    expected = [(d.month, d.day, d.weekday(), d.hour) for d in dates]
    assert np.array_equal(np.stack(found[1:], axis=1)[:-1], expected)
    assert np.array_equal(found[0][:-1], days)
    assert np.isnan(found)[:, -1].all()


def test_several_targets_keep_their_shape(table, targets):
    model = FaninRegressor(**FAST).fit(table, np.stack([targets, -targets], axis=1))
    assert_close(run(model, **inputs(model.encoder_, table))["prediction"], model.predict(table), 1e-6)


def test_quantiles_are_an_output_of_their_own(table, targets):
    model = FaninRegressor(loss="quantile", quantile=[0.1, 0.4, 0.9], **FAST).fit(table, targets)
    found = run(model, **inputs(model.encoder_, table))
    assert_close(found["prediction"], model.predict(table), 1e-6)
    assert_close(found["quantiles"], model.predict_quantiles(table), 1e-6)
    model = FaninRegressor(loss="quantile", quantile=0.3, **FAST).fit(table, targets)
    found = run(model, **inputs(model.encoder_, table))
    assert list(found) == ["prediction"]
    assert_close(found["prediction"], model.predict(table), 1e-6)


def test_an_array_of_numbers_is_one_input(rng):
    X = rng.normal(size=(100, 4))
    X[:, 1] = 3  # constant
    X[:, 2] = X[:, 2] > 0
    model = FaninRegressor(**FAST).fit(X, X[:, 0] + X[:, 3])
    X[4, 0] = X[5, 2] = np.nan
    for opset in (13, 20):
        assert_close(run(model, X, opset=opset)["prediction"], model.predict(X), 1e-6)
    text = model_of(model).doc_string
    assert "FaninRegressor" in text
    assert "x1  dropped: it is 3 in every row" in text


def test_an_array_of_objects_has_an_input_for_each_column():
    X = [[age, job] for age in range(20, 60) for job in ("clerk", "smith", "baker")]
    model = FaninClassifier(**FAST).fit(X, [age > 40 and job == "smith" for age, job in X])
    ages, jobs = zip(*X, strict=True)
    found = run(model, x0=np.array(ages, np.float64)[:, None], x1=np.array(jobs, object)[:, None])
    assert_close(found["probabilities"], model.predict_proba(X), 1e-6)


def test_sparse_rows_are_a_dense_input():
    X = sparse.random(100, 30, 0.1, format="csr", random_state=0)
    model = FaninRegressor(**FAST).fit(X, np.asarray(X.sum(axis=1)).ravel())
    assert_close(run(model, X.toarray())["prediction"], model.predict(X), 1e-6)


def test_names_of_columns_may_be_those_of_outputs_and_operators():
    rng = np.random.default_rng(0)
    names = ["label", "probabilities", "Add", "constant", "member1.layer1.weight"]
    table = pandas.DataFrame(rng.normal(size=(100, 5)), columns=names)
    model = FaninClassifier(**FAST).fit(table, table["label"] > table["Add"])
    found = run(model, **inputs(model.encoder_, table))
    assert list(found) == ["label_2", "probabilities_2"]
    assert_close(found["probabilities_2"], model.predict_proba(table), 1e-6)


def test_columns_that_onnx_cannot_say_are_named(tmp_path):
    notes = [
        f"a {word} room number {n}, which is rather {word}" for n in range(50) for word in ("warm", "cold")
    ]
    table = pandas.DataFrame({"beds": range(100), "note": notes})
    model = FaninClassifier(**FAST).fit(table, ["warm" in note for note in notes])
    with pytest.raises(ValueError, match='X: column "note": hashed text cannot be written as ONNX'):
        model.to_onnx(tmp_path / "model.onnx")
    table = pandas.DataFrame({"": [0.0, 1.0] * 50, "b": range(100)})
    model = FaninRegressor(**FAST).fit(table, np.arange(100.0))
    with pytest.raises(ValueError, match='X: column "": expected a name, which inputs of ONNX models need'):
        model.to_onnx(tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_only_fitted_estimators_of_tables_can_be_written(tmp_path):
    for model in (FaninClassifier(), FaninRegressor()):
        with pytest.raises(NotFittedError):
            model.to_onnx(tmp_path / "model.onnx")
