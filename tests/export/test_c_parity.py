"""Headers in C predict as their networks do: compiled by several compilers, in C and C++, without a warning."""

from __future__ import annotations

import numpy as np
import pytest

from nets_in_c import examples
from programs_in_c import (
    BOARD,
    CORTEX_M4,
    EMULATOR,
    HOSTS,
    START,
    compile_program,
    missing_of,
    predictions_in,
    run_program,
    write_program,
)

EXAMPLES = examples()


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The folder with the headers of all examples, and a program that includes them."""
    folder = tmp_path_factory.mktemp("headers")
    write_program(folder, EXAMPLES)
    return folder


def assert_all_predictions_agree(lines):
    """Up to the rounding of sums in float, of each row or sequence."""
    found = predictions_in(lines, EXAMPLES)
    assert len(found) == len(EXAMPLES)
    for name, (net, rows) in EXAMPLES.items():
        expected = net.predict(rows).astype("float64")
        largest = np.abs(expected).max(axis=tuple(range(1, expected.ndim)), keepdims=True)
        error = np.abs(found[name] - expected) / np.maximum(1, largest)
        assert error.max() < 1e-6, name


@pytest.mark.parametrize("compiler", HOSTS)
def test_a_compiled_header_predicts_as_its_network_does(compiler, program):
    command = HOSTS[compiler]
    if missing := missing_of(command[0]):
        pytest.skip(f"{missing} is not installed")
    compile_program(command, program, output=compiler)
    assert_all_predictions_agree(run_program([f"./{compiler}"], program))


def test_a_header_predicts_on_a_cortex_m4(program):
    """Without an operating system, with newlib, on an emulated board."""
    if missing := missing_of(*BOARD):
        pytest.skip(f"{missing} is not installed")
    (program / "start.c").write_text(START)
    compile_program(CORTEX_M4, program, "start.c", "main.c", output="board.elf")
    assert_all_predictions_agree(run_program([*EMULATOR, "board.elf"], program))
