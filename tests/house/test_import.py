"""What `import fanin` loads, and the environment variables that it reads."""

from __future__ import annotations

import os
import re
from importlib import metadata

import pytest

import fanin
from helpers import ROOT, python_prints, run_python


def test_import_loads_neither_scikit_learn_nor_scipy():
    heavy = ("sklearn", "scipy", "pandas", "torch", "IPython", "matplotlib", "onnx")
    code = f"import sys, fanin; print([m for m in {heavy} if m in sys.modules])"
    assert python_prints("-c", code) == "[]\n"


def test_import_is_silent():
    done = run_python("-W", "error", "-c", "import fanin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_forced_instruction_set_is_the_active_one(every_isa):
    assert (
        python_prints("-c", "import fanin; print(fanin.cpu.active())", FANIN_ISA=every_isa)
        == f"{every_isa}\n"
    )


def test_best_available_instruction_set_is_the_default():
    assert python_prints("-c", "import fanin; print(fanin.cpu.active())") == f"{fanin.cpu.available()[0]}\n"
    assert "baseline" in fanin.cpu.available()


@pytest.mark.parametrize("name", ["mmx", "AVX2x", "avx2 ", "0"])
def test_an_unknown_instruction_set_fails_the_import_with_a_clear_message(name):
    done = run_python("-c", "import fanin", FANIN_ISA=name)
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert last_line.startswith("ImportError: ")
    for word in ("FANIN_ISA", name, "baseline"):
        assert word in last_line


def test_an_unsupported_instruction_set_fails_the_import_with_a_clear_message():
    elsewhere = {"avx512", "avx2", "neon"} - set(fanin.cpu.available())
    assert elsewhere, "no machine has both AVX2 and NEON"
    for name in elsewhere:
        done = run_python("-c", "import fanin", FANIN_ISA=name)
        assert done.returncode != 0
        assert "ImportError" in done.stderr
        assert name in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "number"),
    [
        ({"FANIN_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"FANIN_NUM_THREADS": "1", "OMP_NUM_THREADS": "3"}, 1),
        ({"FANIN_NUM_THREADS": "3", "OMP_NUM_THREADS": "1"}, 1),
        ({"FANIN_NUM_THREADS": "3", "OMP_NUM_THREADS": ""}, 3),
    ],
    ids=str,
)
def test_environment_sets_the_number_of_threads(environment, number):
    code = "import fanin; print(fanin.get_num_threads())"
    assert python_prints("-c", code, **environment) == f"{number}\n"


@pytest.mark.parametrize("number", ["0", "-2", "abc", "1.5", "99999999999999"])
def test_a_wrong_number_of_threads_in_the_environment_fails_the_import_with_a_clear_message(number):
    done = run_python("-c", "import fanin", FANIN_NUM_THREADS=number)
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert last_line.startswith("ImportError: ")
    assert "FANIN_NUM_THREADS" in last_line
    assert number in last_line


def test_number_of_threads_can_be_set_and_read(threads):
    for number in (1, 5, 2):
        threads(number)
        assert fanin.get_num_threads() == number


def test_a_with_block_sets_the_number_of_threads_and_restores_it(threads):
    threads(3)
    with fanin.num_threads(2):
        assert fanin.get_num_threads() == 2
        with fanin.num_threads(5):
            assert fanin.get_num_threads() == 5
        assert fanin.get_num_threads() == 2
    with pytest.raises(KeyError), fanin.num_threads(1):
        raise KeyError
    assert fanin.get_num_threads() == 3
    with pytest.raises(ValueError, match="n: expected"), fanin.num_threads(0):
        pass
    assert fanin.get_num_threads() == 3


def test_a_number_that_is_set_overrides_those_of_the_environment():
    code = """
import fanin
fanin.set_num_threads(3)
with fanin.num_threads(4):
    print(fanin.get_num_threads())
print(fanin.get_num_threads())
fanin.set_num_threads(None)
print(fanin.get_num_threads())
"""
    assert python_prints("-c", code, FANIN_NUM_THREADS="5", OMP_NUM_THREADS="2") == "4\n3\n2\n"


def test_threadpoolctl_limits_the_number_of_threads():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with threadpoolctl.threadpool_limits(1):
        assert fanin.get_num_threads() == 1
        with fanin.num_threads(2):
            assert fanin.get_num_threads() == 1
    with fanin.num_threads(None):
        pools = [
            pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "openmp"
        ]
        assert 1 <= fanin.get_num_threads() <= max(pools)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity masks")
def test_the_number_of_threads_follows_the_affinity_mask():
    code = """
import os
os.environ.pop("OMP_NUM_THREADS", None)
import fanin
before = os.sched_getaffinity(0)
os.sched_setaffinity(0, {min(before)})
print(fanin.get_num_threads())
fanin.set_num_threads(3)
print(fanin.get_num_threads())
"""
    assert python_prints("-c", code, FANIN_NUM_THREADS="") == "1\n3\n"


@pytest.mark.skipif(
    os.name != "posix" or os.getuid() != 0, reason="only root can become a user without processes"
)
def test_calls_run_on_the_existing_threads_if_no_more_can_be_created():
    code = """
import os, resource
import numpy as np
import fanin
from fanin import functional as F
from fanin import optim
fanin.set_num_threads(64)
os.setgid(54321)
os.setuid(54321)
resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
x, w = np.ones((512, 512), "f4"), np.ones((512, 512), "f4")
for _ in range(3):
    assert (F.dense(x, w) == 512).all()
net = fanin.Network(512, [fanin.Dense(512, "relu"), fanin.Dense(1)])
net.fit(x, x[:, :1], rule=optim.SGD(1e-6), epochs=2, batch_size=256)
print("done")
"""
    assert python_prints("-c", code, OPENBLAS_NUM_THREADS="1") == "done\n"


def test_config_shows_version_instruction_sets_and_threads(capsys):
    config = fanin.config()
    fanin.show_config()
    shown = capsys.readouterr().out
    for fact in (fanin.__version__, fanin.cpu.active(), str(fanin.get_num_threads())):
        assert fact in shown
        assert fact in str(config)
    for name in fanin.cpu.available():
        assert name in shown


def test_version_is_that_of_the_project():
    stated = re.search(r"project\(fanin VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text())
    assert stated, "CMakeLists.txt states no version"
    assert fanin.__version__ == stated[1] == metadata.version("fanin")


@pytest.mark.parametrize("first", ["sys", "numpy", "fanin"])
@pytest.mark.parametrize("own_lock", [False, True])
def test_an_import_in_a_sub_interpreter_is_an_import_error(first, own_lock):
    code = f"""
import sys, {first}
if sys.version_info < (3, 13):
    import _xxsubinterpreters as interpreters
    interpreter = interpreters.create(isolated={own_lock})
else:
    import _interpreters as interpreters
    interpreter = interpreters.create({"isolated" if own_lock else "legacy"!r})
program = "try: import fanin\\nexcept ImportError as error: print(error, flush=True)"
interpreters.run_string(interpreter, program)
interpreters.destroy(interpreter)
import fanin
print(fanin.Network(1, [fanin.Dense(1)]).n_parameters)
"""
    done = run_python("-c", code, timeout=60)
    assert done.returncode == 0, done.stderr
    refused, works = done.stdout.splitlines()
    assert "sub-interpreter" in refused
    assert works == "2"


def test_import_leaves_types_to_type_checkers():
    code = "import sys, fanin, fanin.__main__; print('numpy.typing' in sys.modules)"
    assert python_prints("-c", code) == "False\n"
