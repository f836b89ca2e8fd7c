"""What a gateway can't start without: its libraries, imported, and one answer of MongoDB. Ends then."""

import asyncio
import os
from importlib import import_module

from pymongo import AsyncMongoClient

_LIBRARIES = (
    "httptools",
    "orjson",
    "prometheus_client",
    "pydantic_settings",
    "rich.console",
    "rich.progress",
    "starlette.applications",
    "starlette.routing",
    "strawberry.schema",
    "typer",
    "uvicorn",
    "uvloop",
    "websockets.asyncio.server",
)


async def _main() -> None:
    async with AsyncMongoClient[dict[str, object]](os.environ["MONGODB_URI"]) as client:
        await client.admin.command("ping")


if __name__ == "__main__":
    for each in _LIBRARIES:
        import_module(each)
    asyncio.run(_main())
