"""The comment at the top of a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import fill
from typing import Any

from fanin import _core
from fanin.checks import counted
from fanin.export.c.body import FLOAT
from fanin.export.c.frame import named
from fanin.export.c.program import Program
from fanin.layers import Embedding

_ROW = """
    float x[MODEL_INPUTS] = {...}, y[MODEL_OUTPUTS];
    model_predict(x, y);
"""
_STEPS = """
    model_state state;                   the state of one sequence
    model_reset(&state);                 before its first step
    model_step(&state, x, y);            a step: inputs x[MODEL_INPUTS], outputs y[MODEL_OUTPUTS]
"""
_SEQUENCE = """    model_predict(sequence, steps, y);   or all steps: sequence[steps][MODEL_INPUTS], {}
"""


def about(program: Program, net: Any) -> str:
    """Return the comment: what the network is, how to call it, and what a call costs."""
    sequences = bool(program.states)
    call = _ROW
    if sequences:
        outputs = "y[steps][MODEL_OUTPUTS]" if len(program.bodies) == 1 else "y[MODEL_OUTPUTS]"
        call = _STEPS + _SEQUENCE.format(outputs)
    threads = "Threads may call it at the same time"
    if sequences:
        threads += ", with a state each"
    if any(body.bytes for body in program.bodies):
        threads += f", unless {program.prefix.upper()}_STORAGE is static"
    first, *others = (
        fill(_harmless(text), 96, initial_indent="  ", subsequent_indent="  ")
        for text in (
            f"{program.prefix}: a neural network, exported by fanin {_core.__version__}.",
            repr(net).removeprefix("<fanin.Network ").removesuffix(">").replace(f", {net.dtype}", ""),
            _columns("x", net.column_names.get("X"), _inputs(net)),
            _columns("y", net.column_names.get("y"), counted(net.n_outputs, net._loss._prediction)),
            _cost(program),
            f"It allocates no memory and does not check its arguments. y must not overlap x. {threads}.",
        )
    )
    return "\n".join(["/*", first, named(call, program.prefix), *others, "*/"])


def _inputs(net: Any) -> str:
    layer = net.layers[0]
    if isinstance(layer, Embedding) and layer.bags:
        return f"{counted(net.n_inputs, 'count')}, how often each row of the table is in the bag"
    if isinstance(layer, Embedding):
        own = ", each of a table of its own" if len(layer.sizes) > 1 else ""
        return f"{counted(net.n_inputs, 'row number')}{own}, counted from 0"
    missing = getattr(layer, "missing", "error") != "error" or layer.name in ("piecewise_linear", "one_hot")
    return counted(net.n_inputs, "input") + (", NaN where missing" if missing else "")


def _columns(variable: str, names: Sequence[str] | None, what: str) -> str:
    listed = f": {', '.join(map(ascii, names))}" if names else ""
    return f"{variable}: {what}{listed}."


def _cost(program: Program) -> str:
    stack = max(body.bytes for body in program.bodies)
    state = FLOAT * sum(buffer.columns for buffer in program.states)
    of_indices = f" and {program.index_count:,} sizeof(size_t) of indices" if program.index_count else ""
    of_state = f", {state:,} of state" if state else ""
    of_values = f", {stack:,} of values between layers" if stack else ""
    unit = "step" if state else "row"
    return (
        f"Bytes: {program.bytes:,} of weights{of_indices}{of_state}{of_values}. "
        f"Flops of a {unit}: about {2 * program.products:,}."
    )


def _harmless(text: str) -> str:
    """Return a text that neither begins nor ends a comment, and has no trigraphs."""
    return re.sub(r"/(?=\*)|\*(?=/)|\?(?=\?)", r"\g<0> ", text)
