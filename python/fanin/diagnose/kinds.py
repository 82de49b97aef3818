"""The kinds of findings, each with the textbook's advice."""

from __future__ import annotations

# docs/textbook.md has the rows that these come from
KINDS = {
    "dead_units": "Too large a rate drives rectified units to where they never recover: lower it, or let them leak.",
    "saturated_units": "Big weights make derivatives tiny, which looks like a plateau: start small, lower the rate.",
    "vanishing_gradients": "Weights below 1 shrink signals with depth: scale them by the fan-in, or normalize batches.",
    "exploding_gradients": "Weights above 1 amplify signals with depth: scale them by the fan-in, or clip by norm.",
    "base_rate_plateau": "A net that only predicts the base rate has learned the outputs' biases and nothing else.",
    "oscillation": "Steps across a ravine that reverse each time need a smaller rate.",
    "divergence": "If the error gets worse and worse, the rate is too large.",
    "overfitting": "Stop when the error on the validation set stops falling, or regularize.",
    "identical_units": "Units with equal weights learn the same thing: break the symmetry with small random weights.",
    "unscaled_inputs": "Unequal or shifted inputs make an elongated bowl: give each mean 0 and deviation 1.",
    "early_decay": "Do not turn the rate down too soon: it gives a quick win and slower learning.",
    "imbalance": "Mini-batches should be balanced for classes, or rare ones are not learned.",
    "label_noise": "A net that fits wrong labels generalizes worse: correct or drop them.",
    "leak": "A column that alone determines the target is rarely known when you predict.",
    "duplicates": "Rows that are both trained on and validated make the validation error too small.",
    "spike": "A few rows with large gradients can undo many steps: check them, or clip the gradient.",
    "fast_rate": "Updates should be about a thousandth of the weights: lower the rate.",
    "slow_rate": "If the error falls steadily but slowly, increase the rate.",
    "too_few_epochs": "If the error still falls at the end, train longer.",
    "wrong_loss": "The loss should fit the targets: cross-entropy for classes, squared error for numbers.",
    "wrong_output": "The outputs must be able to reach the targets: use the activation that fits the loss.",
    "strong_penalty": "A penalty that outweighs the loss keeps the weights from learning.",
    "strong_dropout": "Dropping most values leaves too little to learn from.",
    "bad_start": "Start with random weights whose size falls with the root of the fan-in.",
    "no_nonlinearity": "Layers without a nonlinearity between them are one linear layer.",
    "constant_columns": "A constant column carries no information.",
    "id_labels": "Targets that are almost all different numbers or labels look like an identifier.",
    "sorted_batches": "Batches should look like the whole set: visit the samples in random order.",
    "no_signal": "Validation no better than the base rate: the inputs may not explain the targets.",
    "saddle": "A gradient near 0 with negative curvature is a saddle: training can still descend.",
    "plateau": "A plateau is not a minimum: the gradient is small, and the curvature too.",
}
