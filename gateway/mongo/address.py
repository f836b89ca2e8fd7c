"""Which MongoDB a command uses: the given one, the one that an embedded gateway keeps, or one of its own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import Unsuitable
from gateway.settings import Settings


def address(settings: Settings) -> str:
    """The address of a MongoDB that is there: the given one, or the embedded one of a gateway that runs now.

    Raises Unsuitable where there is neither.
    """
    if settings.mongodb_uri:
        return settings.mongodb_uri
    from gateway.mongo.embedded import running_uri  # noqa: PLC0415 # not needed where a MongoDB is given

    found = running_uri(settings.data_dir)
    if found is None:
        raise Unsuitable("No MongoDB is running: start `tidegate serve`, or set TIDEGATE_MONGODB_URI.")
    return found


@asynccontextmanager
async def mongodb(settings: Settings) -> AsyncGenerator[str]:
    """The address of the MongoDB to use: the given one, or an embedded one that ends with this process."""
    if settings.mongodb_uri is not None:
        yield settings.mongodb_uri
        return
    from gateway.mongo.embedded import embedded  # noqa: PLC0415 # as above

    async with embedded(settings.data_dir) as server:
        yield server.uri
