"""Words of nine languages, from Debian's word lists: small letters, five or more, and no word of two languages.

They are in the packages wamerican, wdutch, wfrench, wngerman, witalian, wpolish, wportuguese, wspanish and wswedish.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

FOLDER = Path("/usr/share/dict")
FILES = {
    "English": "american-english",
    "Dutch": "dutch",
    "French": "french",
    "German": "ngerman",
    "Italian": "italian",
    "Polish": "polish",
    "Portuguese": "portuguese",
    "Spanish": "spanish",
    "Swedish": "swedish",
}


def read(path: Path) -> list[str]:
    """Return the lines of a list, in small letters."""
    text = path.read_bytes()
    try:
        return text.decode().lower().split()
    except UnicodeDecodeError:
        return text.decode("latin-1").lower().split()


def debian_words(count: int) -> dict[str, list[str]]:
    """Return as many words of each language, drawn at random."""
    rng, some = np.random.default_rng(0), {}
    lists = {language: read(FOLDER / name) for language, name in FILES.items()}
    for language, words in lists.items():
        drawn = [words[i] for i in rng.permutation(len(words))[: 4 * count]]
        some[language] = dict.fromkeys(word for word in drawn if word.isalpha() and len(word) > 4)
    every = {word for words in some.values() for word in words}
    languages = Counter(word for words in lists.values() for word in every.intersection(words))
    return {language: [w for w in words if languages[w] == 1][:count] for language, words in some.items()}


def made_words(count: int) -> dict[str, list[str]]:
    """Return words of two invented languages: the same letters, in another order."""
    rng = np.random.default_rng(0)
    forwards = [
        "".join(rng.choice(list("bcdhns")) + rng.choice(list("aei")) for _ in range(3)) for _ in range(count)
    ]
    return {"Forwards": forwards, "Backwards": [word[::-1] for word in forwards]}


def some_words(count: int) -> dict[str, list[str]]:
    """Return words of Debian's lists if all are installed, and of invented languages if not."""
    installed = all((FOLDER / name).exists() for name in FILES.values())
    return debian_words(count) if installed else made_words(count)
