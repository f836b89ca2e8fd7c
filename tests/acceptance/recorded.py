"""The bank with all of its history: its events can be queried, and its customers keep their past, too."""

from dataclasses import replace

import bank
from gateway.application import View
from gateway.application.declarations import Part


def _kept(part: Part) -> Part:
    if isinstance(part, View) and part.one in ("customer", "account"):  # pyright: ignore[reportUnknownMemberType] # of any view
        kept: Part = replace(part, history=True)  # pyright: ignore[reportUnknownArgumentType] # of any view
        return kept
    return part


application = replace(bank.application, views=[_kept(each) for each in bank.application.views], history=True)
