"""Requests in, answers out: what every transport does with an operation."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from functools import partial
from inspect import isawaitable
from typing import Any, cast

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,  # pyright: ignore[reportUnknownVariableType] # see _Executor
)
from strawberry.execution import optimized_is_awaitable

from gateway.api.auditing import Recording
from gateway.api.context import Context
from gateway.api.documents import Document, DocumentRefused, Documents, refusal
from gateway.api.errors import MOST_ERRORS, describe, describe_exception
from gateway.api.limits import Limits
from gateway.api.live.audience import Audiences, Told
from gateway.api.live.feed import Feed, Item
from gateway.api.live.following import Following
from gateway.api.live.sharing import said_to_all
from gateway.api.metrics import Metrics
from gateway.api.parked import parked_among
from gateway.api.plans import Asked, Plans, Running
from gateway.api.requests import Answer, Request
from gateway.errors import BadToken
from gateway.queries.freshness import Freshness
from gateway.runtime import Services

_Executor = Any
"""graphql-core's `Executor`, whose type parameter it leaves open: a strict check does not take that."""


class Api:
    """Executes operations on the services of one open process; what goes wrong stands in the answer."""

    def __init__(self, schema: strawberry.Schema, services: Services, limits: Limits | None = None) -> None:
        settings = services.settings
        self.metrics = Metrics()
        self._services = services
        self._graphql = schema._schema  # pyright: ignore[reportPrivateUsage] # strawberry has no other name for it
        self._executor: Callable[..., _Executor] = schema.execution_context_class.build  # pyright: ignore[reportUnknownMemberType] # see _Executor
        self._documents = Documents(
            self._graphql,
            limits or Limits(page_default=settings.page_default, page_limit=settings.page_limit),
        )
        self._plans = Plans(schema) if settings.plans else None
        self._mutations: set[asyncio.Task[Answer]] = set()
        self._audiences = Audiences()

    async def execute(self, request: Request) -> Answer:
        """The answer to a query or a mutation.

        A mutation under way is not ended by who stops waiting for it: it answers, or the log knows.
        """
        recording = Recording(self._services.trail, self.metrics, request)
        try:
            document, operation = self._read(request, recording)
            if operation.operation is OperationType.SUBSCRIPTION:
                raise refusal("WEBSOCKET_ONLY", "A subscription needs a WebSocket, or an event stream's address.")
            return await self._run(document, operation, request, recording)
        except Exception as error:
            return recording.refused(error, _refused(error))

    async def subscribe(self, request: Request) -> Answer | AsyncGenerator[Answer]:
        """The answers of a subscription, one a message, or the one answer of anything else. See `follow`.

        Who stops early closes it (`aclose`).
        """
        found = await self.follow(request)
        return found if isinstance(found, Answer) else _answers(found)

    async def follow(self, request: Request) -> Answer | Following:
        """A subscription that is about to begin, or the one answer of anything else.

        A query, a mutation and what is refused before it begins are one `Answer`. A stream that breaks, be it
        at its start, ends with a refused answer.
        """
        recording = Recording(self._services.trail, self.metrics, request)
        try:
            document, operation = self._read(request, recording)
            if operation.operation is OperationType.SUBSCRIPTION:
                return await self._stream(document, operation, request, recording)
            return await self._run(document, operation, request, recording)
        except Exception as error:
            return recording.refused(error, _refused(error))

    def later(self, first: str | None, second: str | None) -> str | None:
        """Of two tokens that one request carries the one of the later position; an unknown one is refused
        where it is used, so it is kept."""
        if not first or not second or first == second:
            return first or second
        for each in (first, second):
            try:
                self._services.signer.position(each)
            except BadToken:
                return each
        return max(first, second, key=self._services.signer.position)

    @property
    def audiences(self) -> list[int]:
        """How many subscribers are told what is new, for each thing that is followed."""
        return self._audiences.sizes

    async def settle(self) -> None:
        """Returns when no mutation is under way any more."""
        while self._mutations:
            await asyncio.wait(self._mutations)

    def _read(self, request: Request, recording: Recording) -> tuple[Document, OperationDefinitionNode]:
        """What to execute. Raises DocumentRefused."""
        document = self._documents.read(request.query)
        operation = document.operation(request.operation)
        recording.outline = document.outlines[operation.name.value if operation.name else None]
        if request.queries_only and operation.operation is OperationType.MUTATION:
            raise refusal("GET_IS_FOR_QUERIES", "GET is for queries; send this as a POST request.")
        self._documents.weigh(document, operation, request.variables)
        return document, operation

    async def _run(
        self, document: Document, operation: OperationDefinitionNode, request: Request, recording: Recording
    ) -> Answer:
        context = self._context(request, recording)
        execution = self._executed(document, operation, request, context)
        if operation.operation is not OperationType.MUTATION:
            return await self._recorded(execution, context)
        task = asyncio.create_task(self._recorded(execution, context))
        self._mutations.add(task)
        task.add_done_callback(self._mutations.discard)
        return await asyncio.shield(task)

    def _executed(
        self, document: Document, operation: OperationDefinitionNode, request: Request, context: Context
    ) -> Awaitable[Answer]:
        """The answer, along the plan of the operation where it has one. Raises DocumentRefused before it begins."""
        build = partial(self._build, document, operation, request, context)
        asked = Asked(document.node, operation, request.variables, context, build)
        running = self._plans.of(asked) if self._plans is not None else None
        return self._finish(build(), context) if running is None else _along(running, context)

    async def _recorded(self, execution: Awaitable[Answer], context: Context) -> Answer:
        """The answer, when the audit trail has what came of the operation."""
        try:
            answer = await execution
        except asyncio.CancelledError:
            context.recording.cancelled()
            raise
        context.recording.answered(answer, context.freshness.after)
        return answer

    async def _stream(
        self, document: Document, operation: OperationDefinitionNode, request: Request, recording: Recording
    ) -> Following:
        executor = self._build(document, operation, request, self._context(request, recording))
        found = create_source_event_stream(executor)
        source = await found if isawaitable(found) else found
        if isinstance(source, ExecutionResult):
            raise DocumentRefused(source.errors or [])
        recording.began(executor.context_value.freshness.after)
        live = _Live(self, document, operation, request, recording)
        return Following(live, cast(AsyncGenerator[Any], aiter(source)), self._audiences)

    async def tell(self, live: "_Live", item: Item) -> Told:
        """The message for an item of a subscription."""
        one = live.executor.build_per_event_executor(item.root)
        one.context_value = self._context(live.request, live.recording)
        return Told(await self._finish(one, one.context_value, serially=False), item.place, item.cursor)

    def build(self, live: "_Live") -> _Executor:
        """What executes a subscription for its items."""
        context = self._context(live.request, live.recording)
        return self._build(live.document, live.operation, live.request, context)

    def _context(self, request: Request, recording: Recording) -> Context:
        """Raises BadToken for a token that this log did not give."""
        services = self._services
        after = services.signer.position(request.after) if request.after else 0
        freshness = Freshness(after, services.settings.visibility_timeout)
        actor, resume = request.actor, request.resume
        return Context(services, freshness, actor, request.correlation, request.causation, recording, resume)

    def _build(
        self, document: Document, operation: OperationDefinitionNode, request: Request, context: Context
    ) -> _Executor:
        """Raises DocumentRefused for variables that the operation does not take."""
        executor = self._executor(
            self._graphql,
            document.node,
            context_value=context,
            raw_variable_values=dict(request.variables),
            operation_name=operation.name.value if operation.name else None,
            is_awaitable=optimized_is_awaitable,
            max_coercion_errors=9,
            operation_extensions={},
        )
        if isinstance(executor, list):
            raise DocumentRefused(cast(list[GraphQLError], executor), "BAD_INPUT")
        return executor

    async def _finish(self, executor: _Executor, context: Context, serially: bool | None = None) -> Answer:
        found: Any = executor.execute_operation(serially)
        result: ExecutionResult = await cast(Awaitable[ExecutionResult], found) if isawaitable(found) else found
        return _answer(result.data, result.errors, context)


async def _along(running: Running, context: Context) -> Answer:
    data = await running.data()
    return _answer(data, running.errors, context)


def _answer(data: dict[str, Any] | None, errors: list[GraphQLError] | None, context: Context) -> Answer:
    return Answer(data, describe(errors) if errors else (), _extensions(context))


def _extensions(context: Context) -> dict[str, Any]:
    used, parked = context.freshness.report(), context.freshness.parked
    found: dict[str, Any] = {"readModels": used} if used else {}
    return found | ({"parked": parked_among(context.services.model, parked)} if parked else {})


class _Live:
    """The operation of one subscription; its executor is there while it is needed."""

    __slots__ = ("_api", "_executor", "_variables", "document", "operation", "recording", "request")

    def __init__(
        self,
        api: Api,
        document: Document,
        operation: OperationDefinitionNode,
        request: Request,
        recording: Recording,
    ) -> None:
        self._variables = said_to_all(operation, request)
        self.document, self.operation, self.recording = document, operation, recording
        self.request = request._replace(query="")  # the document says it, once for all who sent it
        self._api, self._executor = api, None

    @property
    def executor(self) -> _Executor:
        self._executor = self._executor or self._api.build(self)
        return self._executor

    async def tell(self, item: Item) -> Told:
        return await self._api.tell(self, item)

    def refused(self, error: Exception) -> Answer:
        return self.recording.refused(error, _refused(error))

    def name(self, feed: Feed) -> Hashable:
        return id(self.document), self.request.operation, self._variables, self.request.actor, feed.name

    def rest(self) -> None:
        self._executor = None


async def _answers(following: Following) -> AsyncGenerator[Answer]:
    async with aclosing(following.messages()) as messages:
        async for told in messages:
            yield told.answer


def _refused(error: Exception) -> Answer:
    if isinstance(error, DocumentRefused):
        return Answer(errors=describe(error.errors[:MOST_ERRORS], error.code), refused=True)
    return Answer(errors=(describe_exception(error),), refused=True)
