"""New results reuse memory that is no longer referenced, and no other."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

import fanin
from fanin import functional as F

LARGE = (256, 512)


def filled(value: float, shape: tuple[int, int] = LARGE) -> np.ndarray:
    return F.activation(np.full(shape, value, np.float32), "identity")


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_results_in_use_share_no_memory() -> None:
    kept = [filled(i) for i in range(80)]
    for i, result in enumerate(kept):
        assert (result == i).all()


def test_a_result_reuses_the_memory_of_a_freed_one() -> None:
    first = filled(1)
    where = address(first)
    del first
    assert any(address(filled(2)) == where for _ in range(2))


@pytest.mark.parametrize(
    "hold",
    [
        lambda result: result[3:5, ::2],
        lambda result: result.T.reshape(-1)[:7],
        lambda result: result.view(np.uint8)[1:],
        lambda result: memoryview(result)[2:],
        lambda result: result.base,
    ],
    ids=["slice", "reshaped", "other type", "memoryview", "base"],
)
def test_views_of_a_result_keep_its_memory(hold) -> None:
    result = filled(5)
    held = hold(result)
    before = np.array(held)
    del result
    for i in range(5):
        filled(i)
    np.testing.assert_array_equal(np.array(held), before)


def test_a_result_is_an_array_like_any_other() -> None:
    result = filled(3)
    assert type(result) is np.ndarray
    assert result.shape == LARGE
    assert result.flags.c_contiguous
    assert result.flags.aligned
    assert result.flags.writeable
    result.flags.writeable = False
    result.flags.writeable = True
    result[0, 0] = 4
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(result)), result)


def test_results_have_the_offset_of_their_inputs_in_a_cache_line() -> None:
    memory = np.zeros(256 * 512 + 32, np.float32)
    for shift in range(16):
        x = memory[shift:][: 256 * 512].reshape(LARGE)
        assert (address(F.activation(x, "tanh")) - address(x)) % 64 == 0


def test_a_result_for_an_input_at_an_odd_address_is_aligned(dtype) -> None:
    """Prediction reads bytes in place; the result has their shape, and is aligned like them."""
    net = fanin.Network(512, [fanin.Dense(512, initializer=np.eye(512))], dtype=dtype)
    memory = np.arange(256 * 512 + 64).astype(np.uint8)
    for shift in (*range(1, 10), 63):
        x = memory[shift:][: 256 * 512].reshape(LARGE)
        result = net.predict(x)
        assert result.flags.aligned
        assert address(result) % result.itemsize == 0
        assert (result == x).all()


def test_results_of_more_than_128_mebibytes_are_new_arrays() -> None:
    assert filled(1, (1 << 14, 2049)).base is None


def test_threads_have_results_of_their_own() -> None:
    wrong = []

    def work(value: float) -> None:
        for _ in range(200):
            result = filled(value, (64, 512))
            if not (result == value).all():
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
