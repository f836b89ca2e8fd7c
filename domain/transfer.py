"""A transfer: one decision over two accounts, one commit over two streams."""

from dataclasses import dataclass

from domain.account.events import AccountId, MoneyReceived, MoneySent
from domain.account.rejections import AccountIsFrozen, AccountNotOpen, InsufficientFunds
from domain.account.state import Account, Closed, Frozen, Open, Unopened
from domain.amount import AmountRefused, refused_amount
from domain.money import Money, exact
from domain.text import is_one_line

_LONGEST_REFERENCE = 140


@dataclass(frozen=True, slots=True)
class TransferMoney:
    """Move money between two accounts of one currency: both or neither."""

    source: AccountId
    "The account that pays."
    target: AccountId
    "The account that is paid."
    amount: Money
    reference: str | None = None
    "What both statements say about it: one line of at most 140 characters."


@dataclass(frozen=True, slots=True)
class SameAccount:
    """Source and target are the same account."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class ReferenceTooLong:
    """The reference is too long."""

    length: int
    "How many characters the reference has."
    allowed: int
    "How many it may have."


@dataclass(frozen=True, slots=True)
class ReferenceNotPrintable:
    """A reference is one line of text, without control characters."""


ReferenceRefused = ReferenceTooLong | ReferenceNotPrintable
TransferRefused = SameAccount | ReferenceRefused | AmountRefused | InsufficientFunds


def transfer_money(
    command: TransferMoney, source: Account, target: Account
) -> tuple[MoneySent, MoneyReceived] | AccountNotOpen | AccountIsFrozen | TransferRefused:
    match source, target:
        case Unopened() | Closed(), _:
            return AccountNotOpen(command.source)
        case _, Unopened() | Closed():
            return AccountNotOpen(command.target)
        case Frozen(), _:
            return AccountIsFrozen(command.source)
        case Open(), Frozen():
            return AccountIsFrozen(command.target)
        case Open(), Open():
            return _refused(command, source, target) or _moved(command)


def _refused(command: TransferMoney, source: Open, target: Open) -> TransferRefused | None:
    if command.source == command.target:
        return SameAccount(command.source)
    refused = refused_amount(command.amount, source.currency) or refused_amount(command.amount, target.currency)
    if refused:
        return refused
    if command.amount > source.available:
        return InsufficientFunds(source.available, exact(command.amount))
    return _refused_reference(command.reference or "")


def _refused_reference(reference: str) -> ReferenceRefused | None:
    if len(reference) > _LONGEST_REFERENCE:
        return ReferenceTooLong(len(reference), _LONGEST_REFERENCE)
    return None if is_one_line(reference) else ReferenceNotPrintable()


def _moved(command: TransferMoney) -> tuple[MoneySent, MoneyReceived]:
    amount, reference = exact(command.amount), command.reference or None
    return (
        MoneySent(command.source, command.target, amount, reference),
        MoneyReceived(command.target, command.source, amount, reference),
    )
