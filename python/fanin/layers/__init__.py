"""Layers, as values: one kind per file."""

from __future__ import annotations

from fanin.layers.activation import Activation, ActivationName
from fanin.layers.batch_norm import BatchNorm
from fanin.layers.dense import Dense, InitializerName
from fanin.layers.dropout import Dropout
from fanin.layers.embedding import Embedding
from fanin.layers.layer import Layer
from fanin.layers.list_of_layers import (
    BY_NAME,
    all_inside,
    check_layers,
    columns_through,
    described,
    restored,
)
from fanin.layers.one_hot import OneHot
from fanin.layers.piecewise_linear import PiecewiseLinear
from fanin.layers.quantile import Quantile
from fanin.layers.recurrent import GRU, LSTM, Recurrent
from fanin.layers.residual import Residual
from fanin.layers.robust_scale import RobustScale
from fanin.layers.standardize import MissingName, Standardize
from fanin.layers.tied import Tied
from fanin.layers.whiten import Whiten

KINDS = (
    Dense,
    BatchNorm,
    Dropout,
    Activation,
    Residual,
    Standardize,
    RobustScale,
    Quantile,
    Whiten,
    PiecewiseLinear,
    OneHot,
    Embedding,
    Recurrent,
    GRU,
    LSTM,
    Tied,
)
CODING = (PiecewiseLinear, OneHot)  # they learn an encoder, not a map of each column
BY_NAME.update({kind.name: kind for kind in KINDS})

__all__ = [
    "BY_NAME",
    "CODING",
    "GRU",
    "LSTM",
    "Activation",
    "ActivationName",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Embedding",
    "InitializerName",
    "Layer",
    "MissingName",
    "OneHot",
    "PiecewiseLinear",
    "Quantile",
    "Recurrent",
    "Residual",
    "RobustScale",
    "Standardize",
    "Tied",
    "Whiten",
    "all_inside",
    "check_layers",
    "columns_through",
    "described",
    "restored",
]
