"""Strawberry types out of lists of fields: the one place that knows how Strawberry wants them."""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Union

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from gateway.api.inputs import given
from gateway.queries.fields import Fields


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="Null here always comes with an error.",
    name="semanticNonNull",
)
class SemanticNonNull:
    levels: list[int] = strawberry.field(default_factory=lambda: [0])


Resolve = Callable[[Any, strawberry.Info, dict[str, Any]], Any]
"""A field's value from its parent's, the request's info, and the arguments by their Python names."""


@dataclass(frozen=True, slots=True)
class By:
    """Resolves a field by its parent's value alone."""

    read: Callable[[Any], Any]

    def __call__(self, root: Any, _info: strawberry.Info, _arguments: Any) -> Any:
        return self.read(root)


by = By


DERIVED = "tidegate-field"
"""Under which name in its metadata a Strawberry field has the `Field` that it was made of."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument or an input field; one that may be left out is None then, and may be deprecated.

    `name` is what it is called where that is no name in Python.
    """

    annotation: Any
    required: bool = True
    deprecated: str | None = None
    name: str | None = None

    @classmethod
    def left_out(cls, annotation: Any, deprecated: str | None = None) -> "Argument":
        return cls(annotation | None, required=False, deprecated=deprecated)

    @property
    def default(self) -> Any:
        return inspect.Parameter.empty if self.required else strawberry.UNSET


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an output type.

    `resolve` gives its value; without it, the attribute of that name does. `late` says that it may be null with
    an error, because it is read after something that must not be lost with it. `deprecated` says why it should not
    be asked for any more. `reads` are the stored fields that it is made of where its parent is a view, beside the
    key; None, all of them. What is not named here may not be there.
    """

    annotation: Any
    description: str | None = None
    resolve: Resolve | None = None
    arguments: Mapping[str, Argument] | None = None
    late: bool = False
    deprecated: str | None = None
    reads: Fields = None

    @property
    def graphql_type(self) -> Any:
        return self.annotation | None if self.late else self.annotation

    def made(self) -> StrawberryField:
        directives = [SemanticNonNull()] if self.late else []
        if self.resolve is None:
            return strawberry.field(
                description=self.description,
                deprecation_reason=self.deprecated,
                directives=directives,
                metadata={DERIVED: self},
            )
        resolver = _resolver(self.resolve, self.arguments or {})
        return strawberry.field(
            resolver=resolver,
            description=self.description,
            deprecation_reason=self.deprecated,
            directives=directives,
            metadata={DERIVED: self},
            is_subscription=inspect.isasyncgenfunction(self.resolve),
        )


def declared(name: str, interfaces: Sequence[type] = ()) -> type:
    """An output type without fields yet, for others to refer to; `define` completes it."""
    return types.new_class(name, tuple(interfaces))


def define(
    declared: type,
    fields: Mapping[str, Field],
    description: str | None = None,
    is_type_of: Callable[[Any], bool] | None = None,
) -> type:
    """The type with its fields; `is_type_of` tells its values among those of a union or an interface."""
    _fill(declared, fields, description)
    if is_type_of is not None:
        declared.is_type_of = staticmethod(_telling(is_type_of))  # pyright: ignore[reportAttributeAccessIssue] # Strawberry looks for it
    return strawberry.type(declared, name=declared.__name__, description=description)


def object_type(name: str, fields: Mapping[str, Field], description: str | None = None) -> type:
    """An output type that nothing refers to before it is made."""
    return define(declared(name), fields, description)


def interface_type(name: str, fields: Mapping[str, Field], description: str | None = None) -> type:
    made = declared(name)
    _fill(made, fields, description)
    return strawberry.interface(made, name=name, description=description)


def _telling(is_type_of: Callable[[Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, _info: is_type_of(value)


def _fill(made: type, fields: Mapping[str, Field], description: str | None) -> None:
    made.__doc__ = description or made.__name__  # else it would be made of the signature, which takes long
    made.__annotations__ = {name: _annotated(field.graphql_type) for name, field in fields.items()}
    for name, field in fields.items():
        setattr(made, name, field.made())


def _annotated(type_: Any) -> StrawberryAnnotation:
    """A type as Strawberry keeps it: one that is not so, or has no namespace, it works out again and again."""
    return StrawberryAnnotation(type_, namespace={})


def enum_type(name: str, members: Mapping[str, Any], description: str | None = None) -> Any:
    """An enum of these names; a member's value is what its name stands for."""
    twin: Any = Enum(name, dict(members))  # pyright: ignore[reportArgumentType] # the functional form takes any mapping
    return strawberry.enum(twin, name=name, description=description)


def union_type(name: str, members: Sequence[Any]) -> Any:
    """A union of output types, told apart by their `is_type_of`."""
    return Annotated[Union[tuple(members)], strawberry.union(name)]  # noqa: UP007 # the members are a value here


def input_type(
    name: str, fields: Mapping[str, Argument], description: str | None, descriptions: Mapping[str, str]
) -> type:
    """An input type; a field with a default may be left out."""
    annotations = {name: _annotated(each.annotation) for name, each in fields.items()}
    body: dict[str, Any] = {"__doc__": description or name, "__annotations__": annotations}
    for field, each in fields.items():
        described = descriptions.get(field)
        if each.required:
            body[field] = strawberry.field(description=described)
        else:
            body[field] = strawberry.field(
                name=each.name,
                description=described,
                deprecation_reason=each.deprecated,
                default=strawberry.UNSET,
            )
    made = types.new_class(name, (), {}, lambda space: space.update(body))
    return strawberry.input(made, name=name, description=description)


def _resolver(resolve: Callable[..., Any], taken: Mapping[str, Argument]) -> Callable[..., Any]:
    """A function with the signature that Strawberry reads, around one that takes its arguments as a mapping."""
    if not taken:
        return _Bare(_bare(resolve))

    if inspect.iscoroutinefunction(resolve):

        async def awaited(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
            return await resolve(root, info, _held(taken, arguments))

        function: Callable[..., Any] = awaited
    elif inspect.isasyncgenfunction(resolve):

        async def generated(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
            async for each in resolve(root, info, _held(taken, arguments)):
                yield each

        function = generated
    else:

        def called(root: Any, info: strawberry.Info, **arguments: Any) -> Any:
            return resolve(root, info, _held(taken, arguments))

        function = called
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.annotation)
        for name, each in taken.items()
    ]
    function.__signature__ = inspect.Signature([*_FIXED, *parameters])  # pyright: ignore[reportFunctionMemberAccess] # PEP 362
    return function


def _held(taken: Mapping[str, Argument], arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: given(arguments.get(name)) for name in taken}


def _bare(resolve: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(resolve):

        async def awaited(root: Any, info: strawberry.Info) -> Any:
            return await resolve(root, info, {})

        return awaited

    def called(root: Any, info: strawberry.Info) -> Any:
        return resolve(root, info, {})

    return called


class _Bare(StrawberryResolver[Any]):
    """Of a field without arguments: what Strawberry would read of each one's signature is the same for all."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # pyright: ignore[reportUnknownMemberType] # of other kinds of functions
        self.signature = _ANY.signature
        self.strawberry_annotations = _ANY.strawberry_annotations
        self.reserved_parameters = _ANY.reserved_parameters
        self.arguments = _ANY.arguments


_ANY = StrawberryResolver(_bare(lambda *_: None))

_FIXED = [
    inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD),
    inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
]
