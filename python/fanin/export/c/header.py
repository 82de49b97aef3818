"""The text of a header, and its file."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from fanin.export.c.about import about
from fanin.export.c.body import Body, Buffer
from fanin.export.c.frame import functions_of, named
from fanin.export.c.layers import through
from fanin.export.c.names import checked_name
from fanin.export.c.program import Program
from fanin.export.errors import check_learned
from fanin.storage import as_path
from fanin.whole_file import check_file_name, whole_file

if TYPE_CHECKING:
    from fanin.storage import Path

_OF_MATH = re.compile(r"\b(expf|expm1f|log1pf|tanhf|erfcf|sqrtf|fabsf)\(")
_STORAGE = """
/* Values between layers are on the stack. With "#define MODEL_STORAGE static" before this header, they are in
   static memory, and only one call may run at a time. */
#ifndef MODEL_STORAGE
#define MODEL_STORAGE
#endif
"""


def save_header(net: Any, path: Path, name: str | None) -> None:
    """Write a header whose names begin with `name`, or with the name of the file."""
    target = os.fsdecode(as_path(path))
    check_file_name(target)
    text = header_of(net, checked_name(target, name))
    with whole_file(target) as new, open(new, "w", encoding="ascii", newline="\n") as stream:
        stream.write(text)


def header_of(net: Any, name: str) -> str:
    """Return the text of a header that predicts what the network does, with names that begin with `name`."""
    check_learned(net, "C")
    program = Program(name, {**net.get_weights(), **net.learned})
    _write_bodies(program, net)
    functions = functions_of(program)
    storage = f"{name.upper()}_STORAGE" in functions
    parts = [
        about(program, net),
        f"#ifndef {name.upper()}_H\n#define {name.upper()}_H\n",
        *(["#include <math.h>"] if _OF_MATH.search(functions) else []),
        f"#include <stddef.h>\n\n#define {name.upper()}_INPUTS {net.n_inputs}",
        f"#define {name.upper()}_OUTPUTS {net.n_outputs}",
        named(_STORAGE, name) if storage else "",
        *program.arrays.values(),
        functions,
        "#endif\n",
    ]
    return "\n".join(parts)


def _write_bodies(program: Program, net: Any) -> None:
    """Add the calls for a row, for a step, or for a step and then for the outputs after the last one."""
    value = Buffer(net.n_inputs, "x", kept=True)
    last_only = [getattr(layer, "return_sequences", True) is False for layer in net.layers]
    split = last_only.index(True) + 1 if any(last_only) else 0  # no recurrent layer follows
    if split:
        value = through(program, net.layers[:split], value)
        program.bodies.append(Body())
    value = through(program, net.layers[split:], value, first=split)
    if net._loss._link != "identity" or value.kept:
        value = program.map(net._loss._link, value)
    value.name = "y"
