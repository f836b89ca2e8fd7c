#!/bin/sh
# install.sh PYTHON VENV LOCK: a virtual environment with the packages of a lock file, each checked by its hash,
# and Tidegate itself, editable. Says in one sentence what keeps this machine from having one.
set -eu
python=$1 venv=$2 lock=$3

fail() {
    echo "$1" >&2
    exit 1
}

case $(uname -s) in
    MINGW* | MSYS* | CYGWIN*) fail "This set-up needs Linux or macOS: on Windows, run it inside WSL." ;;
esac
command -v "$python" >/dev/null ||
    fail "There is no $python: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version 2>&1) is too old: install Python 3.11 or newer, or name one: make PYTHON=python3.12"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python cannot make a virtual environment: run apt-get install -y python$version-venv"

if ! "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Making $venv with Python $version"
    "$python" -m venv --clear "$venv"
fi

pip() {
    "$venv/bin/python" -m pip "$@" -qq --disable-pip-version-check ||
        fail "The packages of $lock could not be installed: see pip's message above."
}

echo "Installing $(grep -c == "$lock") packages from $lock"
pip install --no-deps --require-hashes --requirement "$lock"
pip install --no-deps --no-build-isolation --editable .
