"""Which MongoDB a command uses: the given one, the one that an embedded gateway keeps, or one of its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import Unsuitable
from gateway.mongo.embedded import embedded, running_uri
from gateway.settings import Settings


def address(settings: Settings) -> str:
    """The address of a MongoDB that is there: the given one, or the embedded one of a gateway that runs now.

    Raises Unsuitable where there is neither.
    """
    found = settings.mongodb_uri or running_uri(settings.data_dir)
    if found is None:
        raise Unsuitable("No MongoDB is running: start `tidegate serve`, or set TIDEGATE_MONGODB_URI.")
    return found


@asynccontextmanager
async def mongodb(settings: Settings) -> AsyncGenerator[str]:
    """The address of the MongoDB to use: the given one, or an embedded one that ends with this process."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
        return
    async with embedded(settings.data_dir) as server:
        yield server.uri
