"""The part of a network that writes it in the forms of other programs."""

from __future__ import annotations

from typing import Any

from fanin.export.torch_module import module_of


class Exports:
    """The part of `fanin.Network` that writes it in the forms of other programs."""

    def to_torch(self) -> Any:
        """Return an ``nn.Sequential`` of PyTorch with the layers, the weights and the dtype of this network.

        It returns what PyTorch's losses expect: logits, before the soft-max or the logistic function that
        `predict` adds (for poisson and gamma, the logarithms of means). It takes X in the network's dtype, or whole
        numbers for an `Embedding`; sequences are one tensor (n, time, n_inputs). It is in evaluation mode: call
        ``train()`` before training. Weights are those of `get_weights`: averages, if the last fit averaged them.

        Returns
        -------
        torch.nn.Sequential
            Independent of the network. `from_torch` is the inverse. After a recurrent layer comes a module ``Outputs``,
            which picks the outputs of all steps or of the last one. The second bias of an RNN or LSTM, which is only
            added to the first, is 0 and not trained.

        Raises
        ------
        ValueError
            For a layer that PyTorch does not have, as ``layers[0]: Whiten cannot be written as PyTorch: ...``: input
            layers, `Residual`, `Tied`, an `Embedding` of several tables, batch norm on every step, symmetric_logistic.
        ImportError
            If PyTorch is not installed.

        Examples
        --------
        >>> import fanin
        >>> net = fanin.Network(4, [fanin.Dense(16, "relu"), fanin.Dense(3)], "softmax_cross_entropy")
        >>> net.to_torch()  # doctest: +SKIP
        Sequential(
          (0): Linear(in_features=4, out_features=16, bias=True)
          (1): ReLU()
          (2): Linear(in_features=16, out_features=3, bias=True)
        )
        """
        net: Any = self
        return module_of(net)
