"""Pictures of a diagnosis show what was measured, epoch by epoch, with the findings marked."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from diagnosed import (
    DIVERGED,
    EDGES,
    PROVED,
    MadeUp,
    diagnosed,
    diverged,
    network,
    solved,
    watched_of,
)
from fanin import plot
from fanin.diagnose import Finding
from fanin.plot.history import of_fit
from helpers import refuse_imports


def finding(proof=PROVED, epoch=None):
    return Finding("spike", "A jump.", 9.0, 5.0, epoch=epoch, proof=proof)


def labelled(axes):
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_curves_show_both_losses_and_the_rate_by_epoch():
    made = diagnosed()
    losses, metric, rates = of_fit(made.history, made.findings).axes
    lines = labelled(losses)
    assert list(lines) == ["training", "validation"]
    assert list(lines["training"].get_xdata()) == list(range(1, 21))
    assert list(lines["training"].get_ydata()) == made.history.loss
    assert list(lines["validation"].get_ydata()) == made.history.val_loss
    assert list(metric.lines[0].get_ydata()) == made.history.val_metric
    assert list(rates.lines[0].get_ydata()) == made.history.learning_rate
    assert (losses.get_yscale(), rates.get_yscale()) == ("linear", "log")


def test_findings_are_marked_at_their_epochs_those_near_each_other_together():
    epochs = [13, None, 3, 13]
    made = replace(diagnosed(), findings=tuple(finding(epoch=epoch) for epoch in epochs))
    losses = of_fit(made.history, made.findings).axes[0]
    assert [text.get_text() for text in losses.texts] == ["3", "1, 4"]
    dotted = [line.get_xdata()[0] for line in losses.lines if line.get_linestyle() == ":"]
    assert dotted == [3, 13]
    long = replace(EDGES["long"](), findings=tuple(finding(epoch=epoch) for epoch in (1000, 1010, 2000)))
    assert [text.get_text() for text in of_fit(long.history, long.findings).axes[0].texts] == ["1, 2", "3"]


def test_gaps_in_a_curve_are_left_out_and_single_epochs_are_dots():
    made = diagnosed()
    made.history.loss[1], made.history.loss[3] = math.inf, math.nan
    line, dots = of_fit(made.history, made.findings).axes[0].lines[:2]
    assert np.isnan(line.get_ydata()[[1, 3]]).all()
    assert list(dots.get_xdata()) == [1, 3]


def test_layers_are_rows_and_records_are_columns_of_heat_maps():
    made = diagnosed()
    figure = plot.layers(made)
    maps = {axes.get_title(loc="left"): axes for axes in figure.axes[:6]}
    watched = made.watched
    for title, values, names in (
        ("Dead units (share)", watched.dead, watched.layers),
        ("Saturated units (share)", watched.saturated, watched.layers),
        ("Mean of activations", watched.mean, watched.layers),
        ("Deviation of activations", watched.deviation, watched.layers),
        ("Gradient (log10 of rms)", np.log10(watched.gradient_of_layer[:, 1:]), watched.layers[1:]),
        ("Update / weight (log10)", np.log10(watched.ratio), watched.arrays),
    ):
        axes = maps[title]
        (mesh,) = axes.collections
        np.testing.assert_array_equal(mesh.get_array().filled(np.nan), values.T)
        assert [label.get_text() for label in axes.get_yticklabels()] == list(names)
        assert axes.yaxis_inverted()
    low, high = maps["Mean of activations"].collections[0].get_clim()
    assert low == -high
    assert maps["Dead units (share)"].collections[0].get_clim() == (0, 1)


def test_columns_are_as_wide_as_their_record_has_epochs():
    net = network(8)
    watched = replace(watched_of(net, 9, 3), epochs=np.array([2, 4, 9]))
    (mesh,) = plot.layers(MadeUp((), net, watched=watched)).axes[0].collections
    assert list(mesh.get_coordinates()[0, :, 0]) == [0.5, 2.5, 4.5, 9.5]


def test_a_deep_network_has_labels_for_some_of_its_rows():
    net = network(*[2] * 60)
    axes = plot.layers(MadeUp((), net, watched=watched_of(net, 3, 3))).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[:3] == ["inputs", "layer3", "layer6"]
    assert len(labels) == 21


def test_a_proof_shows_the_fit_as_it_was_and_with_the_remedy():
    for axes, name in zip(plot.proof(finding()).axes, ("loss", "val_loss"), strict=True):
        lines = labelled(axes)
        assert tuple(lines["as it was"].get_ydata()) == getattr(PROVED.before, name)
        assert tuple(lines["with the remedy"].get_ydata()) == getattr(PROVED.after, name)


@pytest.mark.parametrize("value", [0.0, math.nan, math.inf, 1e300, -1e300, 1e-300])
def test_figures_that_are_the_same_everywhere_can_be_drawn(value, tmp_path):
    net = network()
    made = MadeUp((), net, watched=watched_of(net, 1, 1, value=value))
    plot.layers(made).savefig(tmp_path / "layers.png")
    assert (tmp_path / "layers.png").stat().st_size > 5_000


def test_a_fit_without_a_finite_loss_can_be_drawn(tmp_path):
    for made in (diverged(), EDGES["stopped at once"]()):
        figure = of_fit(made.history, made.findings)
        assert "nothing finite to show" in [text.get_text() for text in figure.axes[0].texts]
        figure.savefig(tmp_path / "curves.png")
    plot.proof(finding(DIVERGED)).savefig(tmp_path / "proof.png")


def test_what_is_no_diagnosis_is_rejected_by_plots():
    for of_solver in (solved(), 1):
        with pytest.raises(TypeError, match="expected the diagnosis of a fit that was watched, got "):
            plot.layers(of_solver)
    with pytest.raises(ValueError, match="diagnosis: expected at least one record of the layers, got none"):
        plot.layers(EDGES["stopped at once"]())
    with pytest.raises(TypeError, match="finding: expected a finding with a proof, got "):
        plot.proof(finding(proof=None))


@pytest.mark.parametrize(
    "draw",
    [
        lambda made: of_fit(made.history, made.findings),
        plot.layers,
        lambda made: plot.proof(made.findings[0]),
    ],
)
def test_without_matplotlib_plots_of_a_diagnosis_name_the_extra(draw, monkeypatch):
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'fanin.plot: needs matplotlib, .*pip install "fanin\[plot\]"'):
        draw(diagnosed())
