"""Invalid arguments of an optimizer are rejected with a clear message, and nothing is written."""

from __future__ import annotations

import re
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fanin import optim


def read_only(a):
    a.flags.writeable = False
    return a


def one_byte_on(n):
    return np.frombuffer(bytearray(4 * n + 1), "float32", offset=1)


def floats(*shape):
    return np.ones(shape, "float32")


MEMORY = floats(100)

BAD_ARRAYS = {
    "none": ([], ValueError, "arrays: expected at least one array, got none"),
    "no list": (floats(2, 2), TypeError, "arrays: expected a list of arrays, got ndarray"),
    "a dict": ({"w": floats(2)}, TypeError, "arrays: expected a list of arrays, got dict"),
    "a number": (3, TypeError, "arrays: expected a list of arrays, got int"),
    "a list in it": (
        [floats(2), [1.0]],
        TypeError,
        "arrays[1]: expected an array that can share its memory, such as a NumPy array, got list",
    ),
    "integers": ([np.ones(3, int)], TypeError, "arrays[0]: expected float32 or float64, got int64"),
    "half": ([np.ones(3, "float16")], TypeError, "arrays[0]: expected float32 or float64, got float16"),
    "big-endian": ([np.ones(3, ">f8")], TypeError, "arrays[0]: expected float32 or float64, got >f8"),
    "mixed": ([floats(3), np.ones(3)], TypeError, "arrays[1]: expected float32 like arrays[0], got float64"),
    "mixed doubles": (
        [np.ones(3), floats(3)],
        TypeError,
        "arrays[1]: expected float64 like arrays[0], got float32",
    ),
    "read-only": (
        [floats(1), floats(1), read_only(floats(2))],
        ValueError,
        "arrays[2]: expected a writable array, got a read-only one",
    ),
    "bytes": ([bytes(8)], TypeError, "arrays[0]: expected float32 or float64, got uint8"),
    "fortran": (
        [np.asfortranarray(floats(3, 4))],
        ValueError,
        "arrays[0]: expected a C-contiguous array, got shape (3, 4) with strides (4, 12) bytes",
    ),
    "every other": (
        [floats(8)[::2]],
        ValueError,
        "arrays[0]: expected a C-contiguous array, got shape (4,) with strides (8,) bytes",
    ),
    "misaligned": ([one_byte_on(4)], ValueError, "arrays[0]: expected memory aligned to 4 bytes"),
    "masked": (
        [np.ma.masked_array(floats(2), [True, False])],
        TypeError,
        "arrays[0]: expected an array that can share its memory, such as a NumPy array; a masked array cannot",
    ),
    "twice": (
        [MEMORY[:5], floats(2), MEMORY[:5]],
        ValueError,
        "arrays[2]: expected memory of its own, but it overlaps arrays[0]",
    ),
    "by one element": (
        [MEMORY[50:], floats(2), MEMORY[:51]],
        ValueError,
        "arrays[2]: expected memory of its own, but it overlaps arrays[0]",
    ),
    "one inside": (
        [MEMORY[10:11], MEMORY],
        ValueError,
        "arrays[1]: expected memory of its own, but it overlaps arrays[0]",
    ),
}

BAD_GRADIENTS = {
    "too few": ([floats(2, 3)], ValueError, "gradients: expected one for each of the 2 arrays, got 1"),
    "too many": ([floats(2, 3)] * 3, ValueError, "gradients: expected one for each of the 2 arrays, got 3"),
    "no list": (floats(2, 3), TypeError, "gradients: expected a list of arrays, got ndarray"),
    "transposed": (
        [floats(3, 2), floats(3)],
        ValueError,
        "gradients[0]: expected shape (2, 3), got (3, 2)",
    ),
    "a row": ([floats(2, 3), floats(1, 3)], ValueError, "gradients[1]: expected shape (3,), got (1, 3)"),
    "a scalar": ([floats(2, 3), 1.0], ValueError, "gradients[1]: expected shape (3,), got ()"),
    "None": ([floats(2, 3), None], TypeError, "gradients[1]: expected real numbers, got NoneType"),
    "text": (
        [floats(2, 3), ["a", "b", "c"]],
        TypeError,
        "gradients[1]: expected real numbers, got dtype <U1",
    ),
    "complex": ([floats(2, 3), np.ones(3, complex)], TypeError, "gradients[1]: expected real numbers, got"),
    "ragged": ([[[1], [1, 2]], floats(3)], ValueError, "gradients[0]: expected an array of numbers"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_arrays_that_cannot_be_updated_in_place_are_refused(case):
    arrays, error, message = BAD_ARRAYS[case]
    with pytest.raises(error, match=re.escape(message)):
        optim.Optimizer(optim.SGD(), arrays)
    assert np.all(MEMORY == 1)


@pytest.mark.parametrize("case", BAD_GRADIENTS)
def test_gradients_that_do_not_fit_are_refused_before_anything_is_written(case):
    gradients, error, message = BAD_GRADIENTS[case]
    arrays = [floats(2, 3), floats(3)]
    opt = optim.Optimizer(optim.Momentum(), arrays)
    with pytest.raises(error, match=re.escape(message)):
        opt.step(gradients)
    assert all(np.all(a == 1) for a in arrays)
    assert (opt.t, [np.any(v) for v in opt.state["v"]]) == (0, [False, False])


def test_gradients_in_the_memory_of_an_array_are_refused():
    memory = np.ones(20)
    before = [memory[3:8], memory[12:16]]
    opt = optim.Optimizer(optim.SGD(), [*before, memory[:0]])
    for first, overlapped in ((3, 0), (0, 0), (7, 0)):
        message = f"gradients[0]: expected memory apart from the arrays, but it overlaps arrays[{overlapped}]"
        with pytest.raises(ValueError, match=re.escape(message)):
            opt.step([memory[first : first + 5], np.ones(4), []])
    with pytest.raises(ValueError, match=re.escape("gradients[1]: expected memory apart")):
        opt.step([np.ones(5), memory[15:19], np.ones(0)])
    assert np.all(memory == 1)
    opt.step([np.ones(5), memory[8:12], []])
    opt.step([np.ones(5), memory[16:], []])
    assert opt.t == 2


def test_an_array_made_read_only_later_is_not_written():
    w = np.ones(3)
    opt = optim.Optimizer(optim.SGD(), [w])
    w.flags.writeable = False
    with pytest.raises(ValueError, match=re.escape("arrays[0]: expected a writable array; it has been made")):
        opt.step([np.ones(3)])
    assert w.tolist() == [1, 1, 1]


@pytest.mark.parametrize("change", ["length", "dtype"])
def test_an_array_resized_or_given_another_dtype_later_is_not_written(change):
    w = np.ones(3, "float32")
    opt = optim.Optimizer(optim.Momentum(), [np.ones(2, "float32"), w])
    if change == "dtype":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            w.dtype = np.dtype("int32")
    else:
        w.resize(500_000, refcheck=False)
    before = [np.array(array) for array in opt.arrays]
    for call in (lambda: opt.step([np.ones(2), np.ones(w.shape)]), opt.weights, lambda: opt.state):
        with pytest.raises(
            ValueError, match=re.escape("arrays[1]: expected its original memory, but it has been")
        ):
            call()
    assert all(np.array_equal(array, old) for array, old in zip(opt.arrays, before, strict=True))
    assert opt.t == 0


@pytest.mark.parametrize("rule", [None, optim.Adam, {"learning_rate": 1}])
def test_a_rule_of_another_type_is_refused(rule):
    with pytest.raises(TypeError, match="rule: expected an update rule such as"):
        optim.Optimizer(rule, [np.ones(3)])
    opt = optim.Optimizer(optim.SGD(), [np.ones(3)])
    with pytest.raises(TypeError, match="rule: expected an update rule such as"):
        opt.rule = rule


def test_a_rule_of_another_kind_cannot_take_over_the_state():
    opt = optim.Optimizer(optim.Momentum(), [np.ones(3)])
    with pytest.raises(
        ValueError, match="rule: expected Momentum, like the state of this optimizer, got Adam"
    ):
        opt.rule = optim.Adam()
    assert opt.rule == optim.Momentum()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: 5, TypeError, "state: expected a dict of t, m, v, got int"),
        (lambda s: {"t": 1, "m": s["m"]}, ValueError, "state: expected t, m, v for adam, got t, m"),
        (lambda s: {**s, "w": 1}, ValueError, "state: expected t, m, v for adam, got t, m, v, w"),
        (lambda s: {**s, "t": -1}, ValueError, "state: t: expected at least 0, got -1"),
        (lambda s: {**s, "t": 1.5}, TypeError, "state: t: expected an integer, got 1.5"),
        (lambda s: {**s, "t": 2**64}, ValueError, "state: t: expected less than 2^63"),
        (lambda s: {**s, "v": s["v"][:1]}, ValueError, "state: v: expected a list of 2 arrays, got 1"),
        (lambda s: {**s, "v": s["v"][0]}, TypeError, "state: v: expected a list of arrays, got ndarray"),
        (lambda s: {**s, "v": s["v"][::-1]}, ValueError, "state: v[0]: expected shape (2, 3), got (3,)"),
        (lambda s: {**s, "v": [s["v"][0], "a"]}, TypeError, "state: v[1]: expected real numbers, got"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_the_old_one_kept(change, error, message):
    opt = optim.Optimizer(optim.Adam(), [floats(2, 3), floats(3)])
    opt.step([floats(2, 3), floats(3)])
    before = opt.state
    with pytest.raises(error, match=re.escape(message)):
        opt.state = change({"t": 9, "m": [9 * floats(2, 3), floats(3)], "v": [9 * floats(2, 3), floats(3)]})
    assert opt.t == before["t"] == 1
    assert all(np.array_equal(opt.state[k][i], before[k][i]) for k in "mv" for i in (0, 1))


def test_steps_of_two_threads_at_once_are_whole_or_refused():
    w = np.zeros(2_000_000)
    opt = optim.Optimizer(optim.SGD(1.0), [w])
    g = np.ones_like(w)

    def error_of_a_step(_):
        try:
            opt.step([g])
        except RuntimeError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(error_of_a_step, range(20)))
    assert set(errors) <= {"", "optimizer: another thread is using it; wait until it has finished"}
    done = errors.count("")
    assert opt.t == done >= 1
    assert np.all(w == -done)
