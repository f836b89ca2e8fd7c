"""`tidegate` with a wrong derivation: some pairs of fields of one type answer for each other."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.api.schema import events, mutations, views
from gateway.api.schema.making import Field, define
from gateway.cli.main import main

PAIRS = {
    "Account": ("balance", "available"),
    "StatementLine": ("amount", "balance"),
    "MoneySent": ("account_id", "target_id"),
    "InsufficientFunds": ("available", "requested"),
}


def swapping(
    declared: type,
    fields: Mapping[str, Field],
    description: str | None = None,
    is_type_of: Callable[[Any], bool] | None = None,
) -> type:
    """As `define`; the schema's text stays the same, but for the order of fields."""
    one, other = PAIRS.get(declared.__name__, ("", ""))
    names = {one: other, other: one}
    swapped = {names.get(name, name): field for name, field in fields.items()}
    return define(declared, swapped, description, is_type_of)


if __name__ == "__main__":
    for module in (events, mutations, views):
        setattr(module, "define", swapping)  # noqa: B010 # a module's attribute, replaced on purpose
    main()
