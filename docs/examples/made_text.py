"""Texts like those of 20 newsgroups, made without a download: the same from the same seed.

Words are made up, and as frequent as Zipf's law says. Topics belong to families, whose words their topics share;
most words of a text belong to no topic at all. Some texts begin with a quotation from another one of the family, most
end with the signature of an author who writes about anything, and a few labels are wrong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAMILIES = {
    "comp": ("graphics", "mac", "pc", "windows", "x"),
    "misc": ("forsale",),
    "rec": ("autos", "baseball", "hockey", "motorcycles"),
    "religion": ("atheism", "christian", "misc"),
    "sci": ("crypt", "electronics", "med", "space"),
    "talk": ("guns", "mideast", "politics"),
}
TOPICS = [f"{family}.{topic}" for family, topics in FAMILIES.items() for topic in topics]
FAMILY = np.repeat(np.arange(len(FAMILIES)), [len(topics) for topics in FAMILIES.values()])
COMMON = 200  # the most frequent words, which belong to no topic
FAMILY_WORDS, TOPIC_WORDS = 600, 300
AUTHORS = 3_000
WRONG = 0.03  # of the labels


class Texts(NamedTuple):
    """Texts with their labels, which are positions in `TOPICS`, and the words that they are made of."""

    train: list[str]
    train_labels: np.ndarray
    test: list[str]
    test_labels: np.ndarray
    words: list[str]


def made_words(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return different words of two syllables, the frequent ones, and of three."""
    syllables = np.array([consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"], object)
    pairs = rng.permutation(np.add.outer(syllables, syllables).ravel())
    triples = np.add.outer(pairs, syllables).ravel()
    return np.concatenate([pairs, rng.choice(triples, count, replace=False)])[:count]


def zipf(count: int) -> np.ndarray:
    """Return how frequent the words of each rank are."""
    frequencies = 1 / np.arange(3, count + 3)
    return frequencies / frequencies.sum()


def texts(train: int = 11_314, test: int = 7_532, words: int = 40_000, seed: int = 0) -> Texts:
    """Return texts of log-normal length whose median is 150 words, beside quotation and signature."""
    rng = np.random.default_rng(seed)
    vocabulary, count = made_words(words, rng), train + test
    rare = np.arange(COMMON, words)
    sources = [rng.choice(rare, FAMILY_WORDS) for _ in FAMILIES]
    sources += [rng.choice(rare, TOPIC_WORDS) for _ in TOPICS]

    topic = rng.integers(len(TOPICS), size=count)
    lengths = np.maximum(rng.lognormal(np.log(150), 0.7, count), 10).astype(int)
    of = np.repeat(np.arange(count), lengths)  # the text of each word
    about = rng.beta(2.4, 9, count)[
        of
    ]  # the share of words of the topic or its family: some texts say little
    kind = rng.choice(2, of.size, p=(0.65, 0.35))  # of the family, or of the topic
    source = np.where(kind == 0, FAMILY[topic[of]], len(FAMILIES) + topic[of])
    found = rng.choice(words, of.size, p=zipf(words))
    topical = rng.random(of.size) < about
    for number, own in enumerate(sources):
        here = np.flatnonzero(topical & (source == number))
        found[here] = rng.choice(own, here.size, p=zipf(own.size))

    bodies = np.split(found, np.cumsum(lengths)[:-1])
    relatives = [np.flatnonzero(FAMILY[topic] == family) for family in range(len(FAMILIES))]
    signatures = rng.integers(words, size=(AUTHORS, 12))
    made = []
    for number, body in enumerate(bodies):
        parts = [body]
        if rng.random() < 0.4:
            parts.insert(0, bodies[rng.choice(relatives[FAMILY[topic[number]]])][:60])
        if rng.random() < 0.7:
            parts.append(signatures[rng.integers(AUTHORS)])
        made.append(" ".join(vocabulary[np.concatenate(parts)]))
    wrong = rng.random(count) < WRONG
    labels = np.where(wrong, rng.integers(len(TOPICS), size=count), topic)
    return Texts(made[:train], labels[:train], made[train:], labels[train:], vocabulary.tolist())
