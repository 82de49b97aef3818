"""Names in C."""

from __future__ import annotations

import os
import re

from fanin.checks import check_text

# of C23 or C++23, in lower case
_KEYWORDS = (
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t "
    "char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr "
    "constinit continue decltype default delete do double dynamic_cast else enum explicit export extern "
    "false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr "
    "operator or or_eq private protected public register reinterpret_cast requires restrict return short "
    "signed sizeof static static_assert static_cast struct switch template this thread_local throw true "
    "try typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t "
    "while xor xor_eq"
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def checked_name(path: str, name: str | None) -> str:
    """Return the name, or that of the file with underscores for what C does not allow; raise unless C allows it."""
    if name is None:
        file = os.path.basename(path)
        given = re.sub(r"[^A-Za-z0-9]+", "_", os.path.splitext(file)[0]).strip("_")
        hint = f" from {file!r}; pass name="
    else:
        check_text("name", name)
        given, hint = name, ""
    if given in _KEYWORDS.split():
        raise ValueError(f"name: expected a name that is no keyword of C or C++, got {given!r}{hint}")
    if not _IDENTIFIER.fullmatch(given) or "__" in f"{given}_":
        raise ValueError(
            "name: expected a letter, then letters, digits and single underscores, as C and C++ allow, "
            f"got {given!r}{hint}"
        )
    return given
