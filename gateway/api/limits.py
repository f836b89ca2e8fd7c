"""How much one document may ask for. Too much is refused before it is validated, let alone executed."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    TokenKind,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may have at most; aliases, directives and tokens are counted as they are written.

    `cost` is the number of values that the answer may hold, with all fragments expanded and all pages full.
    A field's page is its `first` or `last`, `page_default` without either; a list without a page is taken
    to have `list_size` items. What `in` reads beside the page, a page for each further value, counts as well.
    What introspection asks for has its own depth.
    """

    characters: int = 15_000
    tokens: int = 2_000
    depth: int = 16
    introspection_depth: int = 40
    aliases: int = 30
    root_fields: int = 20
    root_mutations: int = 10
    directives: int = 50
    cost: int = 50_000
    page_default: int = 50
    page_limit: int = 500
    list_size: int = 5


_SENTENCES = {
    "characters": "a document has {:,} characters at most",
    "tokens": "a document has {:,} tokens at most, braces within braces 200 at most",
    "depth": "fields are nested {:,} deep at most",
    "introspection_depth": "fields of an introspection are nested {:,} deep at most",
    "aliases": "a document has {:,} aliases at most",
    "root_fields": "an operation has {:,} fields at its top at most",
    "root_mutations": "a mutation has {:,} fields at its top at most",
    "directives": "a document uses {:,} directives at most",
    "repeated": "each field is to be written once in a place, for it has one answer",
    "cost": "an answer holds {:,} values at most; ask for smaller pages, or for fewer of them",
}


class TooComplex(GraphQLError):
    """A document that asks for more than a limit allows; `limit` is its name in `Limits`."""

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(
            f"This asks for too much: {_SENTENCES[limit].format(allowed)}.",
            extensions={"code": "QUERY_TOO_COMPLEX", "limit": limit, "allowed": allowed},
        )


def require(found: int, limit: str, allowed: int) -> None:
    """Raises TooComplex when there is more of something than a limit allows."""
    if found > allowed:
        raise TooComplex(limit, allowed)


def check_written(document: DocumentNode, limits: Limits) -> None:
    """Raises TooComplex for too many aliases or directives, wherever they stand in the text."""
    aliases = sum(1 for each in selections(document) if isinstance(each, FieldNode) and each.alias)
    require(aliases, "aliases", limits.aliases)
    require(_directives(document), "directives", limits.directives)


def selections(document: DocumentNode) -> Iterator[SelectionNode]:
    """Every selection of a document, once, without recursion."""
    defined = (OperationDefinitionNode, FragmentDefinitionNode)
    stack = [each.selection_set for each in document.definitions if isinstance(each, defined)]
    while stack:
        for each in stack.pop().selections:
            yield each
            below = None if isinstance(each, FragmentSpreadNode) else getattr(each, "selection_set", None)
            stack.extend([below] if below else [])


def _directives(document: DocumentNode) -> int:
    count, token = 0, document.loc.start_token if document.loc else None
    while token:
        count += token.kind is TokenKind.AT
        token = token.next
    return count
