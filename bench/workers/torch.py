"""PyTorch: eager, with optimizers as they come and fused, and behind torch.compile where that is asked for."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench import data
from bench.cases import ADAM, CHECK_STEPS, FASHION_RATE, Batch, Elements, Net, Product, Updates
from bench.pool import COMPILE_VARIABLE
from bench.workers.serve import Task, microseconds, microseconds_per_call

torch: Any = importlib.import_module("torch")
F: Any = importlib.import_module("torch.nn.functional")
VERSION = torch.__version__


def tensors(arrays: Any) -> list[Any]:
    return [torch.from_numpy(array) for array in arrays]


def adam(parameters: Any, **options: Any) -> Any:
    rate, beta1, beta2, epsilon = ADAM
    return torch.optim.Adam(parameters, rate, (beta1, beta2), epsilon, **options)


def products(product: Product) -> Iterator[Task]:
    """Row-major operands, transposed by strides, into an output that exists; after the last, fused Adam."""
    a, w, dz = tensors(data.operands(product))
    task = partial(Task, around=torch.inference_mode)
    yield task("forward", partial(torch.mm, a, w, out=torch.empty_like(dz)))
    yield task("input gradient", partial(torch.mm, dz, w.T, out=torch.empty_like(a)))
    yield task("weight gradient", partial(torch.mm, a.T, dz, out=torch.empty_like(w)))
    weight = w.clone()
    weight.grad = torch.empty_like(w)
    optimizer = adam([weight], fused=True)

    def product_and_step() -> Any:
        torch.mm(a.T, dz, out=weight.grad)
        optimizer.step()
        return weight

    yield Task("weight gradient, Adam", product_and_step)


def gradients(function: Callable[..., Any], dy: Any, *leaves: Any) -> Callable[[], list[Any]]:
    """Compute a function's value and the gradients of its leaves by autograd, as new tensors."""

    def compute() -> list[Any]:
        for leaf in leaves:
            leaf.grad = None
        value = function(leaves[0])
        value.backward(dy)
        return [value.detach(), *(leaf.grad for leaf in leaves)]

    return compute


def functional(product: Product) -> Iterator[Task]:
    """Weights as Linear keeps them, (units, inputs), but for the bare product."""
    a, w, dz = tensors(data.operands(product))
    linear = torch.nn.Linear(*w.shape)
    with torch.no_grad():
        linear.weight.copy_(w.T)
        linear.bias.fill_(1)
    both = gradients(
        lambda x: torch.relu(linear(x)), dz, a.clone().requires_grad_(), linear.weight, linear.bias
    )

    def with_gradients() -> list[Any]:
        value, da, dw, db = both()
        return [value, da, dw.T, db]

    yield Task("product", partial(torch.mm, a, w, out=torch.empty_like(dz)), around=torch.inference_mode)
    yield Task("layer", lambda: torch.relu(linear(a)), around=torch.inference_mode)
    yield Task("layer and gradients", with_gradients)


# fanin's activations that torch.nn.functional lacks or names differently
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": torch.clone,
    "logistic": torch.sigmoid,
    "symmetric_logistic": lambda z: torch.tanh(0.5 * z),
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
}


def activations(elements: Elements) -> Iterator[Task]:
    """Gradients by autograd."""
    function = ACTIVATIONS.get(elements.activation) or getattr(F, elements.activation, None)
    if function is None:
        return
    z, da = tensors(data.elements(elements.count))
    yield Task("value", lambda: function(z), around=torch.inference_mode)
    yield Task("value and gradient", gradients(function, da, z.clone().requires_grad_()))


def batch_norm(batch: Batch) -> Iterator[Task]:
    """BatchNorm1d in training, without running averages."""
    x, dy, gamma, beta = tensors(data.normalized(batch))
    norm = torch.nn.BatchNorm1d(batch.columns, track_running_stats=False)
    with torch.no_grad():
        norm.weight.copy_(gamma)
        norm.bias.copy_(beta)
    yield Task("batch norm", lambda: norm(x), around=torch.inference_mode)
    yield Task(
        "batch norm and gradients",
        gradients(norm, dy, x.clone().requires_grad_(), norm.weight, norm.bias),
    )


MOMENTUM = {"lr": 0.01, "momentum": 0.9}
# class, and options that make it fanin's rule with its defaults
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {"lr": 0.01}),
    "momentum": ("SGD", MOMENTUM),
    "nesterov": ("SGD", {**MOMENTUM, "nesterov": True}),
    "rprop": ("Rprop", {"lr": 0.01}),
    "rmsprop": ("RMSprop", {"lr": 1e-3, "alpha": 0.9}),
    "adagrad": ("Adagrad", {"lr": 0.01}),
    "adadelta": ("Adadelta", {"lr": 1.0, "rho": 0.95}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "nadam": ("NAdam", {}),
    "radam": ("RAdam", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
    "adamax": ("Adamax", {}),
}
FUSED = ("SGD", "Adagrad", "Adam", "AdamW")


def rules(case: Updates) -> Iterator[Task]:
    """As they come (foreach), and fused if there is such a form; made for each case, because 10^8 weights are large."""
    if case.rule not in RULES:
        return
    kind, options = RULES[case.rule]

    def optimizer(form: dict[str, Any]) -> Any:
        w, g = map(tensors, data.weights_and_gradients(case))
        for weight, gradient in zip(w, g, strict=True):
            weight.grad = gradient
        return getattr(torch.optim, kind)(w, **options, **form)

    def check(form: dict[str, Any]) -> list[float]:
        made = optimizer(form)
        for _ in range(CHECK_STEPS):
            made.step()
        return data.samples_of(made.param_groups[0]["params"][0].numpy())

    def measure(form: dict[str, Any], seconds: float) -> float:
        return microseconds_per_call(optimizer(form).step, seconds)

    forms: dict[str, dict[str, Any]] = {"": {}} | (
        {"PyTorch fused": {"fused": True}} if kind in FUSED else {}
    )
    for column, form in forms.items():
        yield Task("step", column=column, check=partial(check, form), measure=partial(measure, form))


def sequential(net: Net, start: bool = True) -> Any:
    """Linear, batch norm instead of a bias, and ReLU, with the weights that every library starts from or its own."""
    modules: list[Any] = []
    for layer, (weight, bias) in enumerate(data.weights(net), 1):
        hidden = layer < len(net.layers)
        norm = [torch.nn.BatchNorm1d(len(bias))] if net.batch_norm and hidden else []
        linear = torch.nn.Linear(*weight.shape, bias=not norm)
        if start:
            values = {"weight": torch.from_numpy(weight.T), "bias": torch.from_numpy(bias)}
            linear.load_state_dict({name: values[name] for name in linear.state_dict()})
        modules += [linear, *norm, *([torch.nn.ReLU()] if hidden else [])]
    return torch.nn.Sequential(*modules)


def training(net: Net, model: Any, optimizer: Any, compiled: bool = False) -> tuple[Any, Callable[..., None]]:
    """The loss of a batch, and a step on it: zero_grad, forward, backward, step."""

    def loss(x: Any, y: Any) -> Any:
        if net.loss == "squared_error":
            return F.mse_loss(model(x), y, reduction="sum") / (2 * len(y))
        return F.cross_entropy(model(x), y)

    loss_of = torch.compile(loss, dynamic=False) if compiled else loss

    def step(x: Any, y: Any) -> None:
        optimizer.zero_grad()
        loss_of(x, y).backward()
        optimizer.step()

    return loss_of, step


def steps(net: Net) -> Iterator[Task]:
    """Steps on batches picked by index_select."""
    x, y = tensors(data.samples(net))
    batches = data.batches(net)

    def task(column: str, compiled: bool = False, **options: Any) -> Task:
        model = sequential(net)
        loss, step = training(net, model, adam(model.parameters(), **options), compiled)
        first = x[: net.batch], y[: net.batch]

        def call() -> None:
            index = torch.from_numpy(next(batches))
            step(x.index_select(0, index), y.index_select(0, index))

        def check() -> list[float]:
            before = loss(*first).item()
            for _ in range(net.check_steps):
                step(*first)
            return [before, loss(*first).item()]

        return Task("training", call, column, check=check)

    yield task("PyTorch")
    yield task("PyTorch fused", fused=True)
    if os.environ.get(COMPILE_VARIABLE):
        yield task("PyTorch compile", fused=True, compiled=True)


def predict(net: Net) -> Iterator[Task]:
    """A Sequential of Linear and ReLU in inference mode, and a soft-max."""
    model = torch.nn.Sequential(sequential(net), torch.nn.Softmax(dim=1)).eval()
    x, _ = tensors(data.samples(net))
    yield Task("predict", lambda: model(x), around=torch.inference_mode)


def fashion(net: Net) -> Iterator[Task]:
    """The loop of the tutorials, with Adam fused, without a DataLoader, which would take longer than the net."""
    torch.manual_seed(0)
    x, y = tensors(data.pictures("train"))
    test_x, test_y = tensors(data.pictures("t10k"))
    model = sequential(net, start=False)
    optimizer = torch.optim.Adam(model.parameters(), lr=FASHION_RATE, fused=True)
    _, step = training(net, model, optimizer)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / (net.epochs * -(-len(x) // net.batch))))
    )

    def epoch() -> None:
        model.train()
        for index in torch.randperm(len(x)).split(net.batch):
            step(x.index_select(0, index), y.index_select(0, index))
            schedule.step()

    def accuracy() -> float:
        model.eval()
        with torch.inference_mode():
            return 100 * float((model(test_x).argmax(1) == test_y).double().mean())

    yield Task("an epoch", measure=lambda _: microseconds(epoch))
    yield Task("accuracy", measure=lambda _: accuracy())
