"""GraphQL texts, parsed, bounded and validated once each."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
    value_from_ast_untyped,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gateway.api.errors import MOST_ERRORS
from gateway.api.limits import Limits, TooComplex, check_written, require
from gateway.api.outlines import Outline, kind_alone, outline
from gateway.api.weighing import Scale

_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


_MOST_LIGHT, _MOST_WEIGHING = 100, 8
"""Of so many choices of so many variables it is remembered that they weigh little enough."""
_LEFT_OUT = ()
_SMALL = (int, float, NoneType, tuple)


class DocumentRefused(Exception):
    """A document or request that is not executed; `code` is for errors that have none of their own.

    `outline` is what is known of it all the same.
    """

    def __init__(self, errors: list[GraphQLError], code: str | None = None) -> None:
        self.errors, self.code = errors, code
        self.outline: Outline | None = None
        super().__init__(errors[0].message)


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document within the limits; its weight depends on the variables in `weighing`.

    `light` has values of theirs with which an operation was weighed and found within the limits.
    """

    node: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    outlines: Mapping[str | None, Outline]
    weighing: tuple[str, ...]
    light: set[Hashable] = field(default_factory=set[Hashable])

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation of this name, or without a name the only one. Raises DocumentRefused."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise refusal(
                "OPERATION_NAME_MISSING", "This document has several operations: name one in operationName."
            )
        if name not in self.operations:
            raise refusal("UNKNOWN_OPERATION", "This document has no operation of the name in operationName.")
        return self.operations[name]


class Documents:
    """Reads documents, and keeps those that were used last; one that is refused is not kept."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, most: int = 1_000, most_characters: int = 2_000_000
    ) -> None:
        self._schema, self._limits = schema, limits
        self._most, self._most_characters = most, most_characters
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0

    def read(self, text: str) -> Document:
        """The document of a text. Raises DocumentRefused: it is no GraphQL, not valid, or asks for too much."""
        found = self._kept.get(text)
        if found:
            self._kept.move_to_end(text)
            return found
        node = self._parse(text)
        try:
            document = self._check(node)
        except DocumentRefused as refused:
            refused.outline = kind_alone(node)
            raise
        self._keep(text, document)
        return document

    def weigh(self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
        """Raises DocumentRefused for an operation that asks for too much with these variables."""
        if not document.weighing:
            return
        given = _numbers(operation, document.weighing, variables)
        if given in document.light:
            return
        try:
            Scale(self._schema, document.node, self._limits, _defaults(operation) | dict(variables)).check(
                operation
            )
        except TooComplex as error:
            raise DocumentRefused([error]) from None
        if given and len(document.light) < _MOST_LIGHT and len(document.weighing) <= _MOST_WEIGHING:
            document.light.add(given)

    def _parse(self, text: str) -> DocumentNode:
        limits = self._limits
        try:
            require(len(text), "characters", limits.characters)
            return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except TooComplex as error:
            raise DocumentRefused([error]) from None
        except GraphQLSyntaxError as error:
            if error.message.endswith("Parsing aborted."):
                raise DocumentRefused([TooComplex("tokens", limits.tokens)]) from None
            raise DocumentRefused([error], "GRAPHQL_PARSE_FAILED") from None

    def _check(self, node: DocumentNode) -> Document:
        """Bounded first: validation itself takes too long for what is out of bounds."""
        operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        scale = Scale(self._schema, node, self._limits, None)
        try:
            check_written(node, self._limits)
            for each in operations:
                scale.check(each)
        except TooComplex as error:
            raise DocumentRefused([error]) from None
        self._validate(node)
        named = {each.name.value if each.name else None: each for each in operations}
        outlines = {name: outline(node, each) for name, each in named.items()}
        return Document(node, named, outlines, tuple(scale.asked))

    def _validate(self, node: DocumentNode) -> None:
        errors = validate(self._schema, node, _RULES, max_errors=MOST_ERRORS - 1)
        if len(errors) == 1 and isinstance(errors[0], ValidationAbortedError):
            # The only rule that gives up on its own compares the fields that have one name in a place.
            raise DocumentRefused([TooComplex("repeated", 1)])
        if errors:
            raise DocumentRefused(errors, "GRAPHQL_VALIDATION_FAILED")
        if not any(isinstance(each, OperationDefinitionNode) for each in node.definitions):
            raise refusal("UNKNOWN_OPERATION", "This document has no operation.")

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._characters += len(text)
        while len(self._kept) > self._most or self._characters > self._most_characters:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= len(oldest)


def _numbers(
    operation: OperationDefinitionNode, names: tuple[str, ...], variables: Mapping[str, Any]
) -> Hashable | None:
    """The values of some variables, where all of them are numbers, null or left out: nothing that takes memory."""
    found = [variables.get(each, _LEFT_OUT) for each in names]
    return (id(operation), *found) if all(isinstance(each, _SMALL) for each in found) else None


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    """The values of variables that a request leaves out."""
    given = [(each.variable.name.value, each.default_value) for each in operation.variable_definitions or ()]
    return {name: value_from_ast_untyped(value) for name, value in given if value}


def refusal(code: str, message: str) -> DocumentRefused:
    return DocumentRefused([GraphQLError(message, extensions={"code": code})])
