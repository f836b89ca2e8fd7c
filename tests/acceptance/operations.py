"""Operations that ask for everything: written from the schema, so nothing in it can be forgotten."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLNonNull,
    GraphQLSchema,
    is_abstract_type,
    is_leaf_type,
    is_union_type,
)

from tests.acceptance.comparing import named_type

VALUES = ("Money", "PageInfo")
"""Objects that are parts of others: always asked for."""

READ_BACK = """query { node(id: $id) { __typename id
    ... on Account { __typename balance { amount currency } statement(first: 1) { totalCount } }
    ... on Customer { __typename name email accounts(first: 1) { totalCount } } } }"""
"""What a receipt's way back into the schema is asked for."""


def everything(schema: GraphQLSchema, type_name: str, depth: int, page: int = 3) -> str:
    """A selection of all fields of a type, down to `depth` levels of objects, with pages of this size.

    Fields that need an argument are left out.
    """
    type_: Any = schema.type_map[type_name]
    return f"{{ __typename {' '.join(_parts(schema, type_, depth, page))} }}"


def mutation(schema: GraphQLSchema, name: str) -> str:
    """A mutation with its input and options as variables, asking for all that can be answered.

    A third variable, `id`, is read back through the receipt.
    """
    field = _root(schema.mutation_type).fields[name]
    result = everything(schema, named_type(field.type).name, depth=2)
    taken = f"$input: {field.args['input'].type}, $options: CommandOptions, $id: ID!"
    return f"mutation({taken}) {{ {name}(input: $input, options: $options) {result} }}"


def field_of(schema: GraphQLSchema, operation: str, name: str, selection: str) -> str:
    """A query or subscription of one field, with all its arguments as variables of the same names."""
    root = schema.query_type if operation == "query" else schema.subscription_type
    args = _root(root).fields[name].args
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in args.items())
    passed = ", ".join(f"{each}: ${each}" for each in args)
    return f"{operation}({declared}) {{ {name}({passed}) {selection} }}"


def _root(type_: Any) -> Any:
    assert type_
    return type_


def _parts(schema: GraphQLSchema, type_: Any, depth: int, page: int) -> Iterator[str]:
    shared = _interfaces(schema, type_) if is_union_type(type_) else [type_]
    for each in shared:
        fields = " ".join(_fields(schema, each.fields, each.fields, depth, page))
        yield fields if each is type_ else f"... on {each.name} {{ __typename {fields} }}"
    for each in schema.get_possible_types(type_) if is_abstract_type(type_) else ():
        known = {
            name
            for interface in shared
            if each in schema.get_possible_types(interface)
            for name in interface.fields
        }
        rest = [name for name in each.fields if name not in known]
        if rest:
            yield f"... on {each.name} {{ __typename {' '.join(_fields(schema, each.fields, rest, depth, page))} }}"


def _interfaces(schema: GraphQLSchema, union: Any) -> list[Any]:
    """The interfaces of a union's members, each once."""
    members = schema.get_possible_types(union)
    return list({interface.name: interface for each in members for interface in each.interfaces}.values())


def _fields(schema: GraphQLSchema, fields: Any, names: Any, depth: int, page: int) -> Iterator[str]:
    for name in names:
        field = fields[name]
        named: Any = named_type(field.type)
        if any(isinstance(each.type, GraphQLNonNull) for each in field.args.values()):
            continue
        if is_leaf_type(named):
            yield name
        elif named is schema.query_type:
            yield READ_BACK
        elif depth or named.name in VALUES:
            given = f"(first: {page})" if "first" in field.args else ""
            below = depth if named.name in VALUES or name == "edges" else depth - 1
            yield f"{name}{given} {everything(schema, named.name, below, page)}"
