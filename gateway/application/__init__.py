"""What a user's plain Python means to the gateway: the declarations, and the model read from them."""

from gateway.application.declarations import (
    Application,
    Command,
    Dropped,
    Index,
    Into,
    Journal,
    Renamed,
    Split,
    Stream,
    Unique,
    Upcaster,
    View,
)

__all__ = [
    "Application",
    "Command",
    "Dropped",
    "Index",
    "Into",
    "Journal",
    "Renamed",
    "Split",
    "Stream",
    "Unique",
    "Upcaster",
    "View",
]
