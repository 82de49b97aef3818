"""Layers, as values: one kind a file."""

from __future__ import annotations

from fanin.layers.batch_norm import BatchNorm
from fanin.layers.dense import Activation, Dense, InitializerName
from fanin.layers.dropout import Dropout
from fanin.layers.layer import Layer
from fanin.layers.list_of_layers import BY_NAME, check_layers, described

__all__ = [
    "BY_NAME",
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "InitializerName",
    "Layer",
    "check_layers",
    "described",
]
