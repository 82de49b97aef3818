"""An ONNX graph under construction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Operand = str | NDArray[Any] | np.generic[Any] | float

MOST_BYTES = 2**31 - 2**24  # of a protobuf message, minus room for operators
Shape = Sequence[int | str | None] | None


class Graph:
    """Inputs, operators, constants and outputs, each with a name of its own.

    Operands are names of values, arrays, or numbers; these become constants, numbers in the type `dtype`.
    """

    def __init__(self, onnx: Any, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.sequences = False  # or rows
        self.columns = 0  # of rows of X
        self.lengths: str | None = None  # of the sequences, if they differ
        self.prefix = ""  # of the names of constants
        self._onnx, self._nodes = onnx, list[Any]()
        self._inputs, self._outputs, self._constants = list[Any](), list[Any](), list[Any]()
        self._taken: set[str] = set()
        self._bytes = 0

    def input(self, name: str, dtype: Any, shape: Shape, text: str = "") -> str:
        """Add an input, and return its name."""
        self._taken.add(name)
        self._inputs.append(self._value(name, dtype, shape, text))
        return name

    def output(self, name: str, value: str, dtype: Any, shape: Shape) -> None:
        """Add an output with this value; if an input has this name already, a number is appended."""
        name = self._named(name)
        self.add("Identity", value, name=name)
        self._outputs.append(self._value(name, dtype, shape))

    def constant(self, array: NDArray[Any], name: str = "constant") -> str:
        """Add a constant, and return its name."""
        name = self._named(f"{self.prefix}{name}")
        self._bytes += array.nbytes
        if self._bytes > MOST_BYTES:
            raise ValueError(
                "to_onnx: expected less than 2 GB of weights, the limit of ONNX models, got more"
            )
        given = np.ascontiguousarray(array).reshape(array.shape)
        self._constants.append(self._onnx.numpy_helper.from_array(given, name))
        return name

    def add(self, kind: str, *operands: Operand, name: str = "", **attributes: Any) -> str:
        """Add an operator with one output, and return the name of this output."""
        (output,) = self.add_several(kind, *operands, names=[name or self._named(kind)], **attributes)
        return output

    def add_several(
        self, kind: str, *operands: Operand, names: Sequence[str] = (), outputs: int = 1, **attributes: Any
    ) -> list[str]:
        """Add an operator, and return the names of its outputs."""
        results = list(names) or [self._named(kind) for _ in range(outputs)]
        inputs = [operand if isinstance(operand, str) else self._constant_of(operand) for operand in operands]
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, results, name=results[0], **attributes))
        return results

    def cast(self, value: str, dtype: Any) -> str:
        """Convert a value to another type."""
        return self.add("Cast", value, to=self._type(dtype))

    def map_nan(self, value: str, known: Operand, missing: Operand) -> str:
        """Return one operand where a value is NaN, and another elsewhere."""
        return self.add("Where", self.add("IsNaN", value), missing, known)

    def scan(
        self,
        states: Sequence[str],
        steps: Mapping[str, Any],
        advance: Callable[[list[str], list[str]], list[str]],
    ) -> list[str]:
        """Add a loop over the first axes of `steps`, names with types; return the last states, and all first states.

        `advance` adds the operators of a step: it gets the states and the values of the step, and returns new states.
        """
        before, now = [self._named("state") for _ in states], [self._named("step") for _ in steps]
        outer, self._nodes = self._nodes, []
        after = advance(before, now)
        results = dict.fromkeys([*after, self.add("Identity", after[0])], self.dtype)
        given = dict.fromkeys(before, self.dtype) | dict(zip(now, steps.values(), strict=True))
        ends = ([self._value(*end, None) for end in values.items()] for values in (given, results))
        body = self._onnx.helper.make_graph(self._nodes, "step", *ends)
        self._nodes = outer
        return self.add_several(
            "Scan", *states, *steps, outputs=len(results), body=body, num_scan_inputs=len(steps)
        )

    def model(self, opset: int, ml_opset: int) -> Any:
        """Return the graph as a model, without texts."""
        helper = self._onnx.helper
        versions = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml_opset)]
        graph = helper.make_graph(self._nodes, "fanin", self._inputs, self._outputs, self._constants)
        return helper.make_model(
            graph, opset_imports=versions, ir_version=helper.find_min_ir_version_for(versions)
        )

    def _constant_of(self, operand: NDArray[Any] | np.generic[Any] | float) -> str:
        is_array = isinstance(operand, np.ndarray | np.generic)
        return self.constant(np.asarray(operand) if is_array else np.array(operand, self.dtype))

    def _named(self, base: str) -> str:
        name, number = base, 1
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name

    def _value(self, name: str, dtype: Any, shape: Shape, text: str = "") -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._type(dtype), shape, text)

    def _type(self, dtype: Any) -> Any:
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
