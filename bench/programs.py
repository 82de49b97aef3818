"""The C++ code of the bench, and what the library adds to a program."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.pool import ROOT

SOURCES = ROOT / "bench" / "cpp"
BUILD = ROOT / "build" / "bench"
LIBRARY_VARIABLE = "FANIN_BENCH"  # the path of the library fanin_bench
COMPILER = os.environ.get("CXX", "c++")


class BuildError(RuntimeError):
    """A program could not be built; the message ends with what the build said."""


def run(*command: str | Path) -> None:
    """Run a command quietly, with its last words in the error where it fails."""
    try:
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise BuildError(f"{command[0]}: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        last_words = "\n".join(error.stdout.splitlines()[-5:])
        raise BuildError(f"`{' '.join(map(str, command))}` failed:\n{last_words}") from None


def build_with_cmake(directory: str | Path, target: str, *options: str) -> None:
    run("cmake", "-S", ROOT, "-B", directory, "-DCMAKE_BUILD_TYPE=Release", *options)
    run("cmake", "--build", directory, "--target", target, "--parallel")


def build_program() -> None:
    """Build fanin_bench, unless the variable says where it is, and let the variable say so to the workers."""
    if not os.environ.get(LIBRARY_VARIABLE):
        build_with_cmake(BUILD, "fanin_bench", "-DFANIN_BUILD_BENCHES=ON", "-DFANIN_BUILD_PYTHON=OFF")
        os.environ[LIBRARY_VARIABLE] = str(BUILD / "bench" / "fanin_bench.so")


def mlpack_library() -> Path:
    """Nets of mlpack behind functions in C, compiled by the compiler alone, where its headers are installed."""
    library, source = BUILD / "mlpack.so", SOURCES / "mlpack.cpp"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(parents=True, exist_ok=True)
        flags = ["-std=c++17", "-O3", "-DNDEBUG", "-march=native", "-fopenmp", "-shared", "-fPIC"]
        run(COMPILER, *flags, source, "-o", library, "-larmadillo")
    return library


def limits_output(arguments: Sequence[str], flag: str) -> str:
    """What fanin_bench_limits prints, compiled by the compiler alone, with a flag, for this processor."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "fanin_bench_limits")
        flags = ["-std=c++20", "-O2", "-pthread", "-ffp-contract=fast", "-fno-math-errno"]
        command = [COMPILER, *flags, f"-I{ROOT}/cpp", f"{SOURCES}/limits.cpp", "-o", str(program)]
        try:
            run(*command, "-march=native", *flag.split())
        except BuildError:
            run(*command, "-mcpu=native")  # what some compilers for ARM expect instead
        return subprocess.run([program, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def sizes(instruction_set: str) -> tuple[float, float]:
    """KB of a static library for one instruction set, and of an example that links it, both stripped."""
    with tempfile.TemporaryDirectory() as directory:
        build_with_cmake(directory, "fanin", f"-DFANIN_ISAS={instruction_set}")
        library, program = Path(directory, "cpp", "libfanin.a"), Path(directory, "train_csv")
        flags = ["-std=c++20", "-O2", "-fopenmp", f"-I{ROOT}/cpp/include", "-Wl,--gc-sections"]
        run(COMPILER, *flags, ROOT / "cpp" / "examples" / "train_csv.cpp", library, "-o", program)
        run("strip", "--strip-unneeded", library)
        run("strip", program)
        return library.stat().st_size / 1000, program.stat().st_size / 1000
