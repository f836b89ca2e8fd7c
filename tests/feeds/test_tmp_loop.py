import asyncio, pytest
from tests.feeds.notes import *
from tests.feeds.test_events import *
pytestmark = pytest.mark.anyio
@pytest.mark.parametrize("n", range(150))
@pytest.mark.parametrize("stream", [None, "note-a"])
async def test_loop(notebook, stream, n):
    await test_until_may_lie_in_the_future_and_be_no_event_of_the_stream(notebook, stream)
    await test_who_leaves_is_gone_and_when_nobody_follows_nothing_is_read(notebook) if False else None
@pytest.mark.parametrize("n", range(60))
async def test_loop2(notebook, n):
    await test_who_leaves_is_gone_and_when_nobody_follows_nothing_is_read(notebook)
