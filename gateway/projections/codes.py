"""Says at a start which read models are folded by other code than they were begun with, though they have the same
version: views that are built stay as that code made them.
"""

import asyncio
import logging
from collections.abc import Iterable

from gateway.application.code import fingerprint
from gateway.application.model import ReadModel
from gateway.errors import Unavailable
from gateway.mongo.checkpoints import id_of
from gateway.mongo.client import Database
from gateway.mongo.codes import begun_with

_log = logging.getLogger(__name__)


async def look(database: Database, models: Iterable[ReadModel]) -> None:
    """Compare the code of editions with that of their beginning. Nothing rests on it, so MongoDB may be away."""
    try:
        for each in models:
            await asyncio.sleep(0)  # some milliseconds each: others have their turn in between
            code, edition = _code(each), id_of(each)
            if code is not None and await begun_with(database, edition, code) != code:
                _log.warning(_CHANGED, each.name, edition, each.name)
    except Unavailable as error:
        _log.info("Whether the code of read models has changed was not looked up: %s", error)


_CHANGED = (
    "The code of the read model %s is not that with which %s was begun, and its version is the same: views that are"
    " built stay as they were. Give it a new version, or run `tidegate rebuild --only %s`."
)


def _code(model: ReadModel) -> str | None:
    functions = [each for each in (model.fold, model.key) if each is not None]
    return fingerprint(*functions, versions=False)
