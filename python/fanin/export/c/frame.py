"""The functions of a header: those that it calls, and those for its user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from fanin.export.c.program import Program

_FUNCTION = re.compile(r"^/\*(?:(?!\*/).)*\*/\nstatic inline .*?^\}\n", re.MULTILINE | re.DOTALL)
_ROW = """
/* y = outputs for the inputs x of one row. */
static inline void model_predict(const float* x, float* y) {
  @BODY@
}
"""
_STATE = """
/* The state of a sequence between its steps. */
typedef struct model_state {
  @ARRAYS@
} model_state;

/* Start a sequence. */
static inline void model_reset(model_state* state) {
  @ZEROS@
}
"""
_STEP = """
/* y = outputs after a step, with the inputs x. */
static inline void model_step(model_state* state, const float* x, float* y) {
  @BODY@
}

/* y[steps][MODEL_OUTPUTS] = outputs after each step of the sequence x[steps][MODEL_INPUTS]. */
static inline void model_predict(const float* x, size_t steps, float* y) {
  MODEL_STORAGE model_state state;
  size_t t;
  model_reset(&state);
  for (t = 0; t < steps; ++t) model_step(&state, x + t * MODEL_INPUTS, y + t * MODEL_OUTPUTS);
}
"""
_FEED_AND_READ = """
/* A step, with the inputs x. */
static inline void model_feed(model_state* state, const float* x) {
  @BODY@
}

/* y = outputs after the last step. */
static inline void model_read(const model_state* state, float* y) {
  @BODY@
}

/* y = outputs after a step, with the inputs x. */
static inline void model_step(model_state* state, const float* x, float* y) {
  model_feed(state, x);
  model_read(state, y);
}

/* y = outputs after the last step of the sequence x[steps][MODEL_INPUTS]. */
static inline void model_predict(const float* x, size_t steps, float* y) {
  MODEL_STORAGE model_state state;
  size_t t;
  model_reset(&state);
  for (t = 0; t < steps; ++t) model_feed(&state, x + t * MODEL_INPUTS);
  model_read(&state, y);
}
"""


def functions_of(program: Program) -> str:
    """Return the functions that are called, then those for the user."""
    frame = _ROW
    if program.states:
        frame = _STATE + (_STEP if len(program.bodies) == 1 else _FEED_AND_READ)
        program.functions.add("zero")
    called = "\n".join(_with_those_they_call(program.functions))
    text = named(called + frame, program.prefix)
    arrays = [f"float {state.name.removeprefix('state->')}[{state.columns}];" for state in program.states]
    zeros = [f"{program.prefix}_zero({state.name}, {state.columns});" for state in program.states]
    text = text.replace("  @ARRAYS@", _indented(arrays)).replace("  @ZEROS@", _indented(zeros))
    for body in program.bodies:
        text = text.replace("  @BODY@", _indented(body.lines(f"{program.prefix.upper()}_STORAGE")), 1)
    return text


def named(text: str, name: str) -> str:
    """Return the text with this name in the place of "model"."""
    return re.sub(r"\bMODEL_", f"{name.upper()}_", re.sub(r"\bmodel_", f"{name}_", text))


@cache
def _library() -> dict[str, str]:
    """Return the functions of both files by name, without "model_"."""
    files = (Path(__file__).with_name(name) for name in ("activations.c", "functions.c"))
    functions = [function for file in files for function in _FUNCTION.findall(file.read_text("utf-8"))]
    return {_called_in(function)[0]: function for function in functions}


def _called_in(function: str) -> list[str]:
    return re.findall(r"\bmodel_(\w+)\(", function)


def _with_those_they_call(names: set[str]) -> Iterator[str]:
    """Return these functions, and those that they call, in the order of the files."""
    library, needed, rest = _library(), set[str](), list(names)
    while rest:
        name = rest.pop()
        if name not in needed:
            needed.add(name)
            rest += _called_in(library[name])
    return (function for name, function in library.items() if name in needed)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
