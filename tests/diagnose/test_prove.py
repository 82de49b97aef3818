"""Remedies are proved by fits with and without them, compared row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.diagnose import Finding, Remedy, prove, prove_all
from fanin.training.settings import Settings

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3))
Y = np.sin(2 * X[:, :1]) + 0.1 * RNG.normal(size=(300, 1))
XV = RNG.normal(size=(200, 3))
YV = np.sin(2 * XV[:, :1]) + 0.1 * RNG.normal(size=(200, 1))
FIT = {"rule": optim.Adam(0.01), "epochs": 10}


def new_net(**options):
    return fanin.Network(3, [fanin.Dense(16, "tanh"), fanin.Dense(1)], **options)


def finding_with(kind="slow_rate", **remedy):
    return Finding(kind, "", 1.0, 0.0, remedy=Remedy("do this", **remedy))


def proof_of(finding, net=None, X=X, y=Y, validation_data=(XV, YV), steps=None, **fit):
    net = new_net() if net is None else net
    found = prove(
        finding, net, Settings(**{**FIT, **fit}), X, y, validation_data=validation_data, steps=steps
    )
    assert found.proved == found.proof.improves
    return found.proof


def trained(net, X=X, y=Y, **fit):
    return net, net.fit(X, y, **{**FIT, "validation_data": (XV, YV), **fit})


def losses(net, X=XV, y=YV):
    return np.array([net.evaluate(X[i : i + 1], y[i : i + 1])["loss"] for i in range(len(y))])


def test_a_proof_compares_the_two_fits_row_by_row():
    proof = proof_of(finding_with(fit={"rule": optim.Adam(0.03)}), rule=optim.Adam(1e-4))
    (slow, old), (fast, new) = (trained(new_net(), rule=optim.Adam(rate)) for rate in (1e-4, 0.03))
    difference = losses(slow) - losses(fast)
    assert proof.difference == pytest.approx(difference.mean(), rel=1e-6)
    assert proof.standard_error == pytest.approx(difference.std(ddof=1) / math.sqrt(200), rel=1e-6)
    assert proof.improves
    assert (proof.measure, proof.rows, proof.reason) == ("loss", 200, "")
    for curve, history, net in ((proof.before, old, slow), (proof.after, new, fast)):
        assert (curve.loss, curve.val_loss) == (tuple(history.loss), tuple(history.val_loss))
        assert curve.error == pytest.approx(net.evaluate(XV, YV)["loss"], rel=1e-6)


def test_a_useless_remedy_is_not_proved():
    same = proof_of(finding_with(fit={"rule": optim.Adam(0.01)}))
    other = proof_of(finding_with(fit={"order_seed": 7}))
    assert (same.difference, same.standard_error, same.improves) == (0.0, 0.0, False)
    assert abs(other.difference) < 0.05
    assert not proof_of(finding_with(fit={"rule": optim.Adam(1e-5)})).improves


def test_standardizing_inputs_of_unequal_scales_is_proved():
    scales = np.array([1e-3, 1e3, 1.0])
    layers = (fanin.Standardize(), *new_net().layers)
    proof = proof_of(
        finding_with("unscaled_inputs", layers=layers), X=X * scales, validation_data=(XV * scales, YV)
    )
    assert proof.improves
    assert proof.measure == "loss"


def test_a_smaller_rate_is_proved_if_the_fit_diverged():
    proof = proof_of(finding_with("divergence", fit={"rule": optim.SGD(0.05)}), rule=optim.SGD(1e8))
    assert proof.improves
    assert (proof.difference, proof.standard_error, proof.before.error) == (math.inf, 0.0, math.inf)
    assert math.isfinite(proof.after.error)


def test_a_remedy_that_diverges_is_not_proved():
    proof = proof_of(finding_with(fit={"rule": optim.SGD(1e8)}))
    assert not proof.improves
    assert proof.reason.startswith("the fit with the remedy diverges: training diverged: in epoch 1")
    assert (proof.after.error, math.isnan(proof.difference)) == (math.inf, True)
    assert math.isfinite(proof.before.error)


def test_a_remedy_that_does_not_apply_has_a_reason():
    layers = (fanin.Dense(4, "relu"), fanin.Dense(2))
    proof = proof_of(finding_with(layers=layers))
    assert proof.reason.startswith("the remedy does not apply: validation_data: y: expected shape (200, 2)")
    assert not proof.improves
    for kind, columns in (("constant_columns", (0, 1, 2)), ("leak", (7,))):
        proof = proof_of(finding_with(kind, drop_columns=columns))
        assert proof.reason.startswith("the remedy does not apply: ")
        assert math.isfinite(proof.before.error)


def test_leaving_out_rows_with_huge_targets_is_proved():
    targets = Y.copy()
    targets[[5, 200]] = 1000
    proof = proof_of(finding_with("spike", drop_rows=(5, 200)), y=targets)
    net, _ = trained(new_net(), np.delete(X, [5, 200], axis=0), np.delete(targets, [5, 200], axis=0))
    assert proof.improves
    assert proof.after.error == pytest.approx(net.evaluate(XV, YV)["loss"], rel=1e-6)


def test_rows_to_leave_out_are_counted_in_the_given_data():
    labels = (X[:, 0] > 0).astype(int)
    net = fanin.Network(3, [fanin.Dense(2)], "softmax_cross_entropy")
    split = {"validation_fraction": 0.5, "validation_split": "stratified"}
    numbers = fanin.diagnose.rows.rows_trained(net, X, labels, Settings(**split))
    dropped = tuple(int(row) for row in numbers[:20])
    proof = proof_of(finding_with(drop_rows=dropped), net, y=labels, validation_data=None, **split)
    kept = numbers[20:]
    held = np.setdiff1d(np.arange(300), numbers)
    _, history = trained(net.copy(), X[kept], labels[kept], validation_data=(X[held], labels[held]))
    assert proof.after.val_loss == tuple(history.val_loss)
    assert proof.rows == 150


def test_a_column_that_leaks_is_shuffled_for_the_fit_that_has_it():
    leaking = np.hstack([X, Y])
    net = fanin.Network(4, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    proof = proof_of(
        finding_with("leak", drop_columns=(3,)),
        net,
        X=leaking,
        validation_data=(np.hstack([XV, YV]), YV),
        epochs=40,
    )
    assert proof.improves
    assert proof.measure == "loss, with column 3 shuffled"
    without, _ = trained(new_net(), epochs=40)
    assert proof.after.error == pytest.approx(without.evaluate(XV, YV)["loss"], rel=1e-6)
    assert proof.before.error > 2 * proof.before.val_loss[-1]


def test_leaving_out_a_column_that_does_not_leak_compares_the_rows_as_they_are():
    proof = proof_of(finding_with("constant_columns", drop_columns=(2,)))
    net, _ = trained(fanin.Network(2, new_net().layers), X[:, :2], validation_data=(XV[:, :2], YV))
    assert proof.measure == "loss"
    assert proof.after.error == pytest.approx(net.evaluate(XV[:, :2], YV)["loss"], rel=1e-6)


def test_networks_with_other_losses_are_compared_by_their_errors():
    labels, labels_v = (X[:, 0] > 0.5).astype(int), (XV[:, 0] > 0.5).astype(int)
    remedy = {
        "layers": (fanin.Dense(16, "tanh"), fanin.Dense(2)),
        "loss": fanin.losses.SoftmaxCrossEntropy(),
    }
    proof = proof_of(finding_with("wrong_loss", **remedy), y=labels, validation_data=(XV, labels_v))
    net, _ = trained(new_net(), y=labels, validation_data=(XV, labels_v))
    wrong = np.rint(net.predict(XV)) != labels_v
    assert proof.measure == "error rate"
    assert proof.before.error == pytest.approx(wrong.mean())
    huber = proof_of(finding_with("wrong_loss", loss=fanin.losses.Huber()))
    net, _ = trained(new_net())
    assert huber.measure == "squared error"
    assert huber.before.error == pytest.approx(((net.predict(XV) - YV) ** 2).mean(), rel=1e-6)


def test_findings_share_the_fit_as_it_was_and_those_without_a_remedy_stay():
    calls = []
    findings = [
        Finding("no_signal", "", 0.0, 0.0),
        finding_with(fit={"rule": optim.Adam(0.03)}),
        finding_with(fit={"rule": optim.LBFGS(), "batch_size": None}),
        finding_with(fit={"rule": optim.Adam("auto")}),
    ]
    settings = Settings(**FIT, callbacks=[lambda net, epoch, logs: calls.append(epoch)])
    net = new_net()
    proved = prove_all(findings, net, settings, X, Y, validation_data=(XV, YV))
    assert proved[0] is findings[0]
    assert len({found.proof.before.loss for found in proved[1:]}) == 1
    assert [found.kind for found in proved] == [found.kind for found in findings]
    solver, _ = trained(new_net(), rule=optim.LBFGS())
    auto, _ = trained(new_net(), rule=optim.Adam("auto"))
    assert proved[2].proof.after.error == pytest.approx(solver.evaluate(XV, YV)["loss"], rel=1e-5)
    assert proved[3].proof.after.error == pytest.approx(auto.evaluate(XV, YV)["loss"], rel=1e-5)
    assert calls == []
    assert net.to_bytes() == new_net().to_bytes()


def test_a_wrong_tuple_of_validation_data_is_named_in_the_error() -> None:
    X = np.linspace(-1, 1, 100)[:, None]
    diagnosis = fanin.Network(1, [fanin.Dense(1)]).fit(X, X, epochs=1, diagnose=True).diagnosis
    with pytest.raises(TypeError, match=r"^validation_data: expected a tuple"):
        diagnosis.prove(X, X, validation_data=(X,))
