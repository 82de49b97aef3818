"""Ranks of MPI train one network: its bits, and what one process would have trained."""

from __future__ import annotations

import pytest

from ranks import results_of

# An input layer, batch norm, dropout, weights, validation, a schedule and a callback
FIT_ALL = """
X, y = wave(203)
weights = np.linspace(1, 2, len(X))
X[5, 1] = np.nan
def new(seed=1):
    layers = [fanin.Standardize(missing="mean", indicators=False), fanin.Dense(40, "relu", batch_norm=True),
              fanin.Dropout(0.8), fanin.Dense(130, "tanh"), fanin.Dense(1)]
    return fanin.Network(3, layers, seed=seed)
options = dict(rule=optim.Around(optim.AdamW(optim.Cosine(0.01)), clip_norm=1.0, average_share=0.1), epochs=4,
               batch_size=24, validation_fraction=0.2)
"""


def test_one_rank_of_mpi_gives_the_bits_of_fit(mpi):
    program = """
net, alone = new(), new()
history = distributed.fit(net, X, y, sample_weight=weights, callbacks=[fanin.EarlyStopping(2)], **options)
expected = alone.fit(X, y, sample_weight=weights, callbacks=[fanin.EarlyStopping(2)], **options)
losses = history.loss == expected.loss and history.val_loss == expected.val_loss
show(same=net.to_bytes() == alone.to_bytes(), losses=losses)
"""
    assert results_of(mpi, 1, FIT_ALL + program) == [{"same": True, "losses": True}]


@pytest.mark.parametrize("ranks", [2, 4])
def test_all_ranks_hold_the_same_network_and_repeat_its_bits(mpi, ranks):
    program = """
net = new(seed=rank)
part = dealt(X, y, weights)
callbacks = [fanin.EarlyStopping(2), fanin.RateControl()]
history = distributed.fit(net, *part[:2], sample_weight=part[2], callbacks=callbacks, **options)
show(digest=digest(net), losses=history.loss, validation=history.val_loss, best=history.best_epoch)
show(steps=history.steps, seed=net.seed)
"""
    runs = [results_of(mpi, ranks, FIT_ALL + program) for _ in range(2)]
    assert runs[0] == runs[1]
    assert all(result == runs[0][0] for result in runs[0])
    assert runs[0][0]["seed"] == 0


def test_two_ranks_of_mpi_train_as_one_process_on_the_same_batches(mpi):
    program = """
X, y = wave(96)
for rule in [optim.SGD(0.1), optim.Around(optim.Momentum(0.05), clip_norm=0.3, accumulate=2), optim.Adam(0.01),
             optim.Rprop(), optim.Around(optim.Muon(0.01), weight_decay=0.01)]:
    for weighted in (False, True):
        layers = [fanin.RobustScale(), fanin.Dense(70, "tanh"), fanin.Dense(20, "relu"), fanin.Dense(1)]
        nets = [fanin.Network(3, layers, dtype="float64") for _ in range(2)]
        weights = np.linspace(1, 3, len(X)) if weighted else None
        how = dict(rule=rule, epochs=3, batch_size=24 if rule.name != "rprop" else 96, batches="in_order")
        part = dealt(X, y)
        history = distributed.fit(nets[0], *part, sample_weight=weights[rank::size] if weighted else None,
                                  validation_data=part, **how)
        expected = nets[1].fit(X, y, sample_weight=weights, validation_data=(X, y), **how)
        assert difference(*nets) < 1e-9, (rule, difference(*nets))
        assert np.allclose(history.loss, expected.loss, rtol=1e-9)
        assert np.allclose(history.val_loss, expected.val_loss, rtol=1e-9)
        assert np.allclose(history.val_metric, expected.val_metric, rtol=1e-9)
show()
"""
    results_of(mpi, 2, program)


def test_ranks_of_uneven_rows_share_batches_and_balance_classes_of_all(mpi):
    program = """
X, _ = wave(300)
y = (X[:, 0] + X[:, 1] > 0.8).astype(int)
X[:60:3, 1] = np.nan
ends = [0, 3, 200, 300]
part = slice(ends[rank], ends[rank + 1])
layers = [fanin.Whiten(missing="mean"), fanin.Dense(8, "tanh"), fanin.Dense(2)]
net, alone = (fanin.Network(3, layers, "softmax_cross_entropy", dtype="float64") for _ in range(2))
history = distributed.fit(net, X[part], y[part], rule=optim.SGD(0), epochs=2, batch_size=16, class_weight="balanced")
expected = alone.fit(X, y, rule=optim.SGD(0), epochs=1, batch_size=300, class_weight="balanced")
assert np.allclose(history.loss, expected.loss, rtol=1e-9)
learned = [np.allclose(net.learned[name], alone.learned[name]) for name in net.learned]
again = distributed.fit(net, X[part], y[part], rule=optim.Adam(0.02), epochs=20, batch_size=16, max_steps=200)
show(digest=digest(net), learned=learned, steps=again.steps, stopped=again.stopped_epoch, loss=again.loss[-1])
"""
    results = results_of(mpi, 3, program)
    assert all(result == results[0] for result in results)
    assert all(results[0]["learned"])
    assert results[0]["steps"] == 200
    assert results[0]["stopped"] == 11
    assert results[0]["loss"] < 0.2


def test_synchronized_batch_norm_sees_the_batch_of_all_ranks(mpi):
    program = """
X, y = wave(60)
X = 100 + X
for layers in ([fanin.Dense(20, "tanh", batch_norm=True), fanin.Dense(1)],
               [fanin.BatchNorm(), fanin.Dense(9, "softplus", batch_norm=True), fanin.BatchNorm(),
                fanin.Dense(17, "logistic"), fanin.BatchNorm(), fanin.Dense(1)]):
    nets = [fanin.Network(3, layers, dtype="float64") for _ in range(3)]
    how = dict(rule=optim.SGD(0.01), epochs=3, batch_size=20, batches="in_order")
    history = distributed.fit(nets[0], *dealt(X, y), synchronized=True, **how)
    expected = nets[1].fit(X, y, **how)
    assert difference(*nets[:2]) < 1e-8, difference(*nets[:2])
    assert np.allclose(history.loss, expected.loss, rtol=1e-9)
    distributed.fit(nets[2], *dealt(X, y), **how)
    assert difference(nets[0], nets[2]) > 1e-4
# one step is a finite difference
net = fanin.Network(3, [fanin.Dense(4, "tanh", batch_norm=True), fanin.Dense(1)], dtype="float64")
start = net.copy()
distributed.fit(net, *dealt(X, y), synchronized=True, rule=optim.SGD(1.0), epochs=1, batch_size=60)
objective, h = start.objective(X, y), 1e-5
w = objective.weights()
slopes = [(objective.loss(w + h * e) - objective.loss(w - h * e)) / (2 * h) for e in np.eye(len(w))]
moved = w - net.objective(X, y).weights()
assert np.allclose(moved, slopes, atol=1e-7), np.abs(moved - slopes).max()
show()
"""
    results_of(mpi, 2, program)


def test_a_callback_of_one_rank_stops_all_of_mpi(mpi):
    program = """
X, y = dealt(*wave(64))
net = fanin.Network(3, [fanin.Dense(4, "tanh"), fanin.Dense(1)])
history = distributed.fit(net, X, y, epochs=9, callbacks=[lambda net, epoch, logs: rank == 1 and epoch == 3])
show(stopped=history.stopped_epoch, epochs=len(history.loss))
"""
    assert results_of(mpi, 2, program) == [{"stopped": 3, "epochs": 3}] * 2


def test_a_rank_whose_weights_are_all_0_trains_with_the_others(mpi):
    program = """
X, y = wave(64)
labels = np.zeros(len(X), int)
labels[::4] = 1  # of rank 0
nets = [fanin.Network(3, [fanin.Dense(2)], "softmax_cross_entropy", dtype="float64") for _ in range(2)]
how = dict(epochs=2, batches="in_order", sample_weight=None)
history = distributed.fit(nets[0], *dealt(X, labels), class_weight={0: 0.0, 1: 1.0}, **how)
alone = nets[1].fit(X, labels, **{**how, "sample_weight": labels.astype(float)})
assert difference(*nets) < 1e-9
assert np.allclose(history.loss, alone.loss, rtol=1e-9)
show()
"""
    results_of(mpi, 2, program)
