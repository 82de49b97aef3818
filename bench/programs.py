"""The C++ programs of the bench: built where CMake is there, else the one that a compiler alone can build."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.pool import ROOT

SOURCES = ROOT / "bench" / "cpp"
BUILD = ROOT / "build" / "bench"
PRODUCTS_VARIABLE = "FANIN_BENCH_PRODUCTS"
FUSED_VARIABLE = "FANIN_BENCH_UPDATES_IN_STEPS"
PREDICT_VARIABLE = "FANIN_BENCH_PREDICT"


class BuildError(Exception):
    """A program could not be built; the message ends with what the build said."""


def run(command: list[str]) -> None:
    """Run a command quietly, with its last words in the error where it fails."""
    try:
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from None
    if done.returncode != 0:
        last_words = "\n".join(done.stdout.splitlines()[-5:])
        raise BuildError(f"`{' '.join(command)}` failed:\n{last_words}")


def build_with_cmake(target: str) -> Path:
    """Build a target of bench/CMakeLists.txt and return its program."""
    if shutil.which("cmake") is None:
        raise BuildError(f"{target} needs CMake, which is not installed")
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DFANIN_BUILD_BENCHES=ON", "-DFANIN_BUILD_PYTHON=OFF"]
    run(["cmake", "-S", str(ROOT), "-B", str(BUILD), *options])
    run(["cmake", "--build", str(BUILD), "--target", target, "--parallel"])
    return BUILD / "bench" / target


def program(target: str, variable: str) -> str:
    """The path of a program: as a variable of the environment says, else built."""
    return os.environ.get(variable) or str(build_with_cmake(target))


def products_program() -> str:
    """The path of fanin_bench_products."""
    return program("fanin_bench_products", PRODUCTS_VARIABLE)


def compile_alone(directory: Path, name: str, flags: Sequence[str] = ()) -> Path:
    """Compile a program of one file for this processor with the compiler alone."""
    program = directory / f"fanin_bench_{name}"
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, "-std=c++17", "-O2", "-pthread", str(SOURCES / f"{name}.cpp"), "-o", str(program)]
    try:
        run([*command, "-march=native", *flags])
    except BuildError:
        run([*command, "-mcpu=native", *flags])  # what some compilers for ARM want instead
    return program


def limits_output(arguments: list[str], flags: Sequence[str] = ()) -> str:
    """What fanin_bench_limits prints, compiled with more flags, such as without an instruction set."""
    return output_of("limits", arguments, flags)


def updates_output(seconds: float, threads: int, sizes: list[int]) -> dict[str, list[float]]:
    """GB/s by size and number of arrays in place, as fanin_bench_updates measures them."""
    measured: dict[str, list[float]] = json.loads(
        output_of("updates", [str(seconds), str(threads), *map(str, sizes)])
    )
    return measured


def output_of(name: str, arguments: list[str], flags: Sequence[str] = ()) -> str:
    """What a program of one file prints, built in a temporary directory."""
    with tempfile.TemporaryDirectory() as directory:
        program = compile_alone(Path(directory), name, flags)
        return subprocess.run(
            [str(program), *arguments], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
