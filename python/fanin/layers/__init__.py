"""Layers, as values: one kind a file."""

from __future__ import annotations

from fanin.layers.batch_norm import BatchNorm
from fanin.layers.dense import Activation, Dense, InitializerName
from fanin.layers.dropout import Dropout
from fanin.layers.list_of_layers import Layer, LayerSpecification, check_layers, specifications

__all__ = [
    "Activation",
    "BatchNorm",
    "Dense",
    "Dropout",
    "InitializerName",
    "Layer",
    "LayerSpecification",
    "check_layers",
    "specifications",
]
