"""Tables of numbers, categories and dates: their code, and the training of networks for them."""

from fanin.tables.encoder import TableEncoder
from fanin.tables.fitted import FittedTable
from fanin.tables.fitting import fit_table

__all__ = ["FittedTable", "TableEncoder", "fit_table"]
