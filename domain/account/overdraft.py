"""How far below zero an account may go."""

from dataclasses import dataclass

from domain.account.events import AccountId, OverdraftLimitSet
from domain.account.rejections import AccountIsFrozen, AccountNotOpen, LimitBelowDrawn, LimitNegative
from domain.account.state import Account, Closed, Frozen, Open, Unopened
from domain.amount import MoneyRefused, refused_money
from domain.money import Money, exact


@dataclass(frozen=True, slots=True)
class SetOverdraftLimit:
    """Let an account go below zero, down to this far. The limit that it has is no change."""

    account: AccountId
    limit: Money
    "Zero or more, and no less than what is drawn already."


def set_overdraft_limit(
    command: SetOverdraftLimit, account: Account
) -> OverdraftLimitSet | AccountNotOpen | AccountIsFrozen | MoneyRefused | LimitNegative | LimitBelowDrawn | None:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Frozen():
            return AccountIsFrozen(command.account)
        case Open() if account.overdraft_limit == command.limit:
            return None
        case Open():
            refused = refused_money(command.limit, account.currency) or _refused_limit(command.limit, account)
            return refused or OverdraftLimitSet(command.account, exact(command.limit))


def _refused_limit(limit: Money, account: Open) -> LimitNegative | LimitBelowDrawn | None:
    if limit.amount < 0:
        return LimitNegative(limit)
    if limit < -account.balance:
        return LimitBelowDrawn(-account.balance, limit)
    return None
