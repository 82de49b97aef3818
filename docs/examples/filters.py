"""
What a net sees in digits
=========================

The weights of a hidden unit, one for each pixel, are a picture: it is active where they agree with the image. A
penalty on the weights makes them smoother. The confusion matrix of test images shows which digits are taken for which.
The net is 64-16-10, on scikit-learn's digits.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from sklearn.datasets import load_digits

import fanin
from common import main, table
from fanin import optim, plot

TRAIN, SIDE = 1200, 8


def run(units: int = 16, epochs: int = 40) -> dict[str, Any]:
    """Return the weights of hidden units, and test images: their digits and predictions."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    layers = [fanin.Standardize(), fanin.Dense(units, "tanh"), fanin.Dense(10)]
    net = fanin.Network(SIDE**2, layers, "softmax_cross_entropy", seed=1)
    rule = optim.Around(optim.Adam(optim.Cosine(0.01)), l2=0.003)
    net.fit(X[:TRAIN], y[:TRAIN], rule=rule, epochs=epochs, batch_size=32)
    found = net.predict(X[TRAIN:]).argmax(axis=1)
    return {"weights": net.get_weights()["layer2.weight"], "digits": y[TRAIN:], "found": found}


def show(result: dict[str, Any]) -> None:
    digits, found = result["digits"], result["found"]
    table(["accuracy on test images", f"{100 * (found == digits).mean():.1f} %"], [])
    mistakes = Counter(
        (int(one), int(other)) for one, other in zip(digits, found, strict=True) if one != other
    )
    table(["digit", "taken for", "times"], ([*pair, times] for pair, times in mistakes.most_common(3)))


def draw(result: dict[str, Any]) -> Any:
    return [
        plot.weights(result["weights"], (SIDE, SIDE)),
        plot.confusion(result["digits"], result["found"]),
    ]


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# 92 % of the test images, which other people wrote, are recognized. Ones are taken for nines, and threes for eights
# and fives. Units look at strokes and gaps in certain places; the corners, where no digit has ink, have weights of 0.
