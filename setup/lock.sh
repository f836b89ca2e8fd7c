#!/bin/sh
# lock.sh PYTHON: writes the lock files anew, for Linux, macOS and Windows and every supported Python.
# `uv` is used in a temporary environment; it takes its settings from UV_… and names no package index.
set -eu
python=$1
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$python" -m venv "$tools"
"$tools/bin/python" -m pip install -qq --disable-pip-version-check uv

compile() { # OUTPUT ARGUMENT...
    output=requirements/$1
    shift
    rm -f "$output"
    "$tools/bin/uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
        --no-annotate --custom-compile-command "make lock" "$@" --output-file "$output"
    echo "Wrote $output"
}

compile test.txt pyproject.toml requirements/build.in --extra embedded --extra motor --extra test
compile run.txt pyproject.toml requirements/build.in --extra embedded --constraint requirements/test.txt
compile image.txt pyproject.toml --constraint requirements/test.txt
compile build.txt requirements/build.in --constraint requirements/test.txt
