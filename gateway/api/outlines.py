"""What is said of an operation without its content: its kind, its name, the fields at its top."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from gateway.audit.entries import AuditKind

LONGEST_NAME = 100
"""How much is kept of the name that a client gave its operation."""

_KINDS = {
    OperationType.MUTATION: AuditKind.COMMAND,
    OperationType.QUERY: AuditKind.QUERY,
    OperationType.SUBSCRIPTION: AuditKind.SUBSCRIPTION,
}


@dataclass(frozen=True, slots=True)
class Outline:
    """An operation in outline; `fields` are the schema's names, not the client's aliases."""

    kind: AuditKind = AuditKind.UNKNOWN
    operation: str | None = None
    fields: tuple[str, ...] = ()


UNREAD = Outline()


def outline(document: DocumentNode, operation: OperationDefinitionNode) -> Outline:
    """The outline of one operation of a valid document."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    name = operation.name.value[:LONGEST_NAME] if operation.name else None
    fields = dict.fromkeys(_roots(operation.selection_set, fragments))
    return Outline(_KINDS[operation.operation], name, tuple(fields))


def kind_alone(document: DocumentNode) -> Outline:
    """What is said of a document that is not valid: nothing that its author wrote, but the kind where it is one."""
    operations = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    kinds = {_KINDS[each.operation] for each in operations}
    return Outline(kinds.pop()) if len(kinds) == 1 else UNREAD


def _roots(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each.name.value
        elif isinstance(each, FragmentSpreadNode):
            yield from _roots(fragments[each.name.value].selection_set, fragments)
        elif isinstance(each, InlineFragmentNode):
            yield from _roots(each.selection_set, fragments)
