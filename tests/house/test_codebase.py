"""The house rules hold: nothing points upward, files stay short, the reference stands alone."""

from __future__ import annotations

import ast
import importlib
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from helpers import ROOT, TESTS

CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "fanin"
STANDARD = re.compile(r"[a-z_0-9]+")  # <vector>, <cstdint>; <omp.h> and <immintrin.h> have a dot
INTRINSICS = {"immintrin.h", "arm_neon.h"}
KERNEL_STANDARD = {"cstdint", "cstddef", "cstring"}
# modules and folders of the package: each may use those before it; a module with a place of its own precedes its folder
PARTS = (
    *(
        "_core",
        "aliases",
        "checks",
        "written",
        "terminal",
        "notebook",
        "progress",
        "whole_file",
        "values",
        "cpu",
        "config",
        "data",
        "optim",
        "initial_values",
        "random_initializers",
        "initializers",
        "losses",
    ),
    *(
        "layers",
        "restored",
        "stepped",
        "model",
        "storage",
        "condition",
        "training",
        "plot.figure",
        "plot.svg",
        "plot.labels",
        "plot.history",
        "plot.diagnosis",
        "diagnose",
        "summary",
        "adapting",
        "streamed",
        "export.errors",
        "export.arrays",
        "export.onnx",
        "export.c",
        "export.torch.activations",
        "export.torch.links",
        "export.torch.weights",
        "export.torch.reading",
        "export.torch.module",
        "export.network",
        "network",
        "loading",
        "replaying",
        "export",
        "sparse",
        "distributed",
        "tables",
    ),
    *(
        "functional_batch_norm",
        "functional_standardize",
        "functional",
        "unit_variance",
        "search",
    ),
    *("plot", "__init__", "sklearn", "csv", "demo", "command", "__main__"),
)


def files(folder: Path, *suffixes: str) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in suffixes)
    assert found, f"no {suffixes} in {folder.name}"
    return found


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


def imports(path: Path) -> set[str]:
    """The top-level names of all modules that a Python file imports, also in functions; relative ones are fanin."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("fanin" if node.level else str(node.module).split(".")[0])
    return names


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return name.removesuffix(".__init__")


def modules_used(path: Path) -> set[str]:
    """The modules of fanin that a Python file imports, also in functions, except for type checking only."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    known = {module_of(path) for path in files(PACKAGE, ".py", ".pyi")}
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                used.add(inner if inner in known else str(node.module))
    return used & known


def part_of(module: str) -> str:
    inner = module.partition(".")[2] or "__init__"
    return next(part for part in PARTS if inner == part or inner.startswith(f"{part}."))


def fanin_header(name: str) -> str:
    """The path of a public header below include/fanin, however it was spelt."""
    return re.sub(r"^(\.\./)*(fanin/)?", "", name)


def test_public_headers_include_only_the_standard_library_and_each_other():
    public = {str(path.relative_to(CPP / "include")) for path in files(CPP / "include", ".hpp")}
    for path in files(CPP / "include", ".hpp"):
        for name in includes(path):
            of_mpi = path.name == "mpi.hpp" and name == "mpi.h"  # for programs that use MPI themselves
            assert name in public or STANDARD.fullmatch(name) or of_mpi, f"{path.name} includes {name}"


def test_rules_layers_activations_losses_and_initializers_know_nothing_above_them():
    lowest = [*files(CPP / "include" / "fanin" / "rules", ".hpp")]
    lowest += files(CPP / "include" / "fanin" / "layers", ".hpp")
    lowest += [
        CPP / "include" / "fanin" / name for name in ("activations.hpp", "losses.hpp", "initializers.hpp")
    ]
    for path in lowest:
        for name in includes(path):
            above = fanin_header(name).split("/")[0] in {
                "network.hpp",
                "dense.hpp",
                "update.hpp",
                "cpu.hpp",
                "fanin.hpp",
            }
            assert not above, f"{path.name} includes {name}"


def test_kernels_include_no_inline_standard_code_and_nothing_above_them():
    for path in files(CPP / "kernels", ".hpp", ".cpp"):
        for name in includes(path):
            if STANDARD.fullmatch(name):
                assert name in KERNEL_STANDARD, f"{path.name} includes <{name}>"
            else:
                assert name in INTRINSICS or name.endswith(".hpp"), f"{path.name} includes {name}"
                assert "src/" not in name, f"{path.name} includes {name}"
                assert fanin_header(name) not in {"network.hpp", "fanin.hpp", "cpu.hpp"}, (
                    f"{path.name} includes {name}"
                )


# each folder of cpp/src may use those above it in this list
CPP_FOLDERS = (
    "base",
    "team",
    "ranks",
    "data",
    "tables",
    "rules",
    "solvers",
    "plan",
    "layers",
    "network",
    "train",
    "functional",
    "files",
)


def test_a_folder_of_the_cpp_sources_includes_only_those_above_it():
    source = CPP / "src"
    assert {path.name for path in source.iterdir()} == set(CPP_FOLDERS)
    for path in files(source, ".hpp", ".cpp"):
        place = CPP_FOLDERS.index(path.parent.name)
        for name in includes(path):
            folder = name.split("/")[0]
            if "/" in name and folder in CPP_FOLDERS:
                assert CPP_FOLDERS.index(folder) <= place, f"{path.parent.name}/{path.name} includes {name}"


def test_cpp_library_knows_nothing_of_python():
    for path in files(CPP, ".hpp", ".cpp"):
        assert not {"pybind11", "Python.h"} & {part for name in includes(path) for part in name.split("/")}, (
            path
        )


def test_bindings_include_only_public_headers_and_pybind11():
    bindings = ROOT / "python" / "bindings"
    own = {path.name for path in files(bindings, ".hpp", ".cpp")}
    for path in files(bindings, ".hpp", ".cpp"):
        for name in includes(path):
            allowed = STANDARD.fullmatch(name) or name.startswith(("fanin/", "pybind11/")) or name in own
            assert allowed, f"{path.name} includes {name}"


def test_nothing_in_the_python_package_points_upward():
    for path in files(PACKAGE, ".py"):
        own = part_of(module_of(path))
        for used in modules_used(path):
            assert PARTS.index(part_of(used)) <= PARTS.index(own), f"{path} imports {used}"


def test_no_modules_of_the_python_package_import_each_other():
    graph = {module_of(path): modules_used(path) for path in files(PACKAGE, ".py")}
    order = list(TopologicalSorter(graph).static_order())  # raises if there is a cycle
    assert {"fanin.layers.dense", "fanin.training.fitting", "fanin.optim.rule"} <= set(order)


def test_only_the_scikit_learn_face_and_the_commands_import_scikit_learn():
    for path in files(PACKAGE, ".py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        # sparse rows are matrices of SciPy, and scikit-learn asks its transformers for tags
        if part not in {"sklearn", "demo", "command", "sparse"}:
            assert not {"sklearn", "scipy", "pandas"} & imports(path), path


def test_reference_never_imports_fanin():
    for path in files(TESTS / "reference", ".py"):
        assert imports(path) <= {
            "__future__",
            "statistics",
            "collections",
            "dataclasses",
            "math",
            "numpy",
            "reference",
            "typing",
        }, path


@pytest.mark.parametrize("folder", ["cpp", "python", "tests", "bench", "docs"])
def test_source_files_are_short(folder):
    for path in files(ROOT / folder, ".py", ".pyi", ".hpp", ".cpp"):
        assert len(path.read_text().splitlines()) <= 300, path


def test_workers_of_the_bench_have_a_function_for_each_topic_of_their_groups(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    for group in importlib.import_module("bench.groups").groups(quick=True).values():
        for worker in group.workers.values():
            source = (ROOT / "bench" / "workers" / f"{worker}.py").read_text()
            assert f"\ndef {group.topic}(" in source, f"{worker} has no function {group.topic}"


def test_test_names_are_sentences_and_unique():
    names, paths = [], sorted(TESTS.rglob("test_*.py"))
    assert len(paths) == len({path.name for path in paths})  # pytest imports them by these names
    for path in paths:
        tree = ast.parse(path.read_text())
        names += [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    assert len(names) == len(set(names))
    assert all(len(name.split("_")) >= 4 for name in names), [n for n in names if len(n.split("_")) < 4]
