"""A log has one secret for all its life: with another one a unique value would have two holders."""

from collections.abc import AsyncIterator

import pytest

from bank import application
from gateway.errors import Unsuitable
from gateway.runtime import opened
from gateway.settings import Settings, load_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def chosen(mongo_uri: str, database: str) -> Settings:
    return load_settings(mongodb_uri=mongo_uri, database=database)


@pytest.fixture
async def secretive(chosen: Settings) -> AsyncIterator[Settings]:
    """The settings of a log that was begun with a secret of its operator's."""
    settings = load_settings(mongodb_uri=chosen.mongodb_uri, database=chosen.database, secret="the first one")
    async with opened(application, settings, settings.mongodb_uri or ""):
        yield settings


async def test_the_same_secret_opens_the_log_again(secretive: Settings) -> None:
    async with opened(application, secretive, secretive.mongodb_uri or "") as store:
        assert store.signer.secret == b"the first one"


@pytest.mark.parametrize("secret", ["another one", None])
async def test_another_secret_is_refused(secretive: Settings, secret: str | None) -> None:
    other = load_settings(mongodb_uri=secretive.mongodb_uri, database=secretive.database, secret=secret)
    with pytest.raises(Unsuitable, match="TIDEGATE_SECRET is not the one that this log was begun with"):
        async with opened(application, other, other.mongodb_uri or ""):
            pass


async def test_a_log_that_was_begun_without_one_takes_none_later(chosen: Settings) -> None:
    uri = chosen.mongodb_uri or ""
    async with opened(application, chosen, uri) as first, opened(application, chosen, uri) as again:
        assert first.signer == again.signer
    later = load_settings(mongodb_uri=chosen.mongodb_uri, database=chosen.database, secret="late")
    with pytest.raises(Unsuitable):
        async with opened(application, later, later.mongodb_uri or ""):
            pass
