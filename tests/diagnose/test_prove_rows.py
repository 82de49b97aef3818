"""Which rows compare fits in a proof, and the limits and callbacks of these fits."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import fanin
from fanin import optim
from fanin.diagnose import Finding, Remedy, prove, prove_all
from fanin.training.settings import Settings
from fanin.training.steps import Steps

RNG = np.random.default_rng(1)
X = RNG.normal(size=(200, 2))
Y = X[:, :1] - X[:, 1:]
FIT = {"rule": optim.SGD(1e-3), "epochs": 5}
FASTER = Remedy("raise the rate", fit={"rule": optim.SGD(0.1)})


def new_net():
    return fanin.Network(2, [fanin.Dense(1)], seed=3)


def proof_of(remedy=FASTER, X=X, y=Y, validation_data=None, steps=None, **fit):
    finding = Finding("slow_rate", "", 0.0, 1.0, remedy=remedy)
    settings = Settings(**{**FIT, **fit})
    return prove(finding, new_net(), settings, X, y, validation_data=validation_data, steps=steps).proof


def test_a_tenth_of_the_rows_is_held_out_if_there_are_no_validation_data():
    proof, again = proof_of(), proof_of()
    assert proof.rows == 20
    assert proof.improves
    assert (proof.difference, proof.standard_error) == (again.difference, again.standard_error)


@pytest.mark.parametrize("split", [{"validation_fraction": 0.25}, {"validation_data": (X[150:], Y[150:])}])
def test_the_validation_rows_of_the_fit_are_those_of_the_proof(split):
    net, settings = new_net(), {**FIT, **split}
    finding = Finding("slow_rate", "", 0.0, 1.0, remedy=FASTER)
    proof = prove(finding, net.copy(), Settings(**settings), X, Y).proof
    history = net.fit(X, Y, **settings)
    assert (proof.before.loss, proof.before.val_loss) == (tuple(history.loss), tuple(history.val_loss))
    assert proof.rows == 50
    assert proof.before.error == pytest.approx(net.evaluate(X[150:], Y[150:])["loss"], rel=1e-6)


def test_sample_weights_of_validation_rows_count():
    weights = np.r_[np.zeros(90), np.full(10, 2.0)]
    weighted = proof_of(validation_data=(X[:100], Y[:100], weights))
    plain = proof_of(validation_data=(X[90:100], Y[90:100]))
    assert weighted.rows == plain.rows == 10
    assert weighted.difference == pytest.approx(plain.difference)
    assert weighted.standard_error == pytest.approx(plain.standard_error)


def test_more_weight_for_some_rows_moves_the_mean_and_its_error():
    weights = RNG.uniform(0.5, 3, size=100)
    proof = proof_of(validation_data=(X[:100], Y[:100], weights))
    nets = [new_net(), new_net()]
    for net, rule in zip(nets, (FIT["rule"], optim.SGD(0.1)), strict=True):
        net.fit(X, Y, rule=rule, epochs=5)
    before, after = (0.5 * (net.predict(X[:100]) - Y[:100])[:, 0] ** 2 for net in nets)
    mean = np.average(before - after, weights=weights)
    spread = (weights**2 * (before - after - mean) ** 2).sum() * 100 / 99
    assert proof.difference == pytest.approx(mean, rel=1e-5)
    assert proof.standard_error == pytest.approx(math.sqrt(spread) / weights.sum(), rel=1e-5)


@pytest.mark.parametrize(("rows", "reason"), [(1, "there are no rows to compare on"), (2, "fewer than two")])
def test_one_row_is_not_enough_to_prove_anything(rows, reason):
    proof = proof_of(X=X[:rows], y=Y[:rows])
    assert reason in proof.reason
    assert not proof.improves


@pytest.mark.parametrize("kind", ["csr", "csc", "list"])
def test_sparse_rows_and_lists_are_proved_too(kind):
    data = X.tolist() if kind == "list" else scipy.sparse.csr_array(X).asformat(kind)
    expected, found = proof_of(), proof_of(X=data)
    assert found.difference == pytest.approx(expected.difference)
    dropped = Remedy("drop a column", drop_columns=(1,))
    assert not proof_of(dropped, X=data).improves
    assert proof_of(dropped, X=data).reason == ""


def test_early_stopping_in_a_remedy_sees_other_rows_than_those_that_compare():
    stop = fanin.EarlyStopping(patience=2)
    proof = proof_of(
        Remedy("stop early", fit={"callbacks": [stop], "validation_fraction": 0.1}),
        validation_data=(X[:101], Y[:101]),
    )
    assert proof.rows == 50
    assert len(proof.after.val_loss) == 5


def test_callbacks_of_the_fit_act_in_both_fits_of_a_proof():
    stop = fanin.EarlyStopping(patience=1, min_delta=10)
    proof = proof_of(callbacks=[stop], epochs=9)
    assert len(proof.before.loss) == len(proof.after.loss) == 2
    assert stop.best_weights is None


def test_a_fit_with_a_limit_of_time_is_proved_in_its_steps():
    rule, net = optim.SGD(optim.Cosine(1e-3)), new_net()
    history = net.fit(X, Y, rule=rule, epochs=4, max_time=100.0, validation_data=(X, Y))
    options = {"rule": rule, "epochs": 4, "max_time": 100.0, "validation_data": (X, Y)}
    assert proof_of(**options, steps=history.steps).before.loss == tuple(history.loss)
    longer = proof_of(
        Remedy("train longer", fit={"max_time": 200.0, "epochs": 10}), **options, steps=Steps(7)
    )
    assert (len(longer.before.loss), len(longer.after.loss)) == (1, 2)
    with pytest.raises(ValueError, match="steps: expected the steps of the fit, because max_time limits it"):
        proof_of(**options)


def test_more_epochs_are_a_remedy_too():
    proof = proof_of(Remedy("train longer", fit={"epochs": 50}))
    assert (len(proof.before.loss), len(proof.after.loss)) == (5, 50)
    assert proof.improves


def test_a_remedy_that_the_start_of_the_fit_does_not_allow_has_a_reason():
    net = new_net()
    net.fit(X, Y, rule=optim.Adam(), epochs=1)
    finding = Finding("slow_rate", "", 0.0, 1.0, remedy=Remedy("", fit={"rule": optim.Adam("auto")}))
    proof = prove(finding, net, Settings(rule=optim.Adam(), epochs=2), X, Y).proof
    assert proof.reason.startswith(
        "the remedy does not apply: learning_rate: expected a number or a schedule, because this network continues"
    )
    assert (len(proof.before.loss), proof.after.loss) == (2, ())


def test_frames_are_proved_with_their_columns_in_order():
    frame, y = pd.DataFrame(X, columns=["a", "b"]), pd.Series(Y[:, 0])
    validation = frame[["b", "a"]][:50], y[:50]
    expected = proof_of(validation_data=(X[:50], Y[:50]))
    assert proof_of(X=frame, y=y, validation_data=validation).difference == expected.difference
    dropped = Remedy("drop a column", drop_columns=(1,))
    expected = proof_of(dropped, validation_data=(X[:50], Y[:50]))
    assert proof_of(dropped, X=frame, y=y, validation_data=validation).difference == expected.difference


def test_findings_without_remedies_need_no_fit():
    finding = Finding("no_signal", "", 0.0, 1.0)
    assert prove_all([finding], new_net(), Settings(), X[:0], Y[:0]) == (finding,)
    assert prove_all([], new_net(), Settings(), X, Y) == ()


def test_data_that_the_fit_would_refuse_are_refused():
    for data, words in (
        ({"X": X[:, :1]}, "^X: expected 2 columns"),
        ({"X": X * np.nan}, "^X: row 0, column 0 is nan"),
        ({"X": "a"}, "^X: expected real numbers"),
        ({"y": Y[:50]}, "^y: expected 200 rows to match X, got 50"),
        ({"X": X[:0], "y": Y[:0]}, "^X: expected at least one row"),
        ({"validation_data": 3}, r"^validation_data: expected a tuple \(X, y\)"),
        ({"validation_data": (X[:, :1], Y)}, "^validation_data: X: expected 2 columns"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            proof_of(**data)
    with pytest.raises(TypeError, match=r"findings: expected a fanin\.diagnose\.Finding, got None"):
        prove(None, new_net(), Settings(), X, Y)
