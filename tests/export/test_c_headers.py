"""What a header in C holds, and how programs may use it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fanin
from nets_in_c import example, recurrent
from programs_in_c import HOSTS, compile_program, missing_of, run_program

if missing := missing_of("gcc", "g++"):
    pytest.skip(f"{missing} is not installed", allow_module_level=True)


def header_of(net: fanin.Network, folder: Path) -> str:
    net.to_c(folder / "model.h")
    return (folder / "model.h").read_text()


def printed(main: str, folder: Path, *options: str, compiler: str = "gcc") -> list[str]:
    """What a program that includes the header prints."""
    (folder / "main.c").write_text(f'#include <stdio.h>\n#include "model.h"\nint main(void) {{\n{main}\n}}\n')
    compile_program([*HOSTS[compiler], *options], folder)
    return run_program(["./program"], folder)


def outputs(folder: Path, x: Sequence[str], *options: str) -> list[float]:
    """What model_predict gives for a row."""
    main = f"""
  const float x[MODEL_INPUTS] = {{{", ".join(x)}}};
  float y[MODEL_OUTPUTS];
  int i;
  model_predict(x, y);
  for (i = 0; i < MODEL_OUTPUTS; ++i) printf("%.9g\\n", (double)y[i]);
  return 0;"""
    return [float(number) for number in printed(main, folder, *options)]


def of_row(row) -> list[str]:
    return [f"{number:.9e}f" for number in row]


def test_a_header_has_only_what_its_network_needs(tmp_path):
    text = header_of(example([fanin.Dense(4, "silu"), fanin.Dense(2, "relu")]).net, tmp_path)
    defined = re.findall(r"^static inline \w+ (\w+)\(", text, re.MULTILINE)
    assert defined == ["model_s", "model_relu", "model_silu", "model_dense", "model_predict"]
    assert "<math.h>" in text
    text = header_of(example([fanin.Dense(2, "relu")]).net, tmp_path)
    assert "<math.h>" not in text
    assert "STORAGE" not in text


def test_a_header_says_what_the_network_is_and_takes(tmp_path):
    layers = [fanin.Dense(8, "tanh"), fanin.Dense(3, batch_norm=True)]
    text = " ".join(header_of(example(layers, "softmax_cross_entropy").net, tmp_path).split())
    for fact in (
        "model_predict(x, y);",
        "6-8-3 (tanh, identity), softmax_cross_entropy",
        "x: 6 inputs.",
        "y: 3 class probabilities.",
        f"Bytes: {4 * (6 * 8 + 8 + 8 * 3 + 3)} of weights, 32 of values between layers.",
        f"about {2 * (6 * 8 + 8 * 3)}.",
    ):
        assert fact in text


@pytest.mark.parametrize(
    ("layer", "loss", "x", "y"),
    [
        (fanin.Dense(1), "squared_error", "1 input", "1 output"),
        (fanin.Dense(1), "logistic", "1 input", "1 probability"),
        (fanin.Dense(2), "logistic", "1 input", "2 probabilities"),
        (fanin.Dense(2), "gamma", "1 input", "2 means"),
        (fanin.Dense(1), "quantile", "1 input", "1 quantile"),
        (fanin.Embedding(4, 1), "squared_error", "1 row number, counted from 0", "1 output"),
        (fanin.Embedding(1, 1, bags=True), "poisson", "1 count, how often each row", "1 mean"),
    ],
)
def test_a_header_counts_inputs_and_outputs_by_what_they_are(layer, loss, x, y, tmp_path):
    text = header_of(fanin.Network(1, [layer], loss), tmp_path)
    assert f"  x: {x}" in text
    assert f"\n  y: {y}.\n" in text


def test_a_header_counts_indices_apart_as_their_size_is_that_of_the_machine(tmp_path):
    net = fanin.Network(2, [fanin.PiecewiseLinear(4), fanin.Dense(1)])
    net.adapt(np.random.default_rng(0).normal(size=(90, 2)))
    text = " ".join(header_of(net, tmp_path).split())
    arrays = re.findall(r"static const (\w+) \w+\[([\d *]+)\] =", text)
    sizes = {
        kind: sum(np.prod([int(n) for n in size.split(" * ")]) for of, size in arrays if of == kind)
        for kind in ("float", "size_t")
    }
    assert sizes["size_t"] > 0
    assert f"Bytes: {4 * sizes['float']} of weights and {sizes['size_t']} sizeof(size_t) of indices," in text


def test_a_header_of_a_network_for_sequences_says_how_it_is_called(tmp_path):
    text = header_of(recurrent(fanin.LSTM, 3).net, tmp_path)
    for fact in ("model_reset(&state);", "model_step(&state, x, y);", f"{4 * 2 * (5 + 7)} of state"):
        assert fact in text


def test_weights_are_row_by_row_and_exact_however_numpy_prints_numbers(tmp_path):
    net = example([fanin.Dense(3)]).net
    with np.printoptions(legacy="1.13", precision=2):
        text = header_of(net, tmp_path)
    (numbers,) = re.findall(r"model_layer1_weight\[6 \* 3\] = \{([^}]*)\}", text)
    found = np.array([number.strip().removesuffix("f") for number in numbers.split(",")], "float32")
    assert np.array_equal(found.reshape(6, 3), net.get_weights()["layer1.weight"])


def test_names_of_columns_are_listed_and_cannot_end_the_comment(tmp_path):
    frame = pd.DataFrame(np.eye(4), columns=["length", "*/ #error", "???/\n/*/", "größe"])
    net = fanin.Network(4, [fanin.Dense(2)])
    net.fit(frame, pd.DataFrame({"a": [1, 2, 3, 4.0], "b": [1, 0, 1, 0.0]}), epochs=1)
    text = header_of(net, tmp_path)
    assert "x: 4 inputs: 'length', '* / #error'," in text
    assert "y: 2 outputs: 'a', 'b'." in text
    assert outputs(tmp_path, ["0"] * 4) == pytest.approx(net.predict(np.zeros((1, 4)))[0], rel=1e-6)


@pytest.mark.parametrize("compiler", ["gcc", "g++"])
def test_two_files_of_a_program_may_include_a_header(tmp_path, compiler):
    net, rows = example([fanin.Dense(4, "tanh"), fanin.Dense(1)])
    net.to_c(tmp_path / "model.h")
    (tmp_path / "first.c").write_text(
        '#include "model.h"\nvoid first(const float* x, float* y);\n'
        "void first(const float* x, float* y) { model_predict(x, y); }\n"
    )
    (tmp_path / "second.c").write_text(
        '#include <stdio.h>\n#include "model.h"\n#include "model.h"\nvoid first(const float* x, float* y);\n'
        f"int main(void) {{\n  const float x[] = {{{', '.join(of_row(rows[0]))}}};\n  float y, z;\n"
        '  first(x, &y);\n  model_predict(x, &z);\n  printf("%d\\n", (int)(y - z));\n  return y - z < 0.0f;\n}\n'
    )
    compile_program(HOSTS[compiler], tmp_path, "first.c", "second.c")
    assert run_program(["./program"], tmp_path) == ["0"]


def test_values_between_layers_may_lie_in_static_memory(tmp_path):
    net, rows = example([fanin.Dense(50, "tanh"), fanin.Residual([fanin.Dense(50)]), fanin.Dense(2)])
    net.to_c(tmp_path / "model.h")
    x = of_row(rows[0])
    assert outputs(tmp_path, x) == outputs(tmp_path, x, "-DMODEL_STORAGE=static")
    assert outputs(tmp_path, x) == pytest.approx(net.predict(rows[:1])[0], rel=1e-6)


def test_a_sequence_may_be_fed_and_read_now_and_then(tmp_path):
    net, rows = recurrent(fanin.GRU, 4)
    net.to_c(tmp_path / "model.h")
    main = f"""
  const float x[] = {{{", ".join(of_row(rows[0].ravel()))}}};
  float y[MODEL_OUTPUTS];
  model_state state;
  int t;
  model_reset(&state);
  for (t = 0; t < 4; ++t) model_feed(&state, x + t * MODEL_INPUTS);
  model_read(&state, y);
  printf("%.9g\\n", (double)y[1]);
  return 0;"""
    (found,) = printed(main, tmp_path)
    assert float(found) == pytest.approx(net.predict(rows[:1])[0, 1], rel=1e-5)


def test_numbers_that_are_no_rows_of_a_table_give_zeros(tmp_path):
    net = example([fanin.Embedding([2, 3], 1), fanin.Activation("tanh")], rows=np.zeros((1, 2))).net
    net.to_c(tmp_path / "model.h")
    first, second = np.tanh(net.get_weights()["layer1.weight"][:, 0])[[1, 4]]
    assert outputs(tmp_path, ["1", "2"]) == pytest.approx([first, second], rel=1e-6)
    for number in ("-1", "2", "1e30f", "-1e30f", "(0.0f / 0.0f)"):
        assert outputs(tmp_path, [number, "2"]) == pytest.approx([0, second], rel=1e-6)


def test_missing_values_stay_missing_unless_the_network_fills_them(tmp_path):
    net = example([fanin.Standardize(), fanin.Dense(1)], learn_from=np.eye(6)).net
    net.to_c(tmp_path / "model.h")
    assert np.isnan(outputs(tmp_path, ["1", "0", "0", "0", "0", "(0.0f / 0.0f)"]))
