"""What a user's plain Python means to the gateway: the declarations, and the model read from them."""

from gateway.application.declarations import Application, Command, Index, Journal, Stream, View

__all__ = ["Application", "Command", "Index", "Journal", "Stream", "View"]
