"""fanin on sparse rows and on texts, for which it needs SciPy."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import fanin
from bench.sparse import Newsgroups, SparseEstimator, SparseNet
from bench.workers.csr import BATCH, EPOCHS, classifier, matrix, texts
from bench.workers.fanin import VERSION, build, fit
from bench.workers.serve import Task, microseconds
from fanin import optim

__all__ = ["VERSION", "sparse"]


def steps(net: SparseNet) -> Iterator[Task]:
    """Steps in an epoch, and a whole epoch of one step."""
    network, n, (x, y) = build(net), net.batch, matrix(net)

    def check() -> list[float]:
        return list(fit(network, net, x[:n], y[:n], epochs=net.check_steps + 1).loss)

    def begin(_: float) -> float:
        return 1e-3 * microseconds(partial(fit, network, net, x[:n], y[:n]))

    yield Task("sparse step", partial(fit, network, net, x, y), check=check, per=net.steps)
    yield Task("epoch of one step", measure=begin)


def trained(hidden: list[Any], rule: Any, x: Any, y: Any) -> Any:
    """A predictor of classes, after the epochs of texts."""
    network = fanin.Network(
        x.shape[1], [*hidden, fanin.Dense(int(y.max()) + 1)], "softmax_cross_entropy", seed=0
    )
    network.fit(x, y, rule=rule, epochs=EPOCHS, batch_size=BATCH)
    return lambda rows: network.predict(rows).argmax(axis=1)


def sparse(case: Any) -> Iterator[Task]:
    if isinstance(case, Newsgroups):
        fits = {
            "fanin": partial(trained, [fanin.Dense(32, "relu")], optim.Adam(optim.Cosine(0.003))),
            "fanin linear": partial(trained, [], optim.Adam(optim.Cosine(0.01))),
        }
        yield from texts(case, fanin.HashedText(case.columns), fits)
    elif isinstance(case, SparseEstimator):
        from fanin.sklearn import MLPClassifier  # here, as it needs scikit-learn

        yield from classifier(MLPClassifier, case, case.steps)
    else:
        yield from steps(case)
