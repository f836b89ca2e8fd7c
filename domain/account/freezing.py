"""Freezing an account, and letting it go again."""

from dataclasses import dataclass

from domain.account.events import AccountFrozen, AccountId, AccountUnfrozen
from domain.account.rejections import AccountIsFrozen, AccountNotFrozen, AccountNotOpen
from domain.account.state import Account, Closed, Frozen, Open, Unopened


@dataclass(frozen=True, slots=True)
class FreezeAccount:
    """Let an account stand still: no money in, no money out, nothing about it changes."""

    account: AccountId


def freeze_account(command: FreezeAccount, account: Account) -> AccountFrozen | AccountNotOpen | AccountIsFrozen:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Frozen():
            return AccountIsFrozen(command.account)
        case Open():
            return AccountFrozen(command.account)


@dataclass(frozen=True, slots=True)
class UnfreezeAccount:
    """Let a frozen account move money again, from where it stood."""

    account: AccountId


def unfreeze_account(
    command: UnfreezeAccount, account: Account
) -> AccountUnfrozen | AccountNotOpen | AccountNotFrozen:
    match account:
        case Unopened() | Closed():
            return AccountNotOpen(command.account)
        case Open():
            return AccountNotFrozen(command.account)
        case Frozen():
            return AccountUnfrozen(command.account)
