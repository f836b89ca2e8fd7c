"""Everything that a schema lets a client ask of a connection: each way to fill `where`, in each order."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Any, cast

from graphql import GraphQLInputObjectType, GraphQLSchema, get_named_type

Arguments = dict[str, Any]


def offers(schema: GraphQLSchema, field: str, values: Mapping[str, Any]) -> Iterator[Arguments]:
    """`where` and `orderBy` of a field of Query: up to two fields by every test, three by equality.

    `values` are examples for each field.
    """
    query: Any = schema.query_type
    taken: Mapping[str, Any] = query.fields[field].args
    tests = [*_tests(_named(taken["where"]), values)]
    wheres: list[Arguments] = [{}, *(dict([each]) for each in tests)]
    wheres += [dict(pair) for pair in combinations(tests, 2) if pair[0][0] != pair[1][0]]
    wheres += [{name: {"eq": values[name][0]} for name in chosen} for chosen in combinations(values, 3)]
    for where, order in product(wheres, _orders(_named(taken["orderBy"]))):
        yield {"where": where, "orderBy": order}


def _named(of: Any) -> Any:
    return cast("Any", get_named_type(of.type))


def _tests(where: GraphQLInputObjectType, values: Mapping[str, Any]) -> Iterator[tuple[str, Arguments]]:
    for name, each in where.fields.items():
        tests: list[str] = [*_named(each).fields]
        for test in tests:
            yield from ((name, {test: value}) for value in _examples(test, values[name]))


def _examples(test: str, values: list[Any]) -> list[Any]:
    match test:
        case "in":
            return [values]
        case "isNull":
            return [True, False]
        case "startsWith":
            return [values[0][:2]]
        case _:
            return values[:1]


def _orders(order: GraphQLInputObjectType) -> Iterator[Arguments | None]:
    yield None
    names: list[str] = [*_named(order.fields["field"]).values]
    for name, direction in product(names, ("ASC", "DESC")):
        yield {"field": name, "direction": direction}
