"""Which of a subscription's variables have a say in its messages."""

import re

from graphql import FieldNode, OperationDefinitionNode, VariableNode

from gateway.api.requests import Request


def said_to_all(operation: OperationDefinitionNode, request: Request) -> str:
    """The variables without those that only say from where on to follow: equal for all who see the same."""
    alone = {name for name in _places(operation) if _mentioned(name, request.query) == 2}  # declared, and given
    return repr(sorted((name, value) for name, value in request.variables.items() if name not in alone))


def _places(operation: OperationDefinitionNode) -> set[str]:
    """The variables that are given to `after` at the top."""
    fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    given = [each.value for field in fields for each in field.arguments or () if each.name.value == "after"]
    return {each.name.value for each in given if isinstance(each, VariableNode)}


def _mentioned(name: str, text: str) -> int:
    """How often a variable is mentioned in a document, at least where it counts."""
    return len(re.findall(rf"\${name}\b", text))
