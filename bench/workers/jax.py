"""JAX: compiled functions that are waited for, with donated state; rules are those of Optax."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
import optax.contrib

from bench import data
from bench.cases import Batch, Net, Updates
from bench.curvature import MOST, Descent
from bench.workers.serve import Task

VERSION = f"{jax.__version__}, Optax {optax.__version__}"
ADAM = optax.adam(1e-3)
wait = jax.block_until_ready


def normalized(x: Any, gamma: Any, beta: Any) -> Any:
    """Batch norm, without averages for prediction, with the epsilon that is every library's default."""
    difference = x - x.mean(axis=0)
    return gamma * difference * jax.lax.rsqrt(jnp.square(difference).mean(axis=0) + 1e-5) + beta


def batch_norm(batch: Batch) -> Iterator[Task]:
    """The formula, and its gradients by vjp in the same program."""
    x, dy, gamma, beta = map(jnp.array, data.normalized(batch))

    def with_gradients(x: Any, gamma: Any, beta: Any, dy: Any) -> Any:
        y, backward = jax.vjp(normalized, x, gamma, beta)
        return y, *backward(dy)

    forward, both = jax.jit(normalized), jax.jit(with_gradients)
    yield Task("batch norm", lambda: wait(forward(x, gamma, beta)), "JAX jit")
    yield Task("batch norm and gradients", lambda: wait(both(x, gamma, beta, dy)), "JAX jit")


def start(net: Net) -> list[Any]:
    """Of each layer the weights that every library starts from, and a bias, or gamma and beta instead."""
    weights = [tuple(map(jnp.array, layer)) for layer in data.weights(net)]
    if net.batch_norm:
        weights[:-1] = [(weight, jnp.ones_like(bias), bias) for weight, bias in weights[:-1]]
    return weights


def outputs(weights: Any, x: Any) -> Any:
    """What the last layer gives, before a soft-max."""
    *hidden, (last_weight, last_bias) = weights
    a = x
    for weight, *added in hidden:
        z = a @ weight
        a = jax.nn.relu(normalized(z, *added) if len(added) == 2 else z + added[0])
    return a @ last_weight + last_bias


def mean_loss(weights: Any, x: Any, y: Any) -> Any:
    """Mean cross-entropy of the net's soft-max; where y is a matrix, half the squared error."""
    if y.ndim == 2:
        return jnp.sum((outputs(weights, x) - y) ** 2) / (2 * len(y))
    return optax.softmax_cross_entropy_with_integer_labels(outputs(weights, x), y).mean()


def updated(rule: Any, weights: Any, state: Any, gradients: Any) -> tuple[Any, Any]:
    """The weights, and the rule's state, after a step."""
    changes, state = rule.update(gradients, state, weights)
    return optax.apply_updates(weights, changes), state


def step(state: Any, x: Any, y: Any, index: Any) -> Any:
    """One step of Adam on the batch of these samples: the new state, and the loss before it."""
    loss, gradients = jax.value_and_grad(mean_loss)(state[0], x[index], y[index])
    return updated(ADAM, *state, gradients), loss


def epoch_of_steps(state: Any, x: Any, y: Any, order: Any) -> Any:
    """A step for each row of order (steps, batch)."""
    return jax.lax.scan(lambda state, index: step(state, x, y, index), state, order)


def steps(net: Net) -> Iterator[Task]:
    x, y = map(jnp.array, data.samples(net))
    first, order = data.first_batches(net), data.order(net)

    def task(column: str, function: Callable[..., Any], first: Any, order: Any) -> Task:
        weights, calls = start(net), itertools.chain(first, itertools.cycle(order))
        state, compiled = (weights, ADAM.init(weights)), jax.jit(function, donate_argnums=0)

        def call() -> Any:
            nonlocal state
            state, loss = compiled(state, x, y, next(calls))
            return loss

        def check() -> list[float]:
            losses = [call().item() for _ in first]
            call()  # compiles for the shapes that the rounds time
            return losses

        per = net.steps // len(order)
        return Task("training", call, column, check=check, per=per, finish=lambda: wait(state))

    yield task("JAX step", step, first, order)
    yield task("JAX scan", epoch_of_steps, first[:, None], order[None])


def predict(net: Net) -> Iterator[Task]:
    """The rows are already on the device."""
    weights, x = start(net), jnp.array(data.samples(net)[0])
    jitted = jax.jit(lambda weights, x: jax.nn.softmax(outputs(weights, x)))
    yield Task("predict", lambda: wait(jitted(weights, x)))


def rprop() -> Any:
    """Optax's own, which applies the update of the step before, without that delay."""
    own = optax.scale_by_rprop(0.01)

    def update(gradients: Any, state: Any, weights: Any) -> Any:
        _, state = own.update(gradients, state, weights)
        return jax.tree.map(jnp.negative, state.prev_updates), state

    return optax.GradientTransformation(own.init, update)


def nadam() -> Any:
    """On Adam's moments, as Optax's own holds at beta1 the momentum that grows towards it here."""
    adam = optax.scale_by_adam()

    def update(gradients: Any, state: Any, weights: Any) -> Any:
        _, moments = adam.update(gradients, state[0])
        t, m, v = moments
        now, following = (0.9 * (1 - 0.5 * 0.96 ** (0.004 * step)) for step in (t, t + 1))
        product = now * state[1]

        def change(m: Any, v: Any, g: Any) -> Any:
            ahead = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
            return -2e-3 * ahead / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)

        return jax.tree.map(change, m, v, gradients), (moments, product)

    return optax.GradientTransformation(lambda weights: (adam.init(weights), jnp.ones(())), update)


# with the options that make them fanin's rules with their defaults
RULES: dict[str, Any] = {
    "sgd": optax.sgd(0.01),
    "momentum": optax.sgd(0.01, 0.9),
    "nesterov": optax.sgd(0.01, 0.9, nesterov=True),
    "sign_sgd": optax.sign_sgd(1e-3),
    "rprop": rprop(),
    "rmsprop": optax.rmsprop(1e-3, 0.9),
    "adagrad": optax.adagrad(0.01, initial_accumulator_value=0),
    "adadelta": optax.adadelta(1.0, 0.95),
    "adam": optax.adam(1e-3),
    "adamw": optax.adamw(1e-3, weight_decay=0.01),
    "nadam": nadam(),
    "radam": optax.radam(1e-3),
    "amsgrad": optax.amsgrad(1e-3),
    "adamax": optax.adamax(2e-3),
    "ademamix": optax.contrib.ademamix(1e-3),
    "lion": optax.lion(1e-4, weight_decay=0),
}


def rules(case: Updates) -> Iterator[Task]:
    if case.rule not in RULES:
        return
    rule = RULES[case.rule]
    w, g = ([jnp.array(array) for array in arrays] for arrays in data.weights_and_gradients(case))
    state = rule.init(w)
    jitted = jax.jit(partial(updated, rule), donate_argnums=(0, 1))

    def one() -> None:
        nonlocal w, state
        w, state = wait(jitted(w, state, g))

    yield Task("step", one, "Optax, JAX jit", changes=lambda: w[0])


def descent(case: Descent, weights: Any, x: Any, y: Any, goal: Any) -> tuple[Any, Any]:
    """Iterate L-BFGS until the goal: the loss, and the evaluations."""
    rule = optax.lbfgs(memory_size=10)

    def loss_of(weights: Any) -> Any:
        return mean_loss(weights, x, y) + 0.5 * case.l2 * sum(jnp.sum(weight**2) for weight, _ in weights)

    def iterate(of: Any) -> Any:
        weights, state, _, count = of
        loss, gradient = optax.value_and_grad_from_state(loss_of)(weights, state=state)
        arguments = {"value": loss, "grad": gradient, "value_fn": loss_of}
        changes, state = rule.update(gradient, state, weights, **arguments)
        loss, steps = (optax.tree.get(state, name) for name in ("value", "num_linesearch_steps"))
        return optax.apply_updates(weights, changes), state, loss, count + steps

    def goes_on(of: Any) -> Any:
        *_, loss, count = of
        return (loss > goal) & (count < MOST)

    first = weights, rule.init(weights), loss_of(weights), jnp.ones((), int)
    *_, loss, count = jax.lax.while_loop(goes_on, iterate, first)
    return loss, count


def curvature(case: Any) -> Iterator[Task]:
    """All iterations in one compiled loop."""
    if not isinstance(case, Descent):
        return
    from bench.workers import minimizers  # here, as it needs scikit-learn

    data_set, compiled = minimizers.labelled(case), jax.jit(partial(descent, case))

    def minimize(weights: Any, watch: minimizers.Watch) -> None:
        with jax.enable_x64(case.dtype == "float64"):
            loss, count = compiled(weights, *data_set, watch.goal)
            watch.reached(loss.item(), count.item())

    yield from minimizers.tasks(case, minimize)
