"""The bank with all of its history: its events can be queried, and its customers keep their past, too."""

from dataclasses import replace
from typing import Any

import bank

_parts: list[Any] = [*bank.application.views]
_kept = [replace(each, history=True) if getattr(each, "one", None) == "customer" else each for each in _parts]

application = replace(bank.application, views=_kept, history=True)
