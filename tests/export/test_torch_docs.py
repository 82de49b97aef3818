"""What the docs say of PyTorch runs."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest

import fanin
from helpers import ROOT

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    "documented",
    [fanin.from_torch, fanin.Network.to_torch, fanin.optimizer_from_torch, fanin.optimizer_to_torch],
)
def test_examples_that_need_pytorch_run(documented, capsys):
    text = (inspect.getdoc(documented) or "").replace("# doctest: +SKIP", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, documented.__name__, None, None)
    assert any(example.want for example in examples.examples)
    assert doctest.DocTestRunner().run(examples).failed == 0, capsys.readouterr().out


def test_the_page_on_pytorch_runs():
    page = (ROOT / "docs" / "guide" / "export.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python torch\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    names: dict = {}
    for block in blocks:
        exec(block, names)
    assert (names["rule"].learning_rate, names["net"].rule) == (0.01, names["rule"])
    steps = {int(state["step"]) for state in names["optimizer"].state.values()}
    assert steps == {24}


def test_the_program_in_pytorch_beside_that_in_fanin_runs():
    page = (ROOT / "docs" / "coming-from" / "pytorch.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python torch\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names: dict = {}
    exec(program, names)
    assert names["p"].shape == (1000, 2)
