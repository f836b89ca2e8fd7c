"""schema.graphql is good enough for the tools that generate code from it."""

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.clients.programs import FOLDER, Clients, clients

ROOT = FOLDER.parents[1]
SCALARS = ("Currency", "Date", "DateTime", "Decimal", "Email", "Int64", "Token", "UUID", "Version")


@pytest.fixture(scope="module")
def tools() -> Clients:
    return clients()


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "schema.graphql", tmp_path))


@pytest.fixture
def schema_without_owner_name(schema: Path) -> Path:
    """One in which the field does not exist that all the operations here ask for."""
    schema.write_text(schema.read_text().replace("ownerName:", "holderName:"))
    return schema


def test_relay_compiler_accepts_the_schema(tools: Clients, schema: Path) -> None:
    ran = compile_with_relay(tools, schema)

    assert ran.returncode == 0, ran.stderr
    assert (schema.parent / "artifacts/AccountPageStatementQuery.graphql.ts").exists()
    assert (schema.parent / "artifacts/AccountListPageQuery.graphql.ts").exists()


def test_relay_compiler_refuses_a_schema_that_lacks_a_field(
    tools: Clients, schema_without_owner_name: Path
) -> None:
    ran = compile_with_relay(tools, schema_without_owner_name)

    assert "has no field `ownerName`" in ran.stderr
    assert ran.returncode == 1


def test_code_generator_writes_types_that_typescript_accepts(tools: Clients, schema: Path) -> None:
    generate_types(tools, schema)

    ran = check_types(tools, schema.parent)

    assert ran.returncode == 0, ran.stdout


def test_typescript_refuses_code_that_takes_a_refusal_for_a_receipt(tools: Clients, schema: Path) -> None:
    generate_types(tools, schema)
    code = schema.parent / "bank.ts"
    code.write_text(code.read_text().replace("return result.message;", "return result.token;"))

    ran = check_types(tools, schema.parent)

    assert "Property 'token' does not exist" in ran.stdout
    assert ran.returncode != 0


def test_code_generator_refuses_a_schema_that_lacks_a_field(
    tools: Clients, schema_without_owner_name: Path
) -> None:
    ran = run_code_generator(tools, schema_without_owner_name)

    assert 'Cannot query field "ownerName"' in ran.stderr
    assert ran.returncode == 1


def compile_with_relay(tools: Clients, schema: Path) -> CompletedProcess[str]:
    folder = schema.parent
    shutil.copytree(FOLDER / "relay", folder / "sources")
    (folder / "artifacts").mkdir()
    settings = {
        "language": "typescript",
        "schema": schema.name,
        "src": "sources",
        "artifactDirectory": "artifacts",
        "requireCustomScalarTypes": True,
        "customScalarTypes": dict.fromkeys(SCALARS, "string"),
    }
    (folder / "relay.config.json").write_text(json.dumps(settings))
    return tools.run("node_modules/relay-compiler/cli.js", "relay.config.json", cwd=folder)


def run_code_generator(tools: Clients, schema: Path) -> CompletedProcess[str]:
    """Writes schema.ts beside the schema, and operations.ts for the operations here and the playground's."""
    documents = [FOLDER / "app/operations.graphql", *sorted(ROOT.glob("playground/examples/*.graphql"))]
    return tools.run("codegen.mjs", schema, schema.parent, *documents)


def generate_types(tools: Clients, schema: Path) -> None:
    for name in ("bank.ts", "tsconfig.json"):
        shutil.copy(FOLDER / "app" / name, schema.parent)
    ran = run_code_generator(tools, schema)
    assert ran.returncode == 0, ran.stderr


def check_types(tools: Clients, folder: Path) -> CompletedProcess[str]:
    return tools.run("node_modules/typescript/bin/tsc", cwd=folder)
