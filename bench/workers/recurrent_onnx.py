"""ONNX Runtime on streams, whose nets cannot be trained."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
from onnxruntime import OrtValue

from bench.recurrent import Sequences, Stream, weights
from bench.workers.onnx import VERSION, session
from bench.workers.sequences import stream_task
from bench.workers.serve import Task

__all__ = ["VERSION", "recurrent"]


def gates(*arrays: Any) -> Any:
    """Arrays one after the other, their gates in the order i, o, f, c instead of PyTorch's i, f, g, o."""
    return np.concatenate([np.split(array, 4)[gate] for array in arrays for gate in (0, 3, 1, 2)])[None]


def net(case: Stream) -> Any:
    """From a row with h and c to an output with the next h and c."""
    inputs, units, outputs = case.sizes
    start = weights(case)
    arrays = {
        "w": gates(start["weight_ih_l0"]),
        "r": gates(start["weight_hh_l0"]),
        "b": gates(start["bias_ih_l0"], start["bias_hh_l0"]),
        "v": start["weight"].T.copy(),
        "a": start["bias"],
    }
    state = f"float[1, 1, {units}]"
    text = f"""(float[1, 1, {inputs}] x, {state} h, {state} c)
        => (float[1, 1, {outputs}] y, {state} next_h, {state} next_c) {{
        values, next_h, next_c = LSTM<hidden_size = {units}>(x, w, r, b, , h, c)
        product = MatMul(next_h, v)
        y = Add(product, a)
    }}"""
    return session(text, arrays)


def value(size: int) -> Any:
    """A row of zeros of its own: ONNX Runtime shares the memory of the array."""
    return OrtValue.ortvalue_from_numpy(np.zeros((1, 1, size), np.float32))


def stream(case: Stream) -> Task:
    """Bound values instead of new arrays, which take longer: a step leaves the state in the other of two."""
    inputs, units, outputs = case.sizes
    x, y = value(inputs), value(outputs)
    states = [{name: value(units) for name in "hc"} for _ in range(2)]
    of_net, bindings = net(case), []
    for before, after in (states, states[::-1]):
        binding = of_net.io_binding()
        binding.bind_ortvalue_input("x", x)
        binding.bind_ortvalue_output("y", y)
        for name in "hc":
            binding.bind_ortvalue_input(name, before[name])
            binding.bind_ortvalue_output(f"next_{name}", after[name])
        bindings.append(binding)
    turns = cycle(bindings)

    def step(row: Any) -> Any:
        x.update_inplace(row)
        of_net.run_with_iobinding(next(turns))
        return y.numpy()

    def reset() -> None:
        for state in states:
            for of in state.values():
                of.update_inplace(np.zeros((1, 1, units), np.float32))

    return stream_task(case, step, reset, lambda row: row[None])


def recurrent(case: Sequences) -> Iterator[Task]:
    if isinstance(case, Stream):
        yield stream(case)
