"""The state of an update rule, from and to an optimizer of PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.torch.links import Link, links_to, write
from fanin.export.torch.module import imported_torch
from fanin.export.torch.network import check_activations, check_module, copy_weights, dtype_of
from fanin.export.torch.reading import Reading
from fanin.export.torch.rule_state import RuleState, set_state, state_of
from fanin.export.torch.rules import BUFFER, as_around, optimizer_of, rule_of_group, twin_of, with_places
from fanin.export.torch.trained import Trained
from fanin.model import check_model
from fanin.optim import Rule

if TYPE_CHECKING:
    from fanin.network import Network


def optimizer_from_torch(optimizer: Any, module: Any, net: Network) -> Rule:
    """Let a network continue the training of a PyTorch module, and return the update rule for that.

    The network gets the weights and running statistics of the module, and the rule gets the state of the optimizer: its
    moments, momentum and number of steps. On the same batches and with the same loss, ``net.fit(X, y, rule=rule)``
    takes the steps that PyTorch would take, up to rounding.

    SGD (with momentum, Nesterov's too), RMSprop, Adagrad, Adadelta, Adam (with amsgrad), AdamW, NAdam and RAdam have
    counterparts. Groups may have different learning rates, which become ``rate_scales`` of `optim.Around`. Parameters
    that no group has, or that do not require a gradient, are frozen. PyTorch trains two biases of each recurrent gate;
    their sum is trained here, at twice the rate.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Of parameters of the module. It does not change.
    module : torch.nn.Module
        As in `from_torch`. It does not change.
    net : Network
        From `from_torch`, or with the same layers.

    Returns
    -------
    Rule
        Also ``net.rule``. With Nesterov's momentum, the network shows the look-ahead weights, as PyTorch does.

    Raises
    ------
    ValueError, TypeError
        For an optimizer or an option without a counterpart, for biases or batch norm that decay (only weights decay
        here: put the others into a group with ``weight_decay=0``), for parameters of other modules, and for parameters
        that have taken different numbers of steps. The network does not change then.

    Examples
    --------
    >>> import fanin
    >>> import torch  # doctest: +SKIP
    >>> module = torch.nn.Sequential(torch.nn.Linear(4, 1))  # doctest: +SKIP
    >>> optimizer = torch.optim.Adam(module.parameters(), lr=0.01)  # doctest: +SKIP
    >>> net = fanin.from_torch(module)  # doctest: +SKIP
    >>> fanin.optimizer_from_torch(optimizer, module, net)  # doctest: +SKIP
    Adam(learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-08, epsilon_hat=False)
    """
    check_module(module)
    check_model(net)
    reading = Reading(module, return_sequences=False)
    trained = Trained(optimizer, module, links_to(net, reading.links))
    check_activations(reading, net)
    rate, scales = trained.rates()
    frozen = [array for array in net._trained if array not in scales]
    plain = rule_of_group(trained.kind, trained.group, rate, trained.decay())
    rule = with_places(plain, {array: scale for array, scale in scales.items() if scale != 1}, frozen)
    state = trained.state(
        twin_of(rule),
        rule,
        {name: shape for name, shape, _ in net._core.arrays if name in net._trained},
        rate,
    )
    changed = net.copy()
    copy_weights(module, reading, changed)
    set_state(changed, rule, state)
    net._core = changed._core
    return rule


def optimizer_to_torch(net: Network, module: Any) -> Any:
    """Return a PyTorch optimizer that continues the training of a network, as a module.

    The optimizer gets the hyper-parameters and the state of the rule; ``rate_scales`` of `optim.Around` become groups,
    and only weights decay. The module gets the running statistics and the weights that the rule trains, which are not
    those that the network shows if it averages them or looks ahead (`Nesterov`). Frozen arrays no longer require a
    gradient.

    Parameters
    ----------
    net : Network
        Trained with a rule that PyTorch has (see `optimizer_from_torch`), at a learning rate without a schedule.
    module : torch.nn.Module
        From `Network.to_torch`, or with the same layers; its parameters are overwritten.

    Returns
    -------
    torch.optim.Optimizer
        Of the parameters of the module that are trained.

    Raises
    ------
    ValueError, TypeError
        For a network that was not trained with a rule; for a rule, or an option of `optim.Around` such as clipping,
        that PyTorch's optimizers do not have (averages of weights are dropped); for a module of other layers; and for a
        `GRU` whose gates r and z do not learn at twice the rate of its candidate, because PyTorch trains two biases of
        them. The module does not change then.
    ImportError
        If PyTorch is not installed.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(4, [fanin.Dense(1)])
    >>> history = net.fit(np.eye(4), np.ones(4), rule=fanin.optim.Adam(0.01), epochs=1)
    >>> module = net.to_torch()  # doctest: +SKIP
    >>> optimizer = fanin.optimizer_to_torch(net, module)  # doctest: +SKIP
    >>> type(optimizer).__name__, optimizer.param_groups[0]["lr"]  # doctest: +SKIP
    ('Adam', 0.01)
    """
    check_model(net)
    check_module(module)
    rule = net.rule
    if not isinstance(rule, Rule):
        got = "an untrained one" if rule is None else f"one trained with {rule!r}"
        raise ValueError(f"net: expected a network trained with an update rule, got {got}")
    kind, arguments, decay = optimizer_of(rule)
    torch = imported_torch("fanin.optimizer_to_torch")
    reading = Reading(module, return_sequences=False)
    links = links_to(net, reading.links)
    check_activations(reading, net)
    dtype_of(module)
    parameters = dict(module.named_parameters())
    scales = _scales(rule, net._trained, links, parameters)
    state = state_of(net)
    rate: Any = rule.rate
    if not scales:
        raise ValueError("rule: frozen: expected at least one array that is trained, got none")
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, scale in scales.items():
        decays = any(link.decays for link in links if link.parameter == name)
        groups.setdefault((scale * float(rate), decay if decays else 0.0), []).append(parameters[name])
    made = [{"params": given, "lr": lr, "weight_decay": own} for (lr, own), given in groups.items()]
    optimizer = getattr(torch.optim, kind)(made, **arguments)
    write(links, {**net.get_weights(averaged=False), **state.trained}, module)
    for name, parameter in parameters.items():
        parameter.requires_grad_(name in scales)
    if state.steps:
        for name in scales:
            own = [link for link in links if link.parameter == name]
            optimizer.state[parameters[name]].update(_state_of(torch, parameters[name], own, rule, state))
    return optimizer


def _scales(
    rule: Rule, arrays: Sequence[str], links: Sequence[Link], parameters: dict[str, Any]
) -> dict[str, float]:
    """Return the factor of the rate of each parameter that is trained."""
    options = as_around(rule).values_on(arrays)["around"]["arrays"] or [(1.0, False)] * len(arrays)
    of_arrays = {
        array: 0.0 if frozen else scale for array, (scale, frozen) in zip(arrays, options, strict=True)
    }
    terms: dict[str, list[str]] = {}  # the parameters that add up to an array and are trained
    for link in links:
        if link.array in of_arrays and (link.array not in terms or parameters[link.parameter].requires_grad):
            terms.setdefault(link.array, []).append(link.parameter)
    found: dict[str, set[float]] = {}
    for array, names in terms.items():
        for name in names:
            found.setdefault(name, set()).add(of_arrays[array] / len(names))
    for name, scales in found.items():
        if len(scales) > 1:
            raise ValueError(
                f"module: {name}: expected one rate, but its gates need {' and '.join(map(str, sorted(scales)))} "
                "times that of the rule: PyTorch trains two biases of the gates r and z of a GRU, and only one "
                "of its candidate; train with rate_scales of 2 for the biases of reset and update"
            )
    return {name: scale for name, (scale,) in found.items() if scale > 0}


def _state_of(
    torch: Any, parameter: Any, links: Sequence[Link], rule: Rule, state: RuleState
) -> dict[str, Any]:
    """Return the state of a parameter as PyTorch's optimizer keeps it."""
    twin = twin_of(rule)
    rate: Any = rule.rate
    found = {} if twin.optimizer == "SGD" else {"step": torch.tensor(float(state.steps))}
    if twin.memory:
        found[twin.memory] = torch.tensor(state.memory, dtype=torch.float64)
    for slot, theirs in twin.slots_of(rule).items():
        whole = np.zeros(tuple(parameter.shape))
        for link in links:
            factor = -1 / rate if theirs == BUFFER and rate else 1.0
            link.part(whole)[...] = factor * state.slots[slot][link.array]
        found[theirs] = parameter.new_tensor(whole)
    return found
