"""Versions of ONNX's operators, and the package that writes models."""

from __future__ import annotations

from typing import Any

from fanin.checks import check_integer

OPSET = 17  # by default; runtimes have supported it since 2022
_OLDEST = 13  # axes of Squeeze and sizes of Split are inputs
ML_OPSET = 2  # of ai.onnx.ml, for LabelEncoder


def import_onnx() -> Any:
    """Return the package, or raise ImportError that says how to install it."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError as error:
        raise ImportError(
            'to_onnx: needs onnx, which cannot be imported; install it with pip install "fanin[onnx]"'
        ) from error
    return onnx


def check_opset(onnx: Any, opset: int) -> None:
    """Raise ValueError unless the installed package can write this version of the operators."""
    check_integer("opset", opset, 1)
    newest = onnx.defs.onnx_opset_version()
    if not _OLDEST <= opset <= newest:
        raise ValueError(f"opset: expected {_OLDEST} to {newest}, for onnx {onnx.__version__}, got {opset}")
