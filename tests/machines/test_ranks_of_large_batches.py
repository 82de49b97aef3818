"""Batches that some ranks compute in more blocks than others, and groups of them."""

from __future__ import annotations

from ranks import results_of


def test_shares_that_need_a_block_more_have_the_same_bits_on_any_threads(mpi):
    """4,096 rows are one block, 4,097 are two."""
    program = """
rng = np.random.default_rng(rank)
X = rng.uniform(-1, 1, size=(4 * 4096 + (3 if rank == 0 else 0), 40)).astype("float32")
digests = set()
for threads in (1, 2, 2, 2):
    fanin.set_num_threads(threads)
    net = fanin.Network(40, [fanin.Dense(64, "tanh"), fanin.Dense(1)], seed=1)
    how = dict(rule=optim.SGD(0.1), epochs=3, batch_size=8192, batches="in_order")
    distributed.fit(net, X, np.sin(3 * X[:, :1]), **how)
    digests.add(digest(net))
show(digests=len(digests))
"""
    assert results_of(mpi, 2, program) == [{"digests": 1}] * 2


def test_a_group_that_diverges_ends_on_all_ranks_whatever_their_blocks(mpi):
    program = """
rng = np.random.default_rng(rank)
n = 3 * (4097 if rank == 0 else 4095)
X = rng.uniform(-1, 1, size=(n, 3))
y = np.sin(3 * X[:, :1])
if rank == 1:
    y[5000:5010] = 1e200
net = fanin.Network(3, [fanin.Dense(8, "tanh"), fanin.Dense(1)], dtype="float64")
rule = optim.Around(optim.SGD(0.1), accumulate=2)
try:
    distributed.fit(net, X, y, rule=rule, epochs=3, batch_size=8192, batches="in_order")
except fanin.DivergedError as error:
    show(error=str(error))
"""
    for result in results_of(mpi, 2, program):
        assert result["error"].startswith("training diverged: in epoch 1, step 2, the loss is not finite")
