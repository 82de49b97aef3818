"""Text as sparse rows of hashed words, with the columns of scikit-learn's `HashingVectorizer`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass, fields
from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.checks import check_choice, check_flag, check_integer, checked_dtype
from fanin.sparse.texts import listed_texts, refuse_cell

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

_WORDS = r"(?u)\b\w\w+\b"  # the core finds these itself


@dataclass(eq=False, repr=False)
class HashedText:
    """Turns each text into a sparse row: every word, or n-gram, counts in the column that its hash gives.

    With h the 32-bit MurmurHash3 of the UTF-8 bytes of a word, as a signed integer::

        column = |h| mod n_features,   value = the sum over its words of (1 if h >= 0 else -1)

    (Weinberger et al. 2009), and then each row is divided by its norm. Columns and values are those of scikit-learn's
    `HashingVectorizer`. Nothing is learned: there is no vocabulary to store, and rows, chunks and processes give the
    same columns. Hashes cannot be turned back into words, so there is no ``get_feature_names_out``.

    It is a transformer of scikit-learn, for pipelines, a `ColumnTransformer` and searches; scikit-learn itself is not
    needed. SciPy is.

    Parameters
    ----------
    n_features : int
        Columns, at most 2^31 - 1. Words whose hashes agree modulo `n_features` share one.
    ngrams : (int, int) or int
        The shortest and the longest n-gram; n is (1, n). Those of words are joined by a space.
    analyzer : "word", "char" or "char_wb"
        What n-grams consist of: words, characters, or characters of one word with a space at either end.
    lowercase : bool
        Whether texts are lower-cased first.
    token_pattern : str
        A regular expression of words, with at most one group, for "word". The default, two or more letters, digits or
        "_", is matched without `re`, which would take most of the time.
    norm : "l2", "l1" or None
        The norm that is 1 in each row; empty texts are rows of 0.
    binary : bool
        Whether values are 1, not counts, before the norm.
    alternate_sign : bool
        Whether half of the words count -1, so that words that share a column cancel on average.
    dtype : "float32" or "float64"
        Of the values.

    Raises
    ------
    ValueError, TypeError
        For invalid parameters.

    Examples
    --------
    >>> import fanin
    >>> fanin.HashedText(n_features=7, norm=None).transform(["A good film", "Good, good!", ""]).toarray()
    array([[ 0.,  0.,  0.,  0.,  1.,  0., -1.],
           [ 0.,  0.,  0.,  0.,  2.,  0.,  0.],
           [ 0.,  0.,  0.,  0.,  0.,  0.,  0.]], dtype=float32)
    """

    n_features: int = 2**20
    ngrams: tuple[int, int] | int = (1, 1)
    _: KW_ONLY
    analyzer: str = "word"
    lowercase: bool = True
    token_pattern: str = _WORDS
    norm: str | None = "l2"
    binary: bool = False
    alternate_sign: bool = True
    dtype: DTypeLike = "float32"

    def __post_init__(self) -> None:
        self._find_words()
        self._range()
        check_integer("n_features", self.n_features, 1)
        if self.n_features >= 2**31:
            raise ValueError(f"n_features: expected at most 2^31 - 1, got {self.n_features}")
        check_choice("analyzer", self.analyzer, ("word", "char", "char_wb"))
        if self.norm is not None:
            check_choice("norm", self.norm, ("l2", "l1"), {"none": "write None"})
        for flag in ("lowercase", "binary", "alternate_sign"):
            check_flag(flag, getattr(self, flag))
        checked_dtype(self.dtype)

    def fit(self, texts: Any, y: Any = None) -> HashedText:
        """Do nothing, since there is nothing to learn.

        Parameters
        ----------
        texts, y
            Ignored.

        Returns
        -------
        HashedText
            Itself.

        Examples
        --------
        >>> import fanin
        >>> fanin.HashedText(2**16).fit(["A good film"]).n_features
        65536
        """
        listed_texts(texts)
        return self

    def transform(self, texts: Any) -> Any:
        """Return the rows of texts.

        Parameters
        ----------
        texts : list of str
            Or any other sequence of strings: an array, a series, a frame of one column.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_texts, n_features)
            Columns of a row ascend; words that cancel leave a stored 0.

        Raises
        ------
        ValueError, TypeError
            For a single string, an empty list, missing texts and cells that are not text, and lone surrogates.
        ModuleNotFoundError
            Without SciPy.

        Examples
        --------
        >>> import fanin
        >>> rows = fanin.HashedText(ngrams=2).transform(["Not good", "Not bad at all"])
        >>> rows.shape, rows.nnz
        ((2, 1048576), 10)
        """
        self.__post_init__()
        sparse, listed = _scipy_sparse(), listed_texts(texts)
        data, indices, indptr = _core.hash_texts(
            self._items(listed),
            self.analyzer,
            int(self.n_features),
            self._range(),
            self.norm,
            self.binary,
            self.alternate_sign,
            str(checked_dtype(self.dtype)),
        )
        rows = sparse.csr_matrix((data, indices, indptr), shape=(len(listed), self.n_features))
        rows.has_canonical_format = True
        return rows

    def fit_transform(self, texts: Any, y: Any = None) -> Any:
        """Return ``transform(texts)``.

        Parameters
        ----------
        texts : list of str
            As for `transform`.
        y
            Ignored.

        Returns
        -------
        scipy.sparse.csr_matrix

        Examples
        --------
        >>> import fanin
        >>> fanin.HashedText(2**10, analyzer="char", ngrams=(3, 3)).fit_transform(["word"]).nnz
        2
        """
        return self.transform(texts)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name, as scikit-learn's estimators do.

        Parameters
        ----------
        deep
            Ignored.

        Returns
        -------
        dict

        Examples
        --------
        >>> import fanin
        >>> fanin.HashedText(norm="l1").get_params()["norm"]
        'l1'
        """
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **parameters: Any) -> HashedText:
        """Set some parameters by name; invalid ones change nothing.

        Parameters
        ----------
        **parameters
            Those of the constructor.

        Returns
        -------
        HashedText
            Itself.

        Examples
        --------
        >>> import fanin
        >>> fanin.HashedText().set_params(n_features=2**12, ngrams=(1, 2)).ngrams
        (1, 2)
        """
        known = self.get_params()
        if unknown := [name for name in parameters if name not in known]:
            raise ValueError(f"set_params: expected one of {', '.join(known)}, got {unknown[0]!r}")
        type(self)(**known | parameters)
        vars(self).update(parameters)
        return self

    def __repr__(self) -> str:
        changed = [field for field in fields(self) if getattr(self, field.name) != field.default]
        return f"HashedText({', '.join(f'{field.name}={getattr(self, field.name)!r}' for field in changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # which asks for them

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(one_d_array=True, two_d_array=False, string=True),
            requires_fit=False,
        )

    def _range(self) -> tuple[int, int]:
        """Return the shortest and the longest n-gram."""
        pair = self.ngrams
        if isinstance(pair, tuple | list) and len(pair) != 2:
            raise ValueError(f"ngrams: expected a pair such as (1, 2), got {pair!r}")
        shortest, longest = pair if isinstance(pair, tuple | list) else (1, pair)
        check_integer("ngrams", shortest, 1, 31)
        check_integer("ngrams", longest, 1, 31)
        if longest < shortest:
            raise ValueError(f"ngrams: expected the shortest first, as in (1, 2), got {pair!r}")
        return int(shortest), int(longest)

    def _find_words(self) -> Callable[[str], list[Any]]:
        """Return the function that finds the words of a text by the pattern."""
        if not isinstance(self.token_pattern, str):
            raise TypeError(f"token_pattern: expected a regular expression, got {self.token_pattern!r}")
        try:
            pattern = re.compile(self.token_pattern)
        except re.error as error:
            raise ValueError(
                f"token_pattern: expected a regular expression, got {self.token_pattern!r}: {error}"
            ) from None
        if pattern.groups > 1:
            raise ValueError(f"token_pattern: expected at most one group, got {self.token_pattern!r}")
        return pattern.findall

    def _items(self, texts: tuple[Any, ...]) -> Iterator[str | list[str]]:
        """Yield each text, or the list of its words if the core does not know the pattern."""
        own = self.analyzer == "word" and self.token_pattern != _WORDS
        find = self._find_words()
        for row, given in enumerate(texts):
            if not isinstance(given, str):
                refuse_cell(row, given)
            text = given.lower() if self.lowercase else given
            yield find(text) if own else text


def _scipy_sparse() -> Any:
    try:
        from scipy import sparse
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("fanin.HashedText needs SciPy: pip install scipy", name="scipy") from error
    return sparse
