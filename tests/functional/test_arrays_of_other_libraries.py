"""Arrays of PyTorch and JAX, and anything that supports DLPack or the buffer protocol, are read in place."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import optim
from helpers import digest


class Shared:
    """An array of another library that supports only DLPack."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def shared_by_torch(array):
    return pytest.importorskip("torch").from_numpy(np.ascontiguousarray(array))


def shared_by_jax(array):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray(array)


LIBRARIES = {"dlpack": Shared, "buffer": memoryview, "torch": shared_by_torch, "jax": shared_by_jax}


@pytest.fixture(params=LIBRARIES)
def shared(request):
    return LIBRARIES[request.param]


def new_net(dtype="float32"):
    return fanin.Network(
        5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy", dtype=dtype
    )


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8", "int64"])
def test_arrays_of_other_libraries_train_to_the_bits_of_the_array(shared, kind, classification):
    X, y = np.abs(classification.X).astype(kind), classification.y
    nets = new_net(), new_net()
    options = {"rule": optim.Adam(), "epochs": 2}
    nets[0].fit(X, y, validation_data=(X, y), **options)
    nets[1].fit(shared(X), shared(y), validation_data=(shared(X), shared(y)), **options)
    assert digest(nets[0]) == digest(nets[1])
    assert np.array_equal(nets[0].predict(X), nets[1].predict(shared(X)))
    assert nets[0].evaluate(X, y) == nets[1].evaluate(shared(X), shared(y))
    options["sample_weight"] = weights = np.arange(53.0)
    nets[0].fit(X, y, validation_fraction=0.2, **options)
    nets[1].fit(shared(X), shared(y), validation_fraction=0.2, **options)
    nets[0].fit_chunks([(X, y, weights)], rule=optim.Adam())
    nets[1].fit_chunks([(shared(X), shared(y), shared(weights))], rule=optim.Adam())
    assert digest(nets[0]) == digest(nets[1])


def test_functional_takes_arrays_of_other_libraries(shared, classification):
    x, w = classification.X.astype("float32"), np.ones((5, 2), "float32")
    z = F.dense(shared(x), shared(w))
    assert z.dtype == np.float32
    assert np.array_equal(z, F.dense(x, w))
    assert F.loss(shared(x), shared(classification.y), "softmax_cross_entropy") == F.loss(
        x, classification.y, "softmax_cross_entropy"
    )


def test_data_of_other_libraries_are_not_copied(shared):
    """One row in memory that stands for a million: a copy would take 4 GB."""
    row = np.arange(1000, dtype="float32")
    if shared in (shared_by_jax, memoryview):
        pytest.skip("such an array cannot repeat a row")
    rows = np.lib.stride_tricks.as_strided(row, (2**20, 1000), (0, 4))
    repeated = Shared(rows) if shared is Shared else shared_by_torch(row).expand(2**20, 1000)
    peak = _peak_kibibytes()
    net = fanin.Network(1000, [fanin.Dense(1)])
    assert net.predict(repeated).shape == (2**20, 1)
    assert _peak_kibibytes() - peak < 2**20


def _peak_kibibytes():
    resource = pytest.importorskip("resource")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Elsewhere:
    """An array on a device that NumPy cannot read."""

    def __dlpack__(self, **options):
        raise BufferError("the data are on a GPU")

    def __dlpack_device__(self):
        return 2, 0


def refused(X, words):
    net = new_net()
    before = digest(net)
    for call in (
        lambda: net.fit(X, [0, 1], rule=optim.SGD()),
        lambda: net.predict(X),
        lambda: net.evaluate(X, [0, 1]),
        lambda: net.fit_chunks([(X, [0, 1])], rule=optim.SGD()),
    ):
        with pytest.raises(TypeError, match=f"X: expected {words}"):
            call()
    with pytest.raises(TypeError, match=f"x: expected {words}"):
        F.dense(X, np.ones((5, 2)))
    assert digest(net) == before


def test_an_array_on_another_device_gets_a_clear_message():
    refused(Elsewhere(), "an array of numbers; ")


def test_inaccessible_tensors_get_a_clear_message():
    torch = pytest.importorskip("torch")
    refused(torch.ones(2, 5, requires_grad=True), "an array of numbers; .*detach")
    refused(torch.ones(2, 5, dtype=torch.bfloat16), "an array of numbers; .*BFloat16")
    refused(torch.ones(2, 5, device="meta"), "an array of numbers; .*meta")
    refused(torch.ones(2, 5, dtype=torch.complex64), "real numbers, got dtype complex64")


def test_number_types_unknown_to_numpy_get_a_clear_message():
    jax = pytest.importorskip("jax")
    for kind in (jax.numpy.bfloat16, jax.numpy.float8_e4m3fn, jax.numpy.int4):
        refused(jax.numpy.ones((2, 5), kind), "real numbers, got dtype ")
