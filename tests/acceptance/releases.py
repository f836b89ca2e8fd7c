"""Later releases of the bank, for gateways that run beside those of the first one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import bank
from domain.account.events import AccountEvent, AccountId, AccountOpened
from gateway.application import Application, View
from readmodels import accounts


def project_shouting(
    account: accounts.Account | None, event: AccountEvent, at: datetime
) -> accounts.Account | None:
    """The same shape and other views: names are in capitals, and renames reach nobody."""
    after = accounts.project(account, event, at)
    return after and replace(after, owner_name=after.owner_name.upper())


@dataclass(frozen=True, slots=True)
class Account:
    """How much has happened to an account."""

    account: AccountId
    events: int


def project_count(account: Account | None, event: AccountEvent) -> Account | None:
    """Another shape."""
    if isinstance(event, AccountOpened):
        return Account(event.account, 1)
    return account and replace(account, events=account.events + 1)


def _with_accounts(**changed: Any) -> Application:
    views: list[Any] = [*bank.application.views]
    at = next(place for place, each in enumerate(views) if isinstance(each, View) and each.one == "account")
    views[at] = replace(views[at], **changed)
    return replace(bank.application, views=views)


second = _with_accounts(project=project_shouting, version=2)
third = _with_accounts(project=project_count, version=1, indexes=())
