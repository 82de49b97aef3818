"""Shared helpers: a network's twin in the reference, digests, Python in a fresh process."""

from __future__ import annotations

import builtins
import dataclasses
import hashlib
import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

import fanin
from fanin import _core, initializers, losses, optim
from reference import losses as reference_losses
from reference import network as reference_network
from reference import rules as reference_rules

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
H = 1e-5  # central differences in float64: errors of order H^2 and 1e-16 / H


def rule_classes() -> dict[str, type]:
    """The dataclasses of fanin.optim by the names in the C++ list of rules."""
    rules = [c for c in vars(optim).values() if isinstance(c, type) and issubclass(c, optim.Rule)]
    classes = {c.name: c for c in rules if hasattr(c, "name")}
    return {name: classes[name] for name in _core.rules()}


def schedule_classes() -> dict[str, type]:
    """The dataclasses of schedules by name."""
    kinds = [kind for base in optim.Schedule.__subclasses__() for kind in (base, *base.__subclasses__())]
    return {kind.name: kind for kind in kinds if "name" in vars(kind)}


def rule_named(name: str, **hyper_parameters: float):
    return rule_classes()[name](**hyper_parameters)


def without_decay(rule: optim.Rule) -> optim.Rule:
    """The rule without a decay of its own, so that `Around` may add one."""
    return dataclasses.replace(rule, weight_decay=0) if hasattr(rule, "weight_decay") else rule


def reference_rule(name: str, rule):
    """The same rule, with the same hyper-parameters, from the textbook."""
    return reference_rules.RULES[name](**dataclasses.asdict(rule))


def inputs_for(rule: optim.Rule, gradients: list, loss: float = 0.5, seed: int = 0) -> dict:
    """Additional arguments for a step of an Optimizer: nothing, the loss or second gradients."""
    if getattr(rule, "variant", "") == "irprop+":
        return {"loss": loss}
    if rule.name != "schaul_vsgd":
        return {}
    rng = np.random.default_rng(seed)
    return {"second_gradients": [g + rng.normal(size=np.shape(g)).astype("float32") for g in gradients]}


def inputs_of_reference(inputs: dict, array: int) -> dict:
    """The same for one array of the reference."""
    if "second_gradients" not in inputs:
        return inputs
    return {"second": np.asarray(inputs["second_gradients"][array], dtype="float64")}


def loss_for(name: str, outputs: int) -> losses.Loss:
    """The loss with its defaults; for quantiles, one level per output."""
    if name != "quantile":
        return losses.BY_NAME[name]()
    return losses.Quantile([(j + 1) / (outputs + 1) for j in range(outputs)])


def initializer_for(name: str, *shape: int) -> initializers.Initializer:
    """The initializer with its defaults, adapted to weights of this shape (n_in, units), or biases (units,)."""
    if name == "values":
        return initializers.Values(np.sin(np.arange(np.prod(shape))).reshape(shape))
    if name == "sparse":
        return initializers.Sparse(connections=min(15, shape[0]))
    return initializers.BY_NAME[name]()


def dense_with(name: str, n_in: int, units: int, activation: str = "identity") -> fanin.Dense:
    """A last layer with this initializer for its weights, or for its biases if it is for these alone."""
    initializer = initializer_for(name, n_in, units)
    if name == "base_rate":
        return fanin.Dense(units, bias_initializer=initializer)
    return fanin.Dense(units, activation, initializer)


def reference_loss(loss: losses.Loss) -> reference_losses.Loss:
    """The same loss, with the same hyper-parameters, from the textbook."""
    return reference_losses.LOSSES[loss.name](**dataclasses.asdict(loss))


def reference_of(net: fanin.Network, dtype: str = "float64") -> reference_network.Network:
    """The same network in the reference, with the current weights of `net`."""
    weights = net.get_weights()
    layers = range(1, len(net.layers) + 1)
    return reference_network.Network(
        [weights[f"layer{i}.weight"].astype(dtype) for i in layers],
        [weights[f"layer{i}.bias"].astype(dtype) for i in layers],
        [layer.activation for layer in net.layers],
        reference_loss(net._loss),
    )


def flat(weights: dict[str, NDArray] | reference_network.Network) -> NDArray:
    """All weights and biases, layer after layer, as one vector."""
    arrays = weights.parameters() if isinstance(weights, reference_network.Network) else weights.values()
    return np.concatenate([np.ravel(array) for array in arrays])


def digest(net: fanin.Network) -> str:
    """A digest of the bits of all weights."""
    return hashlib.sha256(b"".join(a.tobytes() for _, a in sorted(net.get_weights().items()))).hexdigest()


def linear_neuron(w: ArrayLike, b: float = 0.0, **options) -> fanin.Network:
    """One identity unit with these weights: its squared error is the textbook's quadratic bowl."""
    w = np.asarray(w, dtype="float64")
    net = fanin.Network(len(w), [fanin.Dense(1)], dtype="float64", **options)
    net.set_weights({"layer1.weight": w[:, None], "layer1.bias": np.array([b])})
    return net


def run_python(*arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a fresh process that can import the tests, with only the given FANIN_* variables."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FANIN_", "OMP_"))}
    path = os.pathsep.join(
        filter(None, (str(TESTS), os.environ.get("PYTHONPATH")))
    )  # for a build that is not installed
    return subprocess.run(
        [sys.executable, *arguments],
        env={**inherited, **environment, "PYTHONPATH": path},
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def python_prints(*arguments: str, **environment: str) -> str:
    """Return the output of a fresh Python process, which must succeed."""
    done = run_python(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bits_everywhere(compute: Callable[[], str], threads: Callable[[int], None]) -> set[str]:
    """What a function of a test file returns on 1, 2, 3 and 7 threads, and on each instruction set."""
    found = set()
    for number in (1, 2, 3, 7):
        threads(number)
        found.add(compute())
    module = ".".join(Path(inspect.getfile(compute)).relative_to(TESTS).with_suffix("").parts)
    code = f"from {module} import {compute.__name__}\nprint({compute.__name__}())"
    return found | {python_prints("-c", code, FANIN_ISA=isa).strip() for isa in fanin.cpu.available()}


def refuse_imports(monkeypatch, package: str) -> None:
    """Have imports of a package and its modules fail, as if it were not installed."""
    real = builtins.__import__

    def refusing(name, *rest, **options):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
