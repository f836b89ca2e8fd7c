"""A MongoDB of one's own: a `mongod` as a replica set under a data directory, ended with its parent."""

from gateway.mongo.embedded.failures import EmbeddedUnavailable
from gateway.mongo.embedded.lock import running_uri
from gateway.mongo.embedded.member import Member
from gateway.mongo.embedded.server import (
    EmbeddedOptions,
    EmbeddedServer,
    embedded,
    embedded_blocking,
    open_embedded,
)

__all__ = [
    "EmbeddedOptions",
    "EmbeddedServer",
    "EmbeddedUnavailable",
    "Member",
    "embedded",
    "embedded_blocking",
    "open_embedded",
    "running_uri",
]
