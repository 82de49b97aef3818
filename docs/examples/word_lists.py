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


def debian_words(count: int) -> dict[str, list[str]]:
    """Return as many words of each language, drawn at random."""
    rng, found = np.random.default_rng(0), {}
    for language, name in FILES.items():
        text = (FOLDER / name).read_bytes()
        try:
            words = text.decode().split()
        except UnicodeDecodeError:
            words = text.decode("latin-1").split()
        found[language] = sorted({word.lower() for word in words if word.isalpha() and len(word) > 4})
    languages = Counter(word for words in found.values() for word in words)
    own = {language: [w for w in words if languages[w] == 1] for language, words in found.items()}
    return {language: list(rng.choice(words, count, replace=False)) for language, words in own.items()}
