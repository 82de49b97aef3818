"""Programs in C that include headers of networks, print predictions as bits, and are compiled and run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nets_in_c import Example

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Werror")
HOSTS = {
    "gcc": ("gcc", "-std=c99", "-O2"),
    "clang": ("clang", "-std=c99", "-O1"),
    "g++": ("g++", "-x", "c++", "-std=c++11", "-O1"),
}
# a board of Arm's, whose files, console and exit are the emulator's
CORTEX_M4 = (
    *(
        "arm-none-eabi-gcc",
        "-std=c99",
        "-O2",
        "-mcpu=cortex-m4",
        "-mthumb",
        "-mfloat-abi=hard",
        "-mfpu=fpv4-sp-d16",
    ),
    *("-ffreestanding", "--specs=rdimon.specs", "-Wl,--section-start=.vectors=0", "-Wl,-Tdata=0x20000000"),
)
EMULATOR = ("qemu-system-arm", "-machine", "mps2-an386", "-nographic", "-semihosting", "-kernel")
BOARD = (CORTEX_M4[0], EMULATOR[0])
START = """
#include <stdint.h>

void _start(void);
void reset(void);

void reset(void) {
  *(volatile uint32_t*)0xE000ED88 |= 0xFu << 20; /* the floating-point unit */
  _start();
}

__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {
    (void (*)(void))(uintptr_t)0x20400000, /* the stack */
    reset,
};
"""
_MAIN = """
#include <stdint.h>
#include <stdio.h>
#include <string.h>
{includes}

static void show(const float* y, size_t n) {{
  size_t i;
  for (i = 0; i < n; ++i) {{
    uint32_t bits;
    memcpy(&bits, y + i, sizeof bits);
    printf("%08lx\\n", (unsigned long)bits);
  }}
}}

{functions}
int main(void) {{
{calls}
  return 0;
}}
"""
_ROWS = """
static const uint32_t {name}_bits[] = {{{bits}}};
static void run_{name}(void) {{
  size_t i;
  for (i = 0; i < {count}; ++i) {{
    float x[{upper}_INPUTS], y[{upper}_OUTPUTS];
    memcpy(x, {name}_bits + i * {upper}_INPUTS, sizeof x);
    {name}_predict(x, y);
    show(y, {upper}_OUTPUTS);
  }}
}}
"""
_SEQUENCES = """
static const uint32_t {name}_bits[] = {{{bits}}};
static void run_{name}(void) {{
  size_t i, t;
  for (i = 0; i < {count}; ++i) {{
    float x[{time} * {upper}_INPUTS], y[{outputs} * {upper}_OUTPUTS], last[{upper}_OUTPUTS];
    {name}_state state;
    memcpy(x, {name}_bits + i * {time} * {upper}_INPUTS, sizeof x);
    {name}_predict(x, {time}, y);
    show(y, {outputs} * {upper}_OUTPUTS);
    {name}_reset(&state);
    for (t = 0; t < {time}; ++t) {name}_step(&state, x + t * {upper}_INPUTS, last);
    puts(memcmp(last, y + ({outputs} - 1) * {upper}_OUTPUTS, sizeof last) == 0 ? "same" : "other");
  }}
}}
"""


def write_program(folder: Path, examples: Mapping[str, Example]) -> None:
    """Write the headers and main.c."""
    functions = []
    for name, (net, rows) in ((name, (e.net, e.rows)) for name, e in examples.items()):
        net.to_c(folder / f"{name}.h")
        time = rows.shape[1] if rows.ndim == 3 else 0
        outputs = time if net._core.many_to_many else 1
        bits = ", ".join(f"{bits:#x}" for bits in rows.view(np.uint32).ravel())
        template = _SEQUENCES if time else _ROWS
        functions.append(
            template.format(
                name=name, upper=name.upper(), bits=bits, count=len(rows), time=time, outputs=outputs
            )
        )
    includes = "\n".join(f'#include "{name}.h"' for name in examples)
    calls = "\n".join(f"  run_{name}();" for name in examples)
    text = _MAIN.format(includes=includes, functions="".join(functions), calls=calls)
    (folder / "main.c").write_text(text)


def compile_program(command: Sequence[str], folder: Path, *sources: str, output: str = "program") -> None:
    """Compile without a warning, or fail with the compiler's messages."""
    done = subprocess.run(
        [*command, *WARNINGS, *(sources or ("main.c",)), "-o", output, "-lm"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def run_program(command: Sequence[str], folder: Path) -> list[str]:
    """Return the lines that it prints."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def predictions_in(lines: Sequence[str], examples: Mapping[str, Example]) -> dict[str, NDArray]:
    """Return the predictions of each network, in the shape of `predict`; all streams must have given the same."""
    found, at = {}, iter(lines)
    for name, each in examples.items():
        expected = each.net.predict(each.rows)
        rows = []
        for row in expected:
            rows.append([int(next(at), 16) for _ in range(row.size)])
            assert each.rows.ndim == 2 or next(at) == "same"
        found[name] = np.array(rows, np.uint32).view(np.float32).reshape(expected.shape)
    assert next(at, None) is None
    return found


def missing_of(*programs: str) -> str:
    """Return which of these programs cannot be found, or nothing."""
    return ", ".join(program for program in programs if shutil.which(program) is None)
