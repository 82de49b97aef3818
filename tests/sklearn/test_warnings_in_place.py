"""Warnings point at the line of the user that led to them."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from fanin.sklearn import MLPClassifier

X, LABELS = np.random.RandomState(0).normal(size=(60, 3)), np.arange(60) % 2


def network(**parameters):
    return MLPClassifier(hidden_layer_sizes=(2,), max_iter=1, random_state=0, **parameters)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (lambda: network().fit(X, LABELS), "Maximum iterations"),
        (lambda: network(solver="lbfgs").fit(X, LABELS), "failed to converge"),
        (lambda: network(batch_size=100).partial_fit(X, LABELS, classes=[0, 1]), "`batch_size` less than 1"),
        (lambda: network().fit(X, LABELS[:, None]), "A column-vector y was passed"),
        (lambda: make_pipeline(network()).fit(X, LABELS), "Maximum iterations"),
        (lambda: GridSearchCV(network(), {"alpha": [0, 1]}, cv=2).fit(X, LABELS), "Maximum iterations"),
    ],
)
def test_warnings_point_here(train, message):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train()
    found = [warning for warning in caught if message in str(warning.message)]
    assert found
    assert {warning.filename for warning in found} == {str(Path(__file__))}
