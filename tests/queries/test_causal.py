"""Whoever is the primary and whatever it knows: no read is older than what its process has seen."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import WriteConcern

from gateway.errors import Unavailable
from gateway.mongo.codec import encoder
from gateway.mongo.embedded import EmbeddedOptions, EmbeddedServer, embedded
from gateway.queries.pages import PageRequest
from tests.queries.bookshop import BOOKS, AuthorId, Book, Library, books, fresh, opened
from tests.support.faults import stalled

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

(OLD,) = books(1)
NEW = replace(OLD, title="rewritten")
BY_AUTHOR = PageRequest({"author": OLD.author}, order="year")


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory(prefix="tidegate-test-") as folder:
        async with embedded(Path(folder), EmbeddedOptions(members=3, throwaway=True)) as running:
            yield running


async def rewrite(library: Library) -> Any:
    """The book anew on this primary alone, which no majority knows of; when that was."""
    alone = library.database.get_collection("views.books.1", write_concern=WriteConcern(1))
    async with library.database.client.start_session() as session:
        await alone.replace_one({"_id": OLD.book}, encoder(Book, "book")(NEW), session=session)
        return session.operation_time


async def all_reads(library: Library) -> list[Any]:
    """The title as every kind of read has it."""
    queries = library.queries
    one, page, again, nested = await asyncio.gather(
        queries.one(BOOKS, OLD.book, fresh()),
        queries.page(BOOKS, PageRequest(), fresh()),
        queries.page(BOOKS, BY_AUTHOR, fresh()),
        asyncio.gather(
            queries.page(BOOKS, replace(BY_AUTHOR, first=1), fresh()),
            queries.page(BOOKS, replace(BY_AUTHOR, where_equal={"author": AuthorId("x")}, first=1), fresh()),
        ),
    )
    assert one is not None
    return [one.view.title, *(each.edges[0].view.title for each in (page, again, nested[0]))]


async def test_a_primary_that_is_behind_what_was_heard_is_waited_for(server: EmbeddedServer) -> None:
    async with opened(server.uri, f"test_{uuid4().hex}", "pymongo") as library:
        await library.add_books([OLD])
        async with stalled(server):
            assert await all_reads(library) == [OLD.title] * 4
            library.changes.seen.note(await rewrite(library))
            reading = asyncio.create_task(all_reads(library))
            await asyncio.wait([reading], timeout=0.5)
            assert not reading.done(), await reading
        assert await reading == [NEW.title] * 4


async def test_a_read_is_as_new_as_the_checkpoint_that_was_heard(library: Library) -> None:
    await library.add_books([OLD])
    async with library.database.client.start_session(causal_consistency=True) as session:
        await library.database["views.books.1"].find_one({}, session=session)
        before = session.operation_time
    await library.move(1)
    await library.positions.wait(BOOKS.name, 1, 5)
    library.commands.sent.clear()
    await all_reads(library)
    named = [each["readConcern"] for each in library.commands.reads()]
    assert len(named) == 4
    assert all(each["level"] == "majority" and each["afterClusterTime"] > before for each in named)


async def test_a_primary_that_does_not_come_so_far_in_time_is_not_believed(server: EmbeddedServer) -> None:
    async with opened(f"{server.uri}&timeoutMS=1500", f"test_{uuid4().hex}", "pymongo") as library:
        await library.add_books([OLD])
        async with stalled(server):
            library.changes.seen.note(await rewrite(library))
            with pytest.raises(Unavailable):
                await library.queries.one(BOOKS, OLD.book, fresh())
