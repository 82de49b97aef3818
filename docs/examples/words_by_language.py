"""
Words by language
=================

Which language is a word from? A recurrent net reads it letter by letter (row 69 of :doc:`the textbook </textbook>`).
The words of nine languages are from word lists of Debian, and two invented languages take their place where these are
not installed; a fifth of them are for the test. Letters are rows of a `fanin.Embedding`, below a `fanin.GRU`, whose
output after the last letter is that of the word. The baseline is logistic regression on how often each letter occurs
in a word: it knows every accent, but no order. `Network.step <fanin.Network.step>` gives the net's opinion after each
letter.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from common import COLOURS, GREY, main, panels, table
from fanin import optim
from word_lists import some_words


def run(words: Any = None, epochs: int = 8, shown: str = "schnee") -> dict[str, Any]:
    """Return the languages, the accuracy of both models on each, and what the net says letter by letter."""
    words = words or some_words(2_500)
    every = [word for of in words.values() for word in of]
    y = np.repeat(np.arange(len(words)), [len(of) for of in words.values()])
    letters = sorted(set("".join(every)))
    order = np.random.default_rng(1).permutation(len(every))
    train, test = np.split(order, [4 * len(every) // 5])
    X = [np.array([letters.index(letter) for letter in word]) for word in every]

    layers = [fanin.Embedding(len(letters), 16), fanin.GRU(48), fanin.Dense(len(words))]
    net = fanin.Network(1, layers, "softmax_cross_entropy", seed=0)
    rule = optim.Around(optim.Adam(optim.Cosine(0.01)), clip_norm=1.0)
    net.fit([X[i] for i in train], y[train], rule=rule, epochs=epochs, batch_size=64)

    counts = np.stack([np.bincount(x, minlength=len(letters)) for x in X])
    linear = fanin.Network(len(letters), [fanin.Dense(len(words))], "softmax_cross_entropy", seed=0)
    linear.fit(counts[train], y[train], rule=optim.LBFGS(l2=1e-5), epochs=200)

    right = {
        "letter counts": linear.predict(counts[test]).argmax(axis=1) == y[test],
        "GRU": net.predict([X[i] for i in test]).argmax(axis=1) == y[test],
    }
    state = net.new_state()
    opinions = [net.step([letters.index(letter)], state) for letter in shown]
    return {
        "accuracy": {name: float(of.mean()) for name, of in right.items()},
        "by language": {
            name: [float(of[y[test] == i].mean()) for i in range(len(words))] for name, of in right.items()
        },
        "languages": list(words),
        "shown": shown,
        "opinions": np.stack(opinions),
    }


def show(result: dict[str, Any]) -> None:
    rows = zip(result["languages"], *result["by language"].values(), strict=True)
    table(["accuracy on new words", *result["accuracy"]], [["all", *result["accuracy"].values()], *rows])
    for letter, p in zip(result["shown"], result["opinions"], strict=True):
        first, second = p.argsort()[:-3:-1]
        languages = result["languages"]
        print(f"{letter}: {languages[first]} {p[first]:.2f}, {languages[second]} {p[second]:.2f}")


def draw(result: dict[str, Any]) -> Any:
    languages, shown = result["languages"], result["shown"]
    figure, (left, right) = panels("Accuracy on new words", f"Probabilities after each letter of {shown}")
    for (name, of), colour in zip(result["by language"].items(), COLOURS, strict=False):
        label = f"{name}, {100 * result['accuracy'][name]:.0f} % of all"
        left.plot(of, range(len(languages)), "o", color=colour, label=label)
    right.imshow(result["opinions"].T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    right.set_xticks(range(len(shown)), shown)
    for axes in (left, right):
        axes.set_yticks(range(len(languages)), languages)
    left.invert_yaxis()
    left.grid(axis="y", color=GREY, alpha=0.2)
    left.legend(frameon=False, fontsize=9)
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# With the word lists of Debian the GRU is right on 81 % of new words, letter counts on 57 %. "sc" looks English,
# "schn" German.
