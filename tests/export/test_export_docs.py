"""The examples of the page on export run: Python writes headers, and programs in C that include them are compiled."""

from __future__ import annotations

import re

import numpy as np
import pytest

from helpers import ROOT
from programs_in_c import missing_of, run_program

PAGE = (ROOT / "docs" / "guide" / "export.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Plain C\n")[2].partition("\n## ")[0]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def test_the_programs_of_the_section_on_c_print_what_python_predicts(tmp_path, monkeypatch):
    if missing := missing_of("cc"):
        pytest.skip(f"{missing} is not installed")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    (shell,) = blocks("bash")
    programs = [block for block in blocks("c") if "main(" in block]
    for python, program, shape in zip(blocks("python"), programs, [(1, 2), (1, 2, 3)], strict=True):
        exec(python, namespace)
        (tmp_path / "main.c").write_text(program)
        found = [float(number) for number in run_program(["bash", "-ec", shell], tmp_path)]
        x = np.reshape([float(number) for number in re.findall(r"\b(\d+\.\d+)f", program)], shape)
        assert found == pytest.approx(namespace["net"].predict(x).ravel(), abs=6e-4)
