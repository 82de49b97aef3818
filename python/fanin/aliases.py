"""Names used by other libraries. Only messages use them, to suggest fanin's name; arguments must use fanin's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SOFTMAX = 'soft-max belongs to the loss: leave the last layer "identity" and choose the loss "softmax_cross_entropy"'
_A_SCALE = 'choose one by its scale, such as "he_normal" or "lecun_uniform"'

# from a name in lower case without punctuation to fanin's name or to a piece of advice
ACTIVATIONS = {
    "sigmoid": "logistic",
    "logsig": "logistic",
    "expit": "logistic",
    "tansig": "tanh",
    "swish": "silu",
    "rectifier": "relu",
    "poslin": "relu",
    "lrelu": "leaky_relu",
    "linear": "identity",
    "purelin": "identity",
    "none": "identity",
    "gelunew": "gelu_tanh",
    "softmax": _SOFTMAX,
    "logsoftmax": _SOFTMAX,
}
LOSSES = {
    "mse": "squared_error",
    "mseloss": "squared_error",
    "meansquarederror": "squared_error",
    "squaredloss": "squared_error",
    "leastsquares": "squared_error",
    "l2": "squared_error",
    "mae": "absolute_error",
    "maeloss": "absolute_error",
    "meanabsoluteerror": "absolute_error",
    "l1": "absolute_error",
    "l1loss": "absolute_error",
    "huberloss": "huber",
    "smoothl1": "huber",
    "smoothl1loss": "huber",
    "pinball": "quantile",
    "pinballloss": "quantile",
    "quantileloss": "quantile",
    "poissonloss": "poisson",
    "poissonnllloss": "poisson",
    "gammaloss": "gamma",
    "gammadeviance": "gamma",
    "softmax": "softmax_cross_entropy",
    "categoricalcrossentropy": "softmax_cross_entropy",
    "sparsecategoricalcrossentropy": "softmax_cross_entropy",
    "nll": "softmax_cross_entropy",
    "nllloss": "softmax_cross_entropy",
    "bce": "logistic",
    "bceloss": "logistic",
    "bcewithlogits": "logistic",
    "bcewithlogitsloss": "logistic",
    "binarycrossentropy": "logistic",
    "logisticcrossentropy": "logistic",
    "sigmoid": "logistic",
    **dict.fromkeys(
        ("crossentropy", "crossentropyloss", "logloss"),
        'write "softmax_cross_entropy" for classes, "logistic" for independent binary outputs',
    ),
}
INITIALIZERS = {
    "xavier": "glorot_uniform",
    "xavieruniform": "glorot_uniform",
    "xaviernormal": "glorot_normal",
    "glorot": "glorot_uniform",
    "kaiming": "he_normal",
    "kaimingnormal": "he_normal",
    "kaiminguniform": "he_uniform",
    "he": "he_normal",
    "lecun": "lecun_normal",
    "default": "auto",
    "automatic": "auto",
    "zero": "zeros",
    "eye": "identity",
    "ones": "write initializers.Constant(1.0)",
    **dict.fromkeys(("normal", "randomnormal", "gaussian", "uniform", "randomuniform", "random"), _A_SCALE),
}
RULES = {
    "gd": "sgd",
    "gradientdescent": "sgd",
    "sgdmomentum": "momentum",
    "heavyball": "momentum",
    "nag": "nesterov",
    "nesterovmomentum": "nesterov",
    "resilientpropagation": "rprop",
    "deltabardelta": "adaptive_gain",
    "vsgd": "schaul_vsgd",
    "adamwschedulefree": "schedule_free_adamw",
}


def hint(value: object, names: Iterable[str], aliases: Mapping[str, str], form: str = 'write "{}"') -> str:
    """Return the end of a message that suggests one of `names`, put into `form`; empty if there is none to suggest."""
    if not isinstance(value, str):
        return ""
    key = _key(value)
    known = {_key(name): name for name in names}
    meant = known.get(key) or aliases.get(key)
    if meant is None:
        return ""
    return f"; {form.format(meant) if meant in known.values() else meant}"


def _key(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
