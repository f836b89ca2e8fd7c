"""The servers that are measured, each in a process of its own on the core of the server that is measured."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from benchmarks.contestants import npm
from benchmarks.harness.arena import DATABASE, Arena
from benchmarks.harness.processes import PYTHON, TIDEGATE, Server, free_port, process, server

Opened = Callable[[Arena], AbstractAsyncContextManager[Server]]


@asynccontextmanager
async def tidegate(arena: Arena) -> AsyncGenerator[Server]:
    """The bank with all its rules; the watcher, which builds its five read models, has a core of its own."""
    async with tidegate_with(arena, {}) as found:
        yield found


@asynccontextmanager
async def tidegate_with(arena: Arena, settings: dict[str, str]) -> AsyncGenerator[Server]:
    """The same with settings of its own."""
    environment = arena.environment() | settings
    watching = process([TIDEGATE, "watch"], arena.placement.watcher, environment)
    async with watching, gateway(arena, environment) as found:
        yield found


@asynccontextmanager
async def unwatched(arena: Arena, database: str) -> AsyncGenerator[Server]:
    """One without a watcher on another database, which does not wait for read models."""
    async with gateway(arena, arena.environment(database) | {"TIDEGATE_LAG_COMMITS": "0"}) as found:
        yield found


@asynccontextmanager
async def gateway(arena: Arena, environment: dict[str, str]) -> AsyncGenerator[Server]:
    """One gateway, which leaves the watcher to others."""
    port = free_port()
    command = [TIDEGATE, "serve", "--no-watch", "--port", str(port)]
    async with server(command, port, arena.placement.server, environment) as found:
        yield found


@asynccontextmanager
async def mercurius(arena: Arena) -> AsyncGenerator[Server]:
    """Fastify and Mercurius with its JIT and loaders, on MongoDB's own driver."""
    port = free_port()
    command = [*npm.program("mercurius", "server.mjs"), arena.uri, DATABASE, str(port)]
    async with server(command, port, arena.placement.server, {}) as found:
        yield found


@asynccontextmanager
async def starlette(arena: Arena) -> AsyncGenerator[Server]:
    """A hand-written endpoint."""
    async with _uvicorn(arena, "benchmarks.contestants.starlette_endpoint:app") as found:
        yield found


@asynccontextmanager
async def strawberry(arena: Arena) -> AsyncGenerator[Server]:
    """Strawberry with its parser and validation caches."""
    async with _uvicorn(arena, "benchmarks.contestants.strawberry_server:app") as found:
        yield found


@asynccontextmanager
async def _uvicorn(arena: Arena, application: str) -> AsyncGenerator[Server]:
    """Uvicorn as fast as it is: uvloop, httptools, no log of accesses."""
    port = free_port()
    options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command = [PYTHON, "-m", "uvicorn", application, *options, "--log-level", "error"]
    async with server(command, port, arena.placement.server, arena.environment()) as found:
        yield found
