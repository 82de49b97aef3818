"""Tables of numbers, categories and dates as samples of a network."""

from fanin.tables.encoder import TableEncoder

__all__ = ["TableEncoder"]
