"""LevenbergMarquardt and HessianFree as values."""

import dataclasses
import pickle

import numpy as np
import pytest

from fanin import optim


@pytest.mark.parametrize(
    ("hyper_parameters", "error", "message"),
    [
        ({"regularization": "l2"}, ValueError, r"regularization: expected one of bayes, got 'l2'"),
        ({"regularization": True}, TypeError, "regularization: expected"),
        ({"geodesic": 1}, TypeError, "geodesic: expected"),
        ({"damping": 0}, ValueError, r"damping: expected a number in \(0, infinity\), got 0"),
        ({"damping": True}, TypeError, "damping: expected a number, got True"),
        ({"largest_damping": np.inf}, ValueError, "largest_damping: expected a finite number"),
        ({"gradient_tolerance": np.nan}, ValueError, "gradient_tolerance: expected a finite number"),
        ({"settled": -1}, ValueError, r"settled: expected a number in \[0, infinity\), got -1"),
        ({"l2": -1}, ValueError, r"l2: expected a number in \[0, infinity\), got -1"),
    ],
)
def test_hyper_parameters_of_levenberg_marquardt_are_checked(hyper_parameters, error, message):
    with pytest.raises(error, match=message):
        optim.LevenbergMarquardt(**hyper_parameters)


@pytest.mark.parametrize(
    ("hyper_parameters", "error", "message"),
    [
        ({"damping": 0}, ValueError, r"damping: expected a number in \(0, infinity\), got 0"),
        ({"cg_iterations": 0}, ValueError, "cg_iterations: expected"),
        ({"cg_iterations": 2.5}, TypeError, "cg_iterations: expected"),
        ({"cg_tolerance": -1}, ValueError, "cg_tolerance: expected"),
        ({"sample": 0}, ValueError, r"sample: expected a number in \(0, 1\], got 0"),
        ({"sample": 1.1}, ValueError, r"sample: expected a number in \(0, 1\], got 1.1"),
        ({"loss_tolerance": "none"}, TypeError, "loss_tolerance: expected a number, got 'none'"),
    ],
)
def test_hyper_parameters_of_hessian_free_are_checked(hyper_parameters, error, message):
    with pytest.raises(error, match=message):
        optim.HessianFree(**hyper_parameters)


def test_curvature_solvers_are_frozen_values():
    solvers = [optim.LevenbergMarquardt(regularization="bayes", damping=1), optim.HessianFree(sample=1)]
    for solver in solvers:
        assert pickle.loads(pickle.dumps(solver)) == solver != type(solver)()
        with pytest.raises(dataclasses.FrozenInstanceError):
            solver.damping = 2.0


def test_the_core_knows_no_regularization_by_name():
    assert optim.LevenbergMarquardt().values()["regularization"] == "none"
    assert optim.LevenbergMarquardt(regularization="bayes").values()["regularization"] == "bayes"
