"""One process that serves: all that it consists of, opened in order and closed in the opposite one."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass

from gateway.api.execution import Api
from gateway.api.schema import build_schema
from gateway.application import Application
from gateway.cli.demo import load_demo
from gateway.cli.garbage import begin_collecting
from gateway.cli.posts import Post
from gateway.cli.stopping import on_stop
from gateway.mongo.address import mongodb
from gateway.runtime import Services, Store, opened, serving, watching
from gateway.settings import Settings
from gateway.web import server
from gateway.web.app import create_app
from gateway.web.health import Health, read_models_of
from gateway.web.listening import Address, listen_together


@dataclass(frozen=True, slots=True)
class Wish:
    """What else is asked for. A worker has been handed something by the process that started it."""

    demo: bool
    watch: bool
    as_worker: str | None = None


def run(application: Application, settings: Settings, wish: Wish, announce: Callable[[Address], None]) -> None:
    """Serve until it is stopped; `announce` hears of the address, unless somebody else knows it already."""
    with asyncio.Runner(loop_factory=server.new_event_loop) as runner, suppress(asyncio.CancelledError):
        runner.run(_serve(application, settings, wish, announce))


async def _serve(
    application: Application, settings: Settings, wish: Wish, announce: Callable[[Address], None]
) -> None:
    """Everything is closed also when it is stopped half way."""
    task = asyncio.current_task()
    assert task is not None
    stop = on_stop(task.cancel)
    async with AsyncExitStack() as stack:
        post = stack.enter_context(Post.of(wish.as_worker, stop)) if wish.as_worker else None
        uri = await stack.enter_async_context(mongodb(settings))
        store = await stack.enter_async_context(opened(application, settings, uri))
        if wish.watch:
            await stack.enter_async_context(watching(store, settings))
        services = await stack.enter_async_context(serving(store, settings))
        app = create_app(Api(build_schema(store.model), services), _health(store, services), settings)
        begin_collecting()
        if wish.demo and (post is None or post.first):
            await load_demo(application, store, services)
        if post:
            await post.turn()
            with closing(listen_together(settings.host, post.port)) as listener:
                await server.serve_at(listener, app, settings, post.serving)
        else:
            await server.serve(app, settings, announce)


def _health(store: Store, services: Services) -> Health:
    return Health(
        lambda: store.mongo.client.admin.command("ping"),
        lambda: read_models_of(store.model, services.positions),
        services.settings.ready_lag,
    )
