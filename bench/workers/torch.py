"""PyTorch: eager, with optimizers as they come and fused, and behind torch.compile where that is asked for."""

import itertools
import os
from collections.abc import Callable, Iterator
from functools import partial
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn, optim

from bench import data
from bench.cases import FASHION_RATE, Batch, Elements, Net, Product, Updates
from bench.curvature import MOST, Descent
from bench.pool import COMPILE_VARIABLE
from bench.sparse import SparseEstimator, SparseNet, rows
from bench.workers.serve import Task, microseconds

VERSION = torch.__version__
inference = partial(Task, around=torch.inference_mode)


def tensors(arrays: Any) -> list[Any]:
    return [torch.from_numpy(array) for array in arrays]


def products(product: Product) -> Iterator[Task]:
    """Row-major operands, transposed by strides, into an output that exists; after the last, fused Adam."""
    a, w, dz = tensors(data.operands(product))
    yield inference("forward", partial(torch.mm, a, w, out=torch.empty_like(dz)))
    yield inference("input gradient", partial(torch.mm, dz, w.T, out=torch.empty_like(a)))
    yield inference("weight gradient", partial(torch.mm, a.T, dz, out=torch.empty_like(w)))
    weight = w.clone()
    weight.grad = torch.empty_like(w)
    optimizer = optim.Adam([weight], fused=True)

    def product_and_step() -> Any:
        torch.mm(a.T, dz, out=weight.grad)
        optimizer.step()
        return weight

    yield Task("weight gradient, Adam", product_and_step)


def gradients(function: Callable[..., Any], dy: Any, x: Any, *parameters: Any) -> Callable[[], list[Any]]:
    """Compute a function's value and the gradients of x and its parameters by autograd, as new tensors."""
    leaves = [x.clone().requires_grad_(), *parameters]

    def compute() -> list[Any]:
        for leaf in leaves:
            leaf.grad = None
        value = function(leaves[0])
        value.backward(dy)
        return [value.detach(), *(leaf.grad for leaf in leaves)]

    return compute


def functional(product: Product) -> Iterator[Task]:
    a, w, dz = tensors(data.operands(product))
    linear = nn.Linear(*w.shape)
    linear.load_state_dict({"weight": w.T, "bias": torch.ones(w.shape[1])})
    both = gradients(lambda x: torch.relu(linear(x)), dz, a, *linear.parameters())

    def with_gradients() -> list[Any]:
        value, da, dw, db = both()
        return [value, da, dw.T, db]

    yield inference("product", partial(torch.mm, a, w, out=torch.empty_like(dz)))
    yield inference("layer", lambda: torch.relu(linear(a)))
    yield Task("layer and gradients", with_gradients)


# fanin's activations that torch.nn.functional lacks or names differently
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": torch.clone,
    "logistic": torch.sigmoid,
    "symmetric_logistic": lambda z: torch.tanh(0.5 * z),
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
}


def activations(elements: Elements) -> Iterator[Task]:
    if function := ACTIVATIONS.get(elements.activation) or getattr(F, elements.activation, None):
        z, da = tensors(data.elements(elements.count))
        yield inference("value", partial(function, z))
        yield Task("value and gradient", gradients(function, da, z))


def batch_norm(batch: Batch) -> Iterator[Task]:
    """BatchNorm1d in training, without running averages."""
    x, dy, gamma, beta = tensors(data.normalized(batch))
    norm = nn.BatchNorm1d(batch.columns, track_running_stats=False)
    norm.load_state_dict({"weight": gamma, "bias": beta})
    yield inference("batch norm", partial(norm, x))
    yield Task("batch norm and gradients", gradients(norm, dy, x, *norm.parameters()))


# with the options that make them fanin's rules with their defaults
RULES: dict[str, Callable[..., Any]] = {
    "sgd": partial(optim.SGD, lr=0.01),
    "momentum": partial(optim.SGD, lr=0.01, momentum=0.9),
    "nesterov": partial(optim.SGD, lr=0.01, momentum=0.9, nesterov=True),
    "rprop": partial(optim.Rprop, lr=0.01),
    "rmsprop": partial(optim.RMSprop, lr=1e-3, alpha=0.9),
    "adagrad": partial(optim.Adagrad, lr=0.01),
    "adadelta": partial(optim.Adadelta, lr=1.0, rho=0.95),
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "nadam": optim.NAdam,
    "radam": optim.RAdam,
    "amsgrad": partial(optim.Adam, amsgrad=True),
    "adamax": optim.Adamax,
}


def rules(case: Updates) -> Iterator[Task]:
    """As they come (foreach), and fused if there is such a form."""
    if case.rule not in RULES:
        return
    rule = RULES[case.rule]
    for column, form in (("PyTorch", {}), ("PyTorch fused", {"fused": True})):
        if form.keys() <= signature(rule).parameters.keys():
            w, g = map(tensors, data.weights_and_gradients(case))
            for weight, gradient in zip(w, g, strict=True):
                weight.grad = gradient
            yield Task("step", rule(w, **form).step, column, changes=w[0].numpy)


def sequential(net: Net) -> Any:
    """Linear, batch norm instead of a bias, and the activation, with the weights that every library starts from."""
    modules: list[Any] = []
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[net.activation]
    for layer, (weight, bias) in enumerate(map(tensors, data.weights(net)), 1):
        normed = net.batch_norm and layer < len(net.layers)
        linear = nn.Linear(*weight.shape, bias=not normed)
        linear.load_state_dict({"weight": weight.T, "bias": bias}, strict=not normed)
        modules += [linear, *([nn.BatchNorm1d(len(bias))] if normed else []), activation()]
    return nn.Sequential(*modules[:-1])


def trainer(net: Net, compiled: bool = False, **options: Any) -> tuple[Any, Any, Callable[..., Any]]:
    """A model, its optimizer, and a step on a batch, which returns the loss before it."""
    model = sequential(net)
    optimizer = RULES[net.rule](model.parameters(), **options)

    def loss(x: Any, y: Any) -> Any:
        if net.loss == "squared_error":
            return F.mse_loss(model(x), y, reduction="sum") / (2 * len(y))
        return F.cross_entropy(model(x), y)

    loss_of = torch.compile(loss, dynamic=False) if compiled else loss

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        value = loss_of(x, y)
        value.backward()
        optimizer.step()
        return value

    return model, optimizer, step


def steps(net: Net) -> Iterator[Task]:
    x, y = tensors(data.samples(net))

    def task(column: str, **options: Any) -> Task:
        _, _, step = trainer(net, **options)
        batches = itertools.chain(data.first_batches(net), itertools.cycle(data.order(net)))

        def call() -> Any:
            index = torch.from_numpy(next(batches))
            return step(x.index_select(0, index), y.index_select(0, index))

        def check() -> list[float]:
            return [call().item() for _ in data.first_batches(net)]

        return Task("training", call, column, check=check)

    yield task("PyTorch")
    if "fused" not in signature(RULES[net.rule]).parameters:
        return
    yield task("PyTorch fused", fused=True)
    if os.environ.get(COMPILE_VARIABLE):
        yield task("PyTorch compile", fused=True, compiled=True)


def sparse(net: Any) -> Iterator[Task]:
    """EmbeddingBag with the values as weights, and a bias; Adam for its rows is SparseAdam, and not exact."""
    if not isinstance(net, SparseNet) or isinstance(net, SparseEstimator):
        return
    torch.sparse.check_sparse_tensor_invariants.disable()  # the default, of which the first step would warn
    columns, values, y = tensors(rows(net))
    (weight, bias), (top_weight, top_bias) = map(tensors, data.weights(net))
    table = nn.EmbeddingBag.from_pretrained(weight, freeze=False, mode="sum", sparse=True)
    bias, top = nn.Parameter(bias), nn.Linear(*top_weight.shape)
    top.load_state_dict({"weight": top_weight.T, "bias": top_bias})
    rule = RULES[net.rule]
    of_rows = optim.SparseAdam if net.rule == "adam" else rule
    optimizers = [of_rows(table.parameters()), rule([bias, *top.parameters()])]
    offsets = torch.arange(0, net.batch * net.values, net.values, dtype=columns.dtype)
    batches = itertools.chain(data.first_batches(net), itertools.cycle(data.order(net)))

    def call() -> Any:
        index = torch.from_numpy(next(batches))
        some, weights = (of.index_select(0, index).ravel() for of in (columns, values))
        for optimizer in optimizers:
            optimizer.zero_grad()
        hidden = torch.relu(table(some, offsets, per_sample_weights=weights) + bias)
        loss = F.cross_entropy(top(hidden), y.index_select(0, index))
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss

    yield Task("sparse step", call, check=lambda: [call().item() for _ in data.first_batches(net)])


def predict(net: Net) -> Iterator[Task]:
    model = nn.Sequential(sequential(net), nn.Softmax(dim=1)).eval()
    x, _ = tensors(data.samples(net))
    yield inference("predict", partial(model, x))


def fashion_mnist(net: Net) -> Iterator[Task]:
    """The loop of the tutorials, with Adam fused, without a DataLoader, which would take longer than the net."""
    x, y, test_x, test_y = tensors([*data.pictures("train"), *data.pictures("t10k")])
    model, optimizer, step = trainer(net, lr=FASHION_RATE, fused=True)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, net.epochs * -(-len(x) // net.batch))
    torch.manual_seed(0)

    def epoch() -> None:
        model.train()
        for index in torch.randperm(len(x)).split(net.batch):
            step(x.index_select(0, index), y.index_select(0, index))
            schedule.step()

    def accuracy(_: float) -> float:
        with torch.inference_mode():
            return 100 * (model.eval()(test_x).argmax(1) == test_y).double().mean().item()

    yield Task("an epoch", measure=lambda _: microseconds(epoch))
    yield Task("accuracy", measure=accuracy)


def curvature(case: Any) -> Iterator[Task]:
    if not isinstance(case, Descent):
        return
    from bench.workers import minimizers  # here, as it needs scikit-learn

    x, y = tensors(minimizers.labelled(case))
    model = sequential(case).to(x.dtype)

    def minimize(weights: Any, watch: minimizers.Watch) -> None:
        for linear, (weight, bias) in zip(model[::2], map(tensors, weights), strict=True):
            linear.load_state_dict({"weight": weight.T, "bias": bias})
        optimizer = optim.LBFGS(
            model.parameters(), max_iter=MOST, max_eval=MOST, history_size=10, line_search_fn="strong_wolfe"
        )

        def closure() -> Any:
            optimizer.zero_grad()
            penalty = sum(linear.weight.square().sum() for linear in model[::2])
            loss = F.cross_entropy(model(x), y) + 0.5 * case.l2 * penalty
            loss.backward()
            watch(loss.item())
            return loss

        optimizer.step(closure)

    yield from minimizers.tasks(case, minimize)
