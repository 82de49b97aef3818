"""Training on several machines."""

from fanin.distributed.mpi import fit

__all__ = ["fit"]
