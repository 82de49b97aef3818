"""From codes of a few numbers, an autoencoder draws images better than PCA does; and it finds anomalies.

Rows 68 to 70 of docs/textbook.md: nets with a bottleneck. One without nonlinear layers finds the subspace of the
principal components (Baldi and Hornik 1989). `fanin.sklearn.Autoencoder`, with the cross-entropy of pixels, learns
codes of the 60,000 images of Debian's dataset-fashion-mnist; errors are those of a test image, over its 784 pixels.
Another one learns clothes alone: `score_samples` then separates shoes and bags from new clothes.

    python docs/examples/autoencoder.py autoencoder.png
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from common import COLOURS, GREY, main, panels, table
from fanin.demo import builtin_data, idx
from fanin.sklearn import Autoencoder

LABELS = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
CLOTHES = (0, 1, 2, 3, 4, 6)


def drawn(model: Any, X: np.ndarray) -> np.ndarray:
    return model.inverse_transform(model.transform(X))


def scores(model: Any, X: np.ndarray) -> np.ndarray:
    return -np.square(X - drawn(model, X)).sum(axis=1)


def run(
    epochs: float = 20,
    sets: Any = None,
    hidden: tuple[int, ...] = (256, 64),
    sizes: tuple[int, ...] = (2, 4, 8, 16, 32),
) -> dict[str, Any]:
    """Return errors of both kinds of model by the size of the code, and codes, images and scores for the picture."""
    if sets is None:
        sets = [idx.read_pair(builtin_data.FASHION_FOLDER, name) for name in ("train", "t10k")]
    (X, y), (test, labels) = sets
    known, of_clothes = np.isin(labels, CLOTHES), X[np.isin(y, CLOTHES)]
    given = {"hidden_layer_sizes": hidden, "loss": "logistic", "max_iter": int(epochs), "random_state": 0}
    some = test[[np.flatnonzero(labels == label)[0] for label in range(len(LABELS))]]
    result: dict[str, Any] = {"sizes": sizes, "some": some, "labels": labels, "known": known}
    for name, kind, options in (("PCA", PCA, {"random_state": 0}), ("autoencoder", Autoencoder, given)):
        models = [kind(size, **options).fit(X) for size in sizes]
        found = scores(kind(sizes[-2], **options).fit(of_clothes), test)
        result[name] = {
            "errors": [-float(scores(model, test).mean()) for model in models],
            "codes": models[0].transform(test),
            "drawn": [drawn(model, some) for model in (models[0], models[-2])],
            "scores": found,
            "area": float(roc_auc_score(known, found)),
        }
    return result


def show(result: dict[str, Any]) -> None:
    heads = [f"{size} numbers" for size in result["sizes"]]
    rows = ([name, *result[name]["errors"], result[name]["area"]] for name in ("PCA", "autoencoder"))
    table(["squared error of an image", *heads, "AUC of clothes"], rows)


def draw(result: dict[str, Any]) -> Any:
    sizes, labels = result["sizes"], result["labels"]
    both = {name: result[name] for name in ("PCA", "autoencoder")}
    titles = ("Codes of two numbers", "Test images, drawn from so many numbers")
    titles += ("Squared error of a test image", "Scores by a model of clothes")
    figure, (codes, images, errors, anomalies) = panels(*titles, height=7, rows=2)
    for label, name in enumerate(LABELS):
        some = both["autoencoder"]["codes"][labels == label][:120]
        codes.plot(*some.T, ".", markersize=3, color=f"C{label}", label=name)
    codes.legend(frameon=False, fontsize=7, markerscale=3, ncols=2, handletextpad=0)
    rows = {"test image": result["some"]}
    for i, size in enumerate((sizes[0], sizes[-2])):
        rows |= {f"{name}, {size}": of["drawn"][i] for name, of in both.items()}
    side = round(result["some"].shape[1] ** 0.5)
    grid = np.vstack([np.hstack(list(row.reshape(-1, side, side))) for row in rows.values()])
    images.imshow(grid, cmap="gray_r", vmin=0, vmax=1)
    images.set(xticks=(), yticks=[side * (i + 0.5) for i in range(len(rows))], yticklabels=rows)
    for (name, of), colour in zip(both.items(), COLOURS, strict=False):
        errors.plot(sizes, of["errors"], ".-", color=colour, label=name)
    errors.set(xscale="log", xticks=sizes, xticklabels=sizes, ylim=(0, None), xlabel="Numbers in the code")
    errors.minorticks_off()
    errors.legend(frameon=False, fontsize=9)
    for some, name, colour in ((True, "clothes", COLOURS[0]), (False, "shoes and bags", COLOURS[1])):
        found = both["autoencoder"]["scores"][result["known"] == some]
        anomalies.hist(found, bins=60, histtype="stepfilled", alpha=0.5, color=colour, label=name)
    anomalies.set_xlabel("Minus the squared error", color=GREY)
    anomalies.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


if __name__ == "__main__":
    main(run, show, draw, __doc__, epochs=20)
