"""Pictures of weights and confusion matrices show the numbers that they are made of."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import plot
from helpers import refuse_imports


def grid_of(figure):
    (image,) = figure.axes[0].images
    return np.ma.filled(image.get_array().astype(float), np.nan)


def test_each_unit_has_a_picture_of_its_weights_on_one_symmetrical_scale(tmp_path):
    net = fanin.Network(12, [fanin.Dense(5, "relu"), fanin.Dense(2)])
    W = net.get_weights()["layer1.weight"]
    figure = plot.weights(net, (3, 4))
    grid, (low, high) = grid_of(figure), figure.axes[0].images[0].get_clim()
    assert low == -high == -np.abs(W).max()
    shown = [
        grid[top : top + 3, left : left + 4]
        for top in range(0, grid.shape[0], 4)
        for left in range(0, grid.shape[1], 5)
    ]
    for unit in range(5):
        np.testing.assert_array_equal(shown[unit].ravel(), W[:, unit])
    assert np.isfinite(grid).sum() == 60
    assert figure.axes[0].get_title(loc="left") == "Weights of layer1: 5 units"
    figure.savefig(tmp_path / "weights.png", backend="agg")
    assert (tmp_path / "weights.png").stat().st_size > 5_000


def test_a_layer_that_makes_images_shows_its_rows():
    net = fanin.Network(6, [fanin.Dense(3, "tanh"), fanin.Dense(12)])
    figure = plot.weights(net, (4, 3))
    assert figure.axes[0].get_title(loc="left") == "Weights of layer2: 3 units"
    np.testing.assert_array_equal(grid_of(figure)[:4, :3].ravel(), net.get_weights()["layer2.weight"][0])


def test_units_can_be_chosen_and_are_otherwise_the_first_ones():
    W = np.arange(400.0).reshape(4, 100)
    figure = plot.weights(W, (2, 2), units=[7, 3])
    np.testing.assert_array_equal(grid_of(figure)[:2, :2].ravel(), W[:, 7])
    assert figure.axes[0].get_title(loc="left") == "Weights: 2 of 100 units"
    assert np.isfinite(grid_of(plot.weights(W, (2, 2)))).sum() == 64 * 4


def test_the_layer_can_be_named_if_several_fit():
    net = fanin.Network(4, [fanin.Dense(4), fanin.Dense(4)])
    assert (
        plot.weights(net, (2, 2), layer="layer2").axes[0].get_title(loc="left")
        == "Weights of layer2: 4 units"
    )
    zeros = fanin.Network(4, [fanin.Dense(1, initializer="zeros")])
    assert plot.weights(zeros, (2, 2)).axes[0].images[0].get_clim() == (-1, 1)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            ((2, 3),),
            {},
            ValueError,
            r"got images of 2 x 3 = 6 pixels, but the weights are layer1.weight \(4, 5\); layer2",
        ),
        ((4,), {}, TypeError, "image_shape: expected two integers, rows and columns of an image, got 4"),
        (((2, 2, 1),), {}, ValueError, r"image_shape: expected two integers, .*, got \(2, 2, 1\)"),
        (((2, 0),), {}, ValueError, r"image_shape\[1\]: expected at least 1, got 0"),
        (((2, 2),), {"layer": "layer3"}, ValueError, "layer: expected one of layer1, layer2, got 'layer3'"),
        (
            ((2, 2),),
            {"units": [5]},
            ValueError,
            r"units\[0\]: expected less than 5, the number of units, got 5",
        ),
        (((2, 2),), {"units": []}, ValueError, "units: expected at least one unit, got none"),
        (((2, 2),), {"units": [0.5]}, TypeError, r"units\[0\]: expected an integer, got 0.5"),
    ],
    ids=str,
)
def test_weights_that_are_no_pictures_get_a_clear_message(arguments, options, error, message):
    net = fanin.Network(4, [fanin.Dense(5), fanin.Dense(1)])
    with pytest.raises(error, match=message):
        plot.weights(net, *arguments, **options)


def test_an_array_of_weights_must_fit_the_image():
    with pytest.raises(ValueError, match=r"net: expected weights of shape \(4, units\) for images of 2 x 2"):
        plot.weights(np.ones((3, 4)), (2, 2))
    with pytest.raises(ValueError, match="layer: expected None for an array of weights, got 'layer1'"):
        plot.weights(np.ones((4, 4)), (2, 2), layer="layer1")


def cells(figure):
    return [text.get_text().split("\n") for text in figure.axes[0].texts]


def ticks(figure):
    axes = figure.axes[0]
    return [
        [label.get_text() for label in labels] for labels in (axes.get_yticklabels(), axes.get_xticklabels())
    ]


def test_a_confusion_matrix_has_counts_and_shares_of_the_true_classes(tmp_path):
    figure = plot.confusion([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0])
    assert cells(figure) == [
        ["2", "67 %"],
        ["1", "33 %"],
        ["0"],
        ["0"],
        ["1", "100 %"],
        ["0"],
        ["1", "50 %"],
        ["0"],
        ["1", "50 %"],
    ]
    np.testing.assert_allclose(grid_of(figure), [[2 / 3, 1 / 3, 0], [0, 1, 0], [0.5, 0, 0.5]])
    assert ticks(figure) == [["0", "1", "2"]] * 2
    assert figure.axes[0].get_title(loc="left") == "Accuracy 66.7 % of 6 rows"
    figure.savefig(tmp_path / "confusion.png", backend="agg")
    assert (tmp_path / "confusion.png").stat().st_size > 5_000


def test_predictions_may_be_probabilities_and_classes_have_names():
    predicted = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]], dtype="float32")
    figure = plot.confusion([0, 1], predicted, names=["cat", "dog", "bird of many letters indeed"])
    assert ticks(figure) == [["cat", "dog", "bird of many letters ..."]] * 2
    assert [cell[0] for cell in cells(figure)] == ["1", "0", "0", "0", "1", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    ("y", "predicted", "expected"),
    [
        (["no", "yes"], ["yes", "yes"], ["no", "yes"]),
        ([True, False], [True, True], ["False", "True"]),
        (np.array(["b", "a"], dtype=object), ["a", "a"], ["a", "b"]),
        ([1.0, 3.0], [3, 3], ["1", "3"]),
    ],
    ids=str,
)
def test_labels_may_be_texts_booleans_and_whole_numbers(y, predicted, expected):
    assert ticks(plot.confusion(y, predicted)) == [expected] * 2


def test_many_classes_have_no_texts_in_cells_and_fewer_names():
    figure = plot.confusion(range(90), range(90))
    assert cells(figure) == []
    assert ticks(figure)[0][:3] == ["0", "3", "6"]


@pytest.mark.parametrize(
    ("arguments", "names", "error", "message"),
    [
        (([0, 1], [0]), None, ValueError, "predicted: expected 2 rows, as y has, got 1"),
        (([], []), None, ValueError, "y: expected at least one row, got none"),
        (
            ([[0], [1]], [0, 1]),
            None,
            ValueError,
            r"y: expected labels of shape \(n_samples,\), got shape \(2, 1\)",
        ),
        (
            ([0.5, 1], [0, 1]),
            None,
            TypeError,
            "y: expected labels: integers, booleans or strings, got float64",
        ),
        (
            ([0, 1], [0.2, 0.8]),
            None,
            ValueError,
            r"got probabilities of shape \(2,\); of two classes, predicted > 0.5",
        ),
        (
            ([0, 1], [[0, 1], [1, 0]]),
            None,
            TypeError,
            "predicted: expected probabilities in 2 dimensions, got int64",
        ),
        ((["a"], [0]), None, TypeError, "predicted: expected labels like those of y, <U1, got int64"),
        (([0, 3], [0, 1]), ["a", "b"], ValueError, "names: expected names of the classes 0 to 3, got 2"),
        ((["a", "b"], ["a", "b"]), ["A"], ValueError, "names: expected names of 2 classes, got 1"),
        (([0, 1], [0, 1]), "ab", TypeError, "names: expected a list of names, got 'ab'"),
    ],
    ids=str,
)
def test_what_makes_no_confusion_matrix_gets_a_clear_message(arguments, names, error, message):
    with pytest.raises(error, match=message):
        plot.confusion(*arguments, names=names)


@pytest.mark.parametrize(
    "draw",
    [lambda: plot.weights(np.ones((4, 1)), (2, 2)), lambda: plot.confusion([0], [0])],
    ids=["weights", "confusion"],
)
def test_without_matplotlib_pictures_of_numbers_name_the_extra(draw, monkeypatch):
    refuse_imports(monkeypatch, "matplotlib")
    with pytest.raises(ImportError, match=r'needs matplotlib, .*pip install "fanin\[plot\]"'):
        draw()
