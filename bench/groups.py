"""The groups of the bench, as a table, and what has to be left out of them."""

from collections.abc import Mapping
from ctypes.util import find_library
from dataclasses import replace
from importlib.util import find_spec
from statistics import median
from typing import Any

import fanin
from bench import advice, cases, curvature, doctor, mpi, recurrent, search, sparse, tables
from bench.cases import Case
from bench.coded import CODED
from bench.group import Group, Rounds
from bench.programs import BuildError, build_program, mlpack_library
from bench.progress import say
from bench.rules import updates
from fanin import _core

# the packages and C libraries that a worker needs; mlpack and C++ are last, since their programs take time to build
PACKAGES = {"torch": "torch", "jax": "jax optax", "sklearn": "sklearn", "onnx": "onnxruntime onnx"}
PACKAGES |= {"lightgbm": "lightgbm pandas", "pytabkit": "pytabkit pandas"}
PACKAGES |= {"optuna": "optuna sklearn pandas", "sparse": "scipy"}
PACKAGES |= {"recurrent_torch": "torch", "recurrent_jax": "jax optax"}
PACKAGES |= {"recurrent_onnx": "onnxruntime onnx"}
PACKAGES |= {"mpi": "mpi4py", "fann": "libfann", "mlpack": "", "cpp": ""}
TORCH, JAX, NUMPY = {"PyTorch": "torch"}, {"JAX": "jax"}, {"NumPy": "numpy"}
SKLEARN = {"scikit-learn": "sklearn"}
RECURRENT = {"fanin": "recurrent", "fanin in C++": "cpp", "PyTorch": "recurrent_torch"}
RECURRENT |= {"JAX": "recurrent_jax", "ONNX Runtime": "recurrent_onnx"}
TABULAR = {"LightGBM": "lightgbm"} | SKLEARN | {"pytabkit": "pytabkit"}
FANIN, FROM_CPP = {"fanin": "fanin"}, {"fanin": "cpp"}
MLPACK = {"mlpack": "mlpack"}
PREDICTING = FANIN | {"fanin in C++": "cpp", "ONNX Runtime": "onnx"} | TORCH | JAX | NUMPY | MLPACK

# the headings of results
PRODUCTS = {
    "forward": "Forward: Z = A W",
    "input gradient": "Input gradient: dA = dZ W'",
    "weight gradient": "Weight gradient: dW = A' dZ",
    "weight gradient, Adam": "Weight gradient, Adam: dW = A' dZ, and Adam on W",
}
FUNCTIONAL = {
    "product": "Product: Z = A W, into an array that exists",
    "layer": "Layer: relu(A W + b)",
    "layer and gradients": "Layer and gradients: relu(A W + b), and the gradients of A, W and b",
}
ACTIVATIONS = {"value": "Value: f(z)", "value and gradient": "Value and gradient: f(z), and da f'(z)"}
BATCH_NORM = {
    "batch norm": "Batch norm: y from x, gamma and beta",
    "batch norm and gradients": "Batch norm and gradients: y, and the gradients of x, gamma and beta",
}
CODES = {
    "step": "Steps on numbers in piecewise-linear codes, and on the columns that they stand for",
    "layer": "The first layer in these steps: forward, gradient and update",
}
PHASES = {"step": "Where the time of a step goes"}
FUSED = {
    "step": "Steps with updates fused into the weight gradient, and flat after it",
    "gradients": "Steps without an update",
    "added": "What fused updates add, and may add",
}
LIGHT = "short fits beside a program that takes 3 of every 15 ms"
SHARING = {
    "quiet": "A step in an epoch",
    "busy": "A step in an epoch beside busy programs, two a processor",
    "two fits": "Two fits at once, over one after the other",
    LIGHT: "Fits of an epoch beside a light program, over one thread",
    "short fits beside a program that never rests": "Fits of an epoch beside a busy program, over one thread",
}
EMBEDDED = {
    "predict": "Embedded in C++: a row",
    "start": "Embedded in C++: load a file and predict",
    "static library": "Embedded in C++: the static library",
    "a program that trains": "Embedded in C++: a program that trains",
}
FASHION = {"an epoch": "Fashion-MNIST: an epoch", "accuracy": "Fashion-MNIST: accuracy on the test set"}
MEMORY = {"peak": "Peak memory of training with Adam, beside what it has to hold and 20 MB"}
FACE = {
    "fit": "scikit-learn's face: an epoch of a fit of MLPClassifier",
    "a row": "scikit-learn's face: predict, a row",
    "search, loky": "scikit-learn's face: a search on two processes, over one",
    "search, threading": "scikit-learn's face: a search in two threads, over one",
}
UNITS = {"static library": "kB", "a program that trains": "kB", "peak": "MB", "accuracy": "%"}
UNITS |= {result: "times" for result in (*SHARING, *FACE) if "fits" in result or "search" in result}
UNITS |= (
    tables.UNITS
    | advice.UNITS
    | curvature.UNITS
    | search.UNITS
    | doctor.UNITS
    | sparse.UNITS
    | recurrent.UNITS
)


def alone(thread_counts: list[int]) -> list[int]:
    return [1]


def added(rounds: Rounds) -> Rounds:
    """What a fused update adds to a step without one."""
    step, gradients = (rounds.get(result, {}).get("fanin") for result in ("step", "gradients"))
    return {"added": {"fanin": [median(step) - median(gradients)]}} if step and gradients else {}


def by_job(rounds: Rounds) -> Rounds:
    """Each job of a step by itself: a round has the times of all."""
    all_jobs: list[Any] = rounds["step"]["fanin"] if "step" in rounds else []
    jobs = all_jobs[0] if all_jobs else {}
    return {job: {"fanin": [times[job] for times in all_jobs]} for job in jobs}


def at_the_end(rounds: Rounds) -> Rounds:
    """The accuracy after the last epoch."""
    of_last = {column: values[-1:] for column, values in rounds.get("accuracy", {}).items()}
    return {"accuracy": of_last} if of_last else {}


def groups(quick: bool) -> dict[str, Group]:
    """All groups by name, in the order of a run."""
    shapes = [*cases.PRODUCTS, *(case for case in cases.SOME_PRODUCTS if case.dtype == "float64")]
    products = Group(FROM_CPP | TORCH | NUMPY, shapes, PRODUCTS, (9, 0.04), topic="products")
    forced = {result: f"AVX2 forced. {heading}" for result, heading in PRODUCTS.items()}
    steps = Group(FANIN, cases.NETS, {"training": "Training steps with Adam"}, (9, 0.2), topic="steps")
    growing: list[Case] = [*cases.GROWING_WEIGHTS, *cases.GROWING_SAMPLES]
    # 64 KiB and 1 MiB: in L2, and about in L2
    elements = [cases.Elements(name, count) for count in (1 << 14, 1 << 18) for name in _core.activations()]
    embedded: list[Case] = [*cases.ONE_ROW, cases.Archive(fanin.cpu.active())]
    epochs = 1 if quick else 10
    fashion = [cases.fashion(epochs)]
    predicting = {"predict": "Prediction: probabilities of the classes"}
    learning = {"learn": "What an input layer learns from columns of float32"}
    rules = {"step": "One step of a rule on float32 arrays, in place"}
    listed = {
        "products": products,
        "products_avx2": replace(
            products, workers=FROM_CPP, cases=cases.SOME_PRODUCTS, results=forced, instruction_set="avx2"
        ),
        "few_rows": replace(products, cases=cases.FEW_ROWS, results={"forward": "Few rows: Z = A W"}),
        "predict": Group(PREDICTING, cases.PREDICTIONS, predicting, (9, 0.05)),
        "embedded": Group(FROM_CPP, embedded, EMBEDDED, (9, 0.1), threads=alone, judged=True),
        "functional": Group(FANIN | TORCH | NUMPY, cases.PRODUCTS, FUNCTIONAL, (9, 0.04)),
        "activations": Group(FANIN | TORCH, elements, ACTIVATIONS, (9, 0.02)),
        "batch_norm": Group(FANIN | TORCH | JAX, cases.BATCHES, BATCH_NORM, (9, 0.04)),
        "inputs": Group(FANIN | SKLEARN, cases.INPUTS, learning, (5, 0.2), tolerance=0.1),
        "sklearn": Group(
            FANIN | SKLEARN, cases.ESTIMATORS, FACE, (5, 0.2), topic="sklearn_face", judged=True
        ),
        # as updates of an epsilon-free textbook agree to in float32
        "rules": Group(FANIN | TORCH | JAX | NUMPY, updates(quick), rules, (7, 0.02), tolerance=2e-3),
        "steps": replace(steps, workers=FANIN | TORCH | JAX | SKLEARN | MLPACK),
        "codes": Group(FANIN | {"C++": "cpp"}, CODED, CODES, (9, 0.2), judged=True),
        "online": replace(
            steps,
            workers=FANIN | TORCH | {"FANN": "fann"} | MLPACK,
            cases=cases.ONLINE,
            results={"training": "Steps of one sample, and of all"},
            threads=alone,
            judged=True,
        ),
        "phases": Group(
            FROM_CPP, cases.DISSECTED, PHASES, (9, 0.1), threads=alone, derive=by_job, by_case=True
        ),
        "fused": Group(FROM_CPP, cases.RULES_ON_NETS, FUSED, (9, 0.2), tolerance=0.0, derive=added),
        "memory": Group(FANIN, cases.MEMORY, MEMORY, (1, 1.0), judged=True),
        "sharing": Group(
            FANIN, cases.NETS, SHARING, (5, 1.0), threads=lambda counts: counts[-1:], judged=True
        ),
        "fashion_mnist": Group(
            FANIN | TORCH, fashion, FASHION, (epochs, 1.0), derive=at_the_end, judged=True
        ),
        "tables": Group(
            FANIN | TABULAR,
            cases.TABLES,
            tables.RESULTS,
            (3, 10.0),
            threads=lambda counts: counts[-1:],
            derive=tables.of_all_splits,
            judged=True,
        ),
        "curvature": Group(
            FANIN | SKLEARN | TORCH | JAX | NUMPY,
            [*curvature.CASES, *advice.ADVICE],
            curvature.RESULTS | advice.RESULTS,
            (curvature.ROUNDS, 1.0),
            threads=lambda counts: counts[-1:],
            derive=lambda rounds: curvature.derived(rounds) | advice.of_all_splits(rounds),
            judged=True,
        ),
        "search": Group(
            FANIN | SKLEARN | {"Optuna": "optuna"},
            search.CASES,
            search.RESULTS,
            (search.ROUNDS, search.QUICK_SECONDS if quick else search.SECONDS),
            threads=lambda counts: counts[-1:],
            derive=search.derived,
            judged=True,
        ),
        "doctor": Group(
            FANIN,
            doctor.cases(quick),
            doctor.RESULTS,
            (1, 5.0),
            threads=lambda counts: counts[-1:],
            derive=doctor.derived,
            judged=True,
        ),
        "mpi": Group({"fanin": "mpi"}, mpi.cases(quick), mpi.RESULTS, (3, 1.0), threads=alone),
        "sparse": Group(
            {"fanin": "sparse"} | TORCH | SKLEARN,
            sparse.CASES,
            sparse.RESULTS,
            (3, 1.0),
            derive=sparse.of_all_rounds,
            judged=True,
        ),
        "recurrent": Group(RECURRENT, recurrent.CASES, recurrent.RESULTS, (7, 0.1), judged=True),
        "growth": replace(steps, cases=growing, results={"training": "Growth: training steps"}),
    }
    return {
        name: replace(group, name=name, topic=group.topic or name, units=UNITS)
        for name, group in listed.items()
    }


def find(package: str) -> object:
    """None where a module, or a C library with its "lib", is not installed."""
    return find_library(package[3:]) if package.startswith("lib") else find_spec(package)


def why_absent(module: str) -> str:
    """What a worker needs and is missing, or nothing."""
    if module == "cpp":
        say("building the C++ programs")
        try:
            build_program()
        except BuildError as error:
            return f"fanin_bench was not built: {error}"
    if module == "mlpack":
        try:
            mlpack_library()
        except BuildError as error:
            return str(error)
    missing = [package for package in PACKAGES[module].split() if find(package) is None]
    return f"{' and '.join(missing)} not installed" if missing else ""


def available(chosen: Mapping[str, Group]) -> dict[str, Group]:
    """The groups without the libraries that are absent, which are named, and without those of which nothing is left."""
    absent = set()
    for module in PACKAGES:
        users = [group for group in chosen.values() if module in group.workers.values()]
        if users and (reason := why_absent(module)):
            absent.add(module)
            names = {name: None for group in users for name, used in group.workers.items() if used == module}
            say(f"{' and '.join(names)} left out of {', '.join(group.name for group in users)}: {reason}")
    left = {}
    for name, group in chosen.items():
        workers = {library: module for library, module in group.workers.items() if module not in absent}
        narrow = group.instruction_set
        if narrow and (narrow == fanin.cpu.active() or narrow not in fanin.cpu.available()):
            say(f"{name} left out: {narrow} is not a narrower set of this processor")
        elif name == "tables" and (reason := tables.why_absent()):
            say(f"{name} left out: {reason}")
        elif workers:
            left[name] = replace(group, workers=workers)
    return left
