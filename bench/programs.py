"""The C++ programs of the bench, and what the library adds to a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.pool import ROOT

SOURCES = ROOT / "bench" / "cpp"
BUILD = ROOT / "build" / "bench"
PROGRAM_VARIABLE = "FANIN_BENCH"  # the path of fanin_bench


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


def build_program() -> None:
    """Build fanin_bench, unless the variable says where it is, and let the variable say so to the workers."""
    if os.environ.get(PROGRAM_VARIABLE):
        return
    if shutil.which("cmake") is None:
        raise BuildError("CMake is not installed")
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DFANIN_BUILD_BENCHES=ON", "-DFANIN_BUILD_PYTHON=OFF"]
    run(["cmake", "-S", str(ROOT), "-B", str(BUILD), *options])
    run(["cmake", "--build", str(BUILD), "--target", "fanin_bench", "--parallel"])
    os.environ[PROGRAM_VARIABLE] = str(BUILD / "bench" / "fanin_bench")


def limits_output(arguments: Sequence[str], flag: str) -> str:
    """What fanin_bench_limits prints, compiled by the compiler alone, with a flag, for this processor."""
    with tempfile.TemporaryDirectory() as directory:
        program = str(Path(directory, "fanin_bench_limits"))
        command = [os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "-pthread", "-ffp-contract=fast"]
        command += ["-fno-math-errno", str(SOURCES / "limits.cpp"), "-o", program]
        try:
            run([*command, "-march=native", *filter(None, [flag])])
        except BuildError:
            run([*command, "-mcpu=native"])  # what some compilers for ARM expect instead
        return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def sizes(instruction_set: str) -> tuple[float, float]:
    """KB of a static library for one instruction set, and of an example with what it links of it, both stripped.

    About half of an archive is names and relocations, which no program carries.
    """
    if shutil.which("cmake") is None or shutil.which("strip") is None:
        raise RuntimeError("the size of the library needs CMake and strip, which are not installed")
    with tempfile.TemporaryDirectory() as directory:
        options = ["-DCMAKE_BUILD_TYPE=Release", f"-DFANIN_ISAS={instruction_set}"]
        library, program = Path(directory, "cpp", "libfanin.a"), Path(directory, "train_csv")
        example = str(ROOT / "cpp" / "examples" / "train_csv.cpp")
        flags = ["-std=c++20", "-O2", "-fopenmp", f"-I{ROOT / 'cpp' / 'include'}", "-Wl,--gc-sections"]
        try:
            run(["cmake", "-S", str(ROOT), "-B", directory, *options])
            run(["cmake", "--build", directory, "--parallel"])
            run([os.environ.get("CXX", "c++"), *flags, example, str(library), "-o", str(program)])
            run(["strip", "--strip-unneeded", str(library)])
            run(["strip", str(program)])
        except BuildError as error:
            raise RuntimeError(str(error)) from None
        return library.stat().st_size / 1000, program.stat().st_size / 1000
