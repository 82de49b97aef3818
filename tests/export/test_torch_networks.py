"""A network and a module of PyTorch with the same layers give the same outputs."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import fanin
from fanin import losses

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from fanin.export.torch.activations import ACTIVATIONS  # noqa: E402
from torch_fits import SERIES, X, dense_module, outputs, recurrent_module  # noqa: E402

IDS = np.random.default_rng(0).integers(7, size=(9, 4))
CLASSES = "softmax_cross_entropy"


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def assert_close(left, right, bound: float = 1e-14) -> None:
    assert left.shape == right.shape
    assert np.abs(left - right).max() < bound


def with_statistics(module):
    """The module after some batches, with gamma and beta other than 1 and 0."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d) and part.affine:
            nn.init.normal_(part.weight)
            nn.init.normal_(part.bias)
    module.train()
    for _ in range(3):
        module(torch.tensor(X))
    return module.eval()


def test_nested_layers_with_batch_norm_give_the_same_predictions():
    module = with_statistics(dense_module())
    net = fanin.from_torch(module, seed=7)
    assert net.layers == (fanin.Dense(6, "tanh", batch_norm=True), fanin.Dense(5, "silu"), fanin.Dense(3))
    assert (net.loss, net.seed, net.dtype) == ("squared_error", 7, np.float64)
    assert_close(net.predict(X), outputs(module, X))
    assert_close(outputs(net.to_torch(), X), outputs(module, X))


def test_options_of_batch_norm_and_dropout_are_taken_over():
    norm = nn.BatchNorm1d(6, eps=0.1, momentum=0.25)
    layers = [nn.Dropout(0.0), nn.Linear(4, 6), norm, nn.Flatten(), nn.ReLU(), nn.Dropout(0.25)]
    module = with_statistics(nn.Sequential(*layers, nn.Identity(), nn.Linear(6, 2)).double())
    net = fanin.from_torch(module)
    batch_norm = fanin.BatchNorm(epsilon=0.1, decay=0.75)
    expected = (fanin.Dense(6), batch_norm, fanin.Activation("relu"), fanin.Dropout(0.25), fanin.Dense(2))
    assert net.layers == expected
    assert_close(net.predict(X), outputs(module, X))
    back = net.to_torch()
    assert (back[1].eps, back[1].momentum, back[3].p) == (0.1, 0.25, 0.25)
    assert_close(outputs(back, X), outputs(module, X))


def test_batch_norm_first_and_without_parameters_is_read():
    layers = [nn.BatchNorm1d(4, affine=False), nn.Linear(4, 6, bias=False), nn.ReLU(), nn.BatchNorm1d(6)]
    module = with_statistics(nn.Sequential(*layers, nn.Linear(6, 2, bias=False)).double())
    net = fanin.from_torch(module)
    expected = (fanin.BatchNorm(), fanin.Dense(6, "relu"), fanin.BatchNorm(), fanin.Dense(2))
    assert net.layers == expected
    assert_close(net.predict(X), outputs(module, X))
    assert not net.get_weights()["layer4.bias"].any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_pytorch_are_the_same_here(name):
    net = fanin.Network(4, [fanin.Dense(8, name), fanin.Activation(name), fanin.Dense(2)], dtype="float64")
    module = net.to_torch()
    assert_close(outputs(module, 3 * X), net.predict(3 * X), 1e-8 if name == "softplus" else 1e-14)
    assert fanin.from_torch(module).layers == net.layers


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(-1), None])
def test_a_softmax_at_the_end_is_that_of_the_loss(last):
    module = nn.Sequential(nn.Linear(4, 3), *([last] if last else []))
    loss = None if last else CLASSES
    net = fanin.from_torch(module, loss)
    assert (net.loss, net.dtype) == (CLASSES, np.float32)
    single = X.astype("float32")
    logits = outputs(module[0], single)
    assert_close(net.predict(single), softmax(logits), 1e-6)
    assert_close(outputs(net.to_torch(), single), logits, 1e-6)
    assert fanin.from_torch(module, losses.SoftmaxCrossEntropy(0.1)).loss == CLASSES


@pytest.mark.parametrize("hidden", [[], [nn.Dropout(0.1)]])
def test_a_sigmoid_at_the_end_is_that_of_the_logistic_loss(hidden):
    module = nn.Sequential(nn.Linear(4, 1), *hidden, nn.Sigmoid()).double().eval()
    net = fanin.from_torch(module, "logistic")
    assert "logistic" not in [getattr(layer, "activation", "") for layer in net.layers[:1]]
    assert_close(net.predict(X), outputs(module, X))
    assert_close(outputs(net.to_torch(), X), np.log(net.predict(X) / (1 - net.predict(X))), 1e-12)
    plain = fanin.from_torch(module)
    assert (plain.loss, plain.layers[-1].activation) == ("squared_error", "logistic")
    assert_close(plain.predict(X), outputs(module, X))


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_recurrent_layers_give_the_same_outputs(kind, every_step):
    module = recurrent_module(kind, every_step=every_step)
    net = fanin.from_torch(module)
    assert net.layers[0].return_sequences == every_step
    assert_close(net.predict(SERIES), outputs(module, SERIES))
    assert_close(outputs(net.to_torch(), SERIES), outputs(module, SERIES))


@pytest.mark.parametrize("every_step", [False, True])
def test_stacked_recurrent_layers_of_someones_module_are_read(every_step):
    stack = nn.RNN(4, 5, num_layers=3, nonlinearity="relu", dropout=0.25, batch_first=True, bias=False)
    head = nn.Linear(5, 2)
    module = nn.Sequential(stack, head).double().eval()
    net = fanin.from_torch(module, return_sequences=every_step)
    kinds = [type(layer).__name__ for layer in net.layers]
    assert kinds == ["Recurrent", "Dropout", "Recurrent", "Dropout", "Recurrent", "Dense"]
    steps = stack(torch.tensor(SERIES))[0]
    assert_close(net.predict(SERIES), head(steps if every_step else steps[:, -1]).detach().numpy())
    assert_close(outputs(net.to_torch(), SERIES), net.predict(SERIES))


def test_a_softmax_of_every_step_is_read():
    module = nn.Sequential(*recurrent_module("GRU", every_step=True), nn.Softmax(2)).double()
    net = fanin.from_torch(module)
    assert net.loss == CLASSES
    assert_close(net.predict(SERIES), outputs(module, SERIES))


def test_rows_of_an_embedding_are_joined_by_flatten():
    module = (
        nn.Sequential(nn.Embedding(7, 3), nn.Dropout(0.1), nn.Flatten(), nn.Linear(12, 2)).double().eval()
    )
    net = fanin.from_torch(module)
    assert (net.n_inputs, net.layers[0]) == (4, fanin.Embedding(7, 3))
    assert_close(net.predict(IDS), outputs(module, IDS))
    assert_close(outputs(net.to_torch(), IDS), outputs(module, IDS))


def test_an_embedding_of_words_precedes_a_recurrent_layer():
    module = nn.Sequential(nn.Embedding(7, 4), *recurrent_module("LSTM")).double()
    net = fanin.from_torch(module)
    assert net.n_inputs == 1
    words = IDS[:, :, None]
    assert_close(net.predict(words), outputs(module, IDS))
    back = net.to_torch()
    assert_close(outputs(back, words), outputs(module, IDS))
    assert fanin.from_torch(back).layers == net.layers


def test_bags_of_rows_are_summed_as_in_pytorch():
    module = nn.Sequential(nn.EmbeddingBag(7, 3, mode="sum"), nn.ReLU(), nn.Linear(3, 2)).double()
    net = fanin.from_torch(module)
    assert net.layers[0] == fanin.Embedding(7, 3, bags=True)
    bags = fanin.bags(IDS.ravel(), range(0, IDS.size, 4), n=7)
    assert_close(net.predict(bags), outputs(module, IDS))
    assert_close(outputs(net.to_torch(), IDS), outputs(module, IDS))


def test_a_network_shows_its_averaged_weights_in_pytorch():
    net = fanin.from_torch(dense_module())
    net.fit(X, np.ones((len(X), 3)), epochs=2)
    assert_close(outputs(net.to_torch(), X), net.predict(X))


def test_a_module_is_independent_of_its_network():
    module = dense_module()
    net = fanin.from_torch(module)
    before = net.predict(X)
    back = net.to_torch()
    for parameter in [*module.parameters(), *back.parameters()]:
        parameter.detach().zero_()
    assert np.array_equal(net.predict(X), before)
    assert not back.training
    assert all(parameter.requires_grad for parameter in back.parameters())


def test_making_a_module_draws_no_random_numbers_of_pytorch():
    net = fanin.from_torch(recurrent_module("GRU"))
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    net.to_torch()
    assert torch.equal(torch.rand(3), expected)


def test_modules_with_recurrent_layers_are_copied_and_pickled():
    module = fanin.from_torch(recurrent_module("LSTM")).to_torch()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert np.array_equal(outputs(twin, SERIES), outputs(module, SERIES))
        assert np.array_equal(
            fanin.from_torch(twin).predict(SERIES), fanin.from_torch(module).predict(SERIES)
        )
    assert repr(module[1]) == "LastStep()"
    every = fanin.Network(4, [fanin.GRU(3, return_sequences=True), fanin.Dense(1)]).to_torch()
    assert fanin.from_torch(copy.deepcopy(every)).predict(SERIES).shape == (24, 6, 1)


def test_a_saved_module_is_loaded_where_fanin_is_not(tmp_path):
    module = fanin.from_torch(recurrent_module("LSTM", every_step=True)).to_torch()
    torch.save(module, tmp_path / "module.pt")
    np.save(tmp_path / "series.npy", SERIES)
    program = (
        "import sys, numpy, torch\n"
        "module = torch.load('module.pt', weights_only=False)\n"
        "with torch.no_grad(): found = module(torch.tensor(numpy.load('series.npy')))\n"
        "numpy.save('found.npy', found.numpy())\n"
        "assert 'fanin' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "found.npy"), outputs(module, SERIES))


@pytest.mark.filterwarnings("ignore")  # of PyTorch
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_modules_with_recurrent_layers_are_traced_and_exported(kind):
    module = fanin.from_torch(recurrent_module(kind)).to_torch()
    example = (torch.tensor(SERIES),)
    traced = torch.jit.trace(module, example)
    assert_close(outputs(traced, SERIES[:5, :3]), outputs(module, SERIES[:5, :3]))
    exported = torch.export.export(module, example, dynamic_shapes=({0: torch.export.Dim("n")},))
    assert_close(outputs(exported.module(), SERIES[:5]), outputs(module, SERIES[:5]))


def test_the_state_of_a_module_fits_that_of_an_equal_network():
    net = fanin.from_torch(recurrent_module("GRU"))
    other = fanin.from_torch(recurrent_module("GRU")).to_torch()
    other.load_state_dict(net.to_torch().state_dict())
    assert np.array_equal(outputs(other, SERIES), outputs(net.to_torch(), SERIES))
