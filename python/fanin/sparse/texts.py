"""Texts as users give them: lists, arrays, series and frames of one column."""

from __future__ import annotations

from typing import Any

import numpy as np

from fanin.checks import check_sequence
from fanin.data.frames import frame_of, is_series


def listed_texts(texts: Any) -> tuple[Any, ...]:
    """Return the cells of a list, an array, a series or a frame of one column; raise if there are none."""
    if isinstance(texts, str | bytes):
        raise TypeError(f"texts: expected a list of strings, got a single {type(texts).__name__}")
    if (frame := frame_of("texts", texts)) is not None:
        if len(frame.columns) != 1:
            hint = 'a ColumnTransformer gives one, as in ("text", HashedText(), "review")'
            raise ValueError(f"texts: expected a frame of one column, got {len(frame.columns)}; {hint}")
        texts = frame.columns[0]
    if is_series(texts):
        texts = texts.to_list()
    elif isinstance(texts, np.ndarray):
        if texts.ndim not in (1, 2) or texts.shape[1:] not in ((), (1,)):
            raise ValueError(f"texts: expected shape (n_texts,) or (n_texts, 1), got {texts.shape}")
        texts = texts.ravel().tolist()
    listed = check_sequence("texts", texts, "a list of strings")
    if not listed:
        raise ValueError("texts: expected at least one text, got none")
    return listed


def refuse_cell(row: int, cell: object) -> None:
    """Raise for a cell that is missing or no text."""
    if (
        cell is None
        or type(cell).__name__ in ("NAType", "NaTType")
        or (isinstance(cell, float) and cell != cell)
    ):
        raise ValueError(f'texts: row {row} is missing ({cell}); replace missing texts, for example by ""')
    raise TypeError(f"texts: row {row}: expected a string, got {type(cell).__name__}")
