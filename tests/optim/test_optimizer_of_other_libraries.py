"""An optimizer updates arrays of other libraries in place, or says why it cannot."""

from __future__ import annotations

import array
import copy
import re

import numpy as np
import pytest

from fanin import optim
from helpers import inputs_for, rule_named


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_tensors_and_arrays_with_the_same_values_get_the_same_bits(torch, every_rule, dtype):
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((5, 7), (7,), ())]
    tensors = [torch.from_numpy(a.copy()) for a in arrays]
    optimizers = [optim.Optimizer(rule_named(every_rule), of) for of in (arrays, tensors)]
    for _ in range(3):
        gradients = [np.asarray(rng.normal(size=a.shape), dtype) for a in arrays]
        inputs = inputs_for(optimizers[0].rule, gradients)
        optimizers[0].step(gradients, **inputs)
        optimizers[1].step([torch.from_numpy(g) for g in gradients], **inputs)
    for a, tensor in zip(arrays, tensors, strict=True):
        assert tensor.numpy().tobytes() == a.tobytes()


def test_a_module_of_pytorch_trains_with_our_rule_as_with_its_own(torch):
    torch.manual_seed(0)
    ours = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    theirs = copy.deepcopy(ours)
    x = torch.linspace(-1, 1, 30, dtype=torch.float64).reshape(10, 3)
    opt = optim.Optimizer(optim.Adam(0.01), [p.detach() for p in ours.parameters()])
    their_opt = torch.optim.Adam(theirs.parameters(), lr=0.01)
    for _ in range(20):
        for net in (ours, theirs):
            net.zero_grad()
            ((net(x) - x[:, :1] ** 2) ** 2).mean().backward()
        opt.step([p.grad for p in ours.parameters()])
        their_opt.step()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda t: t.ones(3, requires_grad=True),
            TypeError,
            "got Tensor: Can't export tensors that require gradient, use tensor.detach()",
        ),
        (lambda t: t.ones(3, device="meta"), TypeError, "got Tensor: Cannot pack tensors on meta"),
        (lambda t: t.ones(3, dtype=t.bfloat16), TypeError, "got Tensor: "),
        (lambda t: t.ones(3, dtype=t.int32), TypeError, "expected float32 or float64, got int32"),
        (lambda t: t.ones(3, 4).T, ValueError, "expected a C-contiguous array, got shape (4, 3)"),
        (lambda t: t.ones(1).expand(3), ValueError, "expected a C-contiguous array, got shape (3,)"),
    ],
    ids=["requires grad", "not on the CPU", "bfloat16", "integers", "transposed", "expanded"],
)
def test_tensors_that_cannot_be_updated_in_place_are_refused(torch, make, error, message):
    with pytest.raises(error, match=r"^arrays\[0\]: .*" + re.escape(message)):
        optim.Optimizer(optim.SGD(), [make(torch)])


def test_gradients_that_pytorch_will_not_show_are_refused_by_name(torch):
    w = torch.zeros(3)
    opt = optim.Optimizer(optim.SGD(), [w])
    for gradient in (torch.ones(3, requires_grad=True), torch.ones(3, dtype=torch.bfloat16)):
        with pytest.raises(TypeError, match=r"^gradients\[0\]: expected an array of numbers; "):
            opt.step([gradient])
    assert w.tolist() == [0, 0, 0]


def test_a_tensor_and_a_view_of_it_overlap(torch):
    t = torch.zeros(4)
    with pytest.raises(ValueError, match=re.escape("arrays[1]: expected memory of its own")):
        optim.Optimizer(optim.SGD(), [t, t.numpy()[2:]])


def test_jax_arrays_are_refused_because_they_are_read_only():
    jnp = pytest.importorskip("jax.numpy")
    with pytest.raises(
        ValueError, match=re.escape("arrays[0]: expected a writable array, got a read-only one")
    ):
        optim.Optimizer(optim.SGD(), [jnp.ones(3)])


def test_jax_gradients_are_read():
    jnp = pytest.importorskip("jax.numpy")
    w = np.zeros(3, "float32")
    optim.Optimizer(optim.SGD(1.0), [w]).step([jnp.arange(3.0)])
    assert w.tolist() == [0, -1, -2]


class Exporter:
    """An array of another library that supports only DLPack."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def test_whatever_speaks_dlpack_or_the_buffer_protocol_is_updated_in_place():
    buffer, exported, mapped = array.array("d", [1, 2]), Exporter(np.ones(2)), bytearray(16)
    opt = optim.Optimizer(optim.SGD(1.0), [buffer, exported, memoryview(mapped).cast("d")])
    opt.step([[1, 1], Exporter(np.ones(2)), (0.5, 0.25)])
    assert buffer.tolist() == [0, 1]
    assert exported.values.tolist() == [0, 0]
    assert np.frombuffer(mapped).tolist() == [-0.5, -0.25]


def test_a_memory_mapped_file_is_updated_in_place(tmp_path):
    w = np.memmap(tmp_path / "w", "float32", "w+", shape=(3, 4))
    optim.Optimizer(optim.SGD(1.0), [w]).step([np.ones((3, 4))])
    w.flush()
    assert np.fromfile(tmp_path / "w", "float32").tolist() == [-1] * 12
