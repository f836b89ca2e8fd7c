"""How much one document may ask for. Too much is refused before it is validated, let alone executed."""

from dataclasses import dataclass

from graphql import GraphQLError


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may have at most; aliases, directives and tokens are counted as they are written.

    `cost` is the number of values that the answer may hold, with all fragments expanded and all pages full.
    A field's page is its `first` or `last`, `page_default` without either; a list without a page is taken
    to have `list_size` items. What introspection asks for has its own depth.
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


class TooComplex(GraphQLError):
    """A document that asks for more than the limits allow."""

    def __init__(self, limit: str, allowed: int) -> None:
        super().__init__(
            f"This document asks for too much: {_SENTENCES[limit].format(allowed)}.",
            extensions={"code": "QUERY_TOO_COMPLEX", "limit": limit, "allowed": allowed},
        )


_SENTENCES = {
    "characters": "it may have {:,} characters",
    "tokens": "it may have {:,} tokens, and be nested {:,} deep at most, whatever it says",
    "depth": "fields may be nested {:,} deep",
    "introspection_depth": "introspection may be nested {:,} deep",
    "aliases": "it may have {:,} aliases",
    "root_fields": "an operation may have {:,} fields at its top",
    "root_mutations": "one mutation may have {:,} fields at its top",
    "directives": "it may have {:,} directives",
    "cost": "the answer could hold more than {:,} values; ask for smaller pages or fewer of them",
}


def check_text(text: str, limits: Limits) -> None:
    """Raises TooComplex for a text that is not worth parsing."""
    if len(text) > limits.characters:
        raise TooComplex("characters", limits.characters)


def require(found: int, limit: str, allowed: int) -> None:
    """Raises TooComplex when there is more of it than allowed."""
    if found > allowed:
        raise TooComplex(limit, allowed)
