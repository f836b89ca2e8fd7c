"""The bank with a past, which it keeps none of by itself: of its accounts, and of all that happens in it."""

from dataclasses import replace
from typing import Any

import bank
from gateway.application import Application


def _keeping(*names: str, events: bool) -> Application:
    views: list[Any] = [*bank.application.views]
    kept = [replace(each, history=True) if getattr(each, "one", None) in names else each for each in views]
    return replace(bank.application, views=kept, history=events)


accounts = _keeping("account", events=False)
application = _keeping("account", "customer", events=True)
