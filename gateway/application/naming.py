"""How names are derived from names, in one place."""

import re


def snake(name: str) -> str:
    """`TransferMoney` to `transfer_money`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def camel(name: str) -> str:
    """`transfer_money` to `transferMoney`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def pascal(name: str) -> str:
    """`transfer_money` to `TransferMoney`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def screaming(name: str) -> str:
    """`AccountNotOpen` to `ACCOUNT_NOT_OPEN`."""
    return snake(name).upper()


def id_field(name: str) -> str:
    """The name of an id in inputs, events and rejections: `account` to `account_id`."""
    return name if name.endswith("_id") else f"{name}_id"
