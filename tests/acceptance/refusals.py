"""Each rejection of each command, provoked on the accounts that `story.commands` leaves behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.acceptance.comparing import Thing
from tests.acceptance.story import LONG, Day, Input, eur

STALE = "A thing is no longer as it was seen: nothing was changed."
REUSED = "This command id was used for another command; use a new one."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command and why it is refused; `blamed` is the input field whose value the rejection names."""

    command: str
    input: Input
    type: str
    blamed: str | None
    data: Thing

    def thing(self, message: str) -> Thing:
        path = ["input", self.blamed] if self.blamed else None
        return {
            "__typename": self.type,
            "code": screaming(self.type),
            "message": message,
            "path": path,
            **self.data,
        }


def screaming(name: str) -> str:
    return "".join(f"_{each}" if each.isupper() else each.upper() for each in name).removeprefix("_")


def refusals(day: Day) -> Iterator[Refusal]:
    yield from _of_customers(day)
    yield from _of_openings(day)
    for command in ("depositMoney", "withdrawMoney"):
        yield from _of_amounts(command, {"accountId": day.account("a")})
        yield from _of_accounts(day, command, {"amount": eur("1")})
    yield from _of_limits(day)
    yield from _of_transfers(day)
    yield from _of_states(day)


def reused(day: Day) -> Iterator[tuple[str, Input]]:
    """Every command once more, with a content that no command had under an id that one has."""
    account, customer = {"accountId": day.account("a")}, {"customerId": day.customer("ada")}
    yield "registerCustomer", {**customer, "name": "Else", "email": "else@example.com"}
    yield "renameCustomer", {**customer, "name": "Else"}
    yield "changeCustomerEmail", {**customer, "email": "else@example.com"}
    for command in ("blockCustomer", "unblockCustomer"):
        yield command, customer
    yield "openAccount", {**account, **customer, "currency": "EUR"}
    for command in ("depositMoney", "withdrawMoney"):
        yield command, {**account, "amount": eur("1")}
    yield "setOverdraftLimit", {**account, "limit": eur("1")}
    for command in ("freezeAccount", "unfreezeAccount", "closeAccount"):
        yield command, account
    yield "transferMoney", {"sourceId": day.account("a"), "targetId": day.account("b"), "amount": eur("1")}


def _of_customers(day: Day) -> Iterator[Refusal]:
    ada, nobody = {"customerId": day.customer("ada")}, {"customerId": day.customer("nobody")}
    bob, email, name = {"customerId": day.customer("bob")}, {"email": "x@example.com"}, {"name": "Ada"}
    yield Refusal("registerCustomer", {**ada, **name, **email}, "CustomerAlreadyRegistered", "customerId", ada)
    for command, input_ in (("registerCustomer", {**nobody, **email}), ("renameCustomer", ada)):
        yield Refusal(command, {**input_, "name": " - "}, "NameBlank", None, {})
        yield Refusal(command, {**input_, "name": LONG}, "NameTooLong", None, {"length": 201, "allowed": 200})
        yield Refusal(command, {**input_, "name": "A\nb"}, "NameNotPrintable", None, {})
    for command, input_ in (("registerCustomer", {**nobody, **name}), ("changeCustomerEmail", ada)):
        yield Refusal(command, {**input_, "email": "nowhere"}, "EmailNotPlausible", None, {})
        for taken in (day.email("bob"), day.email("BOB")):
            yield Refusal(command, {**input_, "email": taken}, "EmailTaken", "email", {"email": taken})
    for command, rest in (
        ("renameCustomer", name),
        ("changeCustomerEmail", email),
        ("blockCustomer", {}),
        ("unblockCustomer", {}),
    ):
        yield Refusal(command, {**nobody, **rest}, "CustomerUnknown", "customerId", nobody)
    yield Refusal("blockCustomer", bob, "CustomerIsBlocked", "customerId", bob)
    yield Refusal("unblockCustomer", ada, "CustomerNotBlocked", "customerId", ada)


def _of_openings(day: Day) -> Iterator[Refusal]:
    a, new = {"accountId": day.account("a")}, {"accountId": day.account("new")}
    ada, bob, nobody = ({"customerId": day.customer(each)} for each in ("ada", "bob", "nobody"))
    euro, none = {"currency": "EUR"}, {"currency": "XTS"}
    yield Refusal("openAccount", {**a, **ada, **euro}, "AccountAlreadyOpened", "accountId", a)
    yield Refusal("openAccount", {**new, **ada, **none}, "CurrencyUnknown", "currency", none)
    yield Refusal("openAccount", {**new, **bob, **euro}, "CustomerIsBlocked", "customerId", bob)
    yield Refusal("openAccount", {**new, **nobody, **euro}, "CustomerUnknown", "customerId", nobody)


def _of_accounts(day: Day, command: str, rest: Input) -> Iterator[Refusal]:
    """What every command about an account is refused for."""
    for name, type_ in (("none", "AccountNotOpen"), ("closed", "AccountNotOpen"), ("frozen", "AccountIsFrozen")):
        account = {"accountId": day.account(name)}
        yield Refusal(command, {**account, **rest}, type_, "accountId", account)


def _of_amounts(command: str, rest: Input) -> Iterator[Refusal]:
    """What every amount that moves is refused for; account a has 50.50 EUR and 50.00 EUR of overdraft."""
    yield from _of_money(command, rest, "amount")
    for amount in ("0", "-1.00"):
        yield Refusal(
            command, {**rest, "amount": eur(amount)}, "AmountNotPositive", "amount", {"amount": _money(amount)}
        )
    if command != "depositMoney":
        asked = {**rest, "amount": eur("100.51")}
        short = {"available": _money("100.50"), "requested": _money("100.51")}
        yield Refusal(command, asked, "InsufficientFunds", "amount", short)


def _of_money(command: str, rest: Input, name: str) -> Iterator[Refusal]:
    dollars, large, fine = {"amount": "1", "currency": "USD"}, "1" + "0" * 15, "0.001"
    yield Refusal(command, {**rest, name: dollars}, "CurrencyMismatch", None, {"expected": "EUR", "given": "USD"})
    yield Refusal(command, {**rest, name: eur(large)}, "AmountTooLarge", name, {"amount": _money(large)})
    decimals = {"amount": _money(fine), "allowed": 2}
    yield Refusal(command, {**rest, name: eur(fine)}, "TooManyDecimals", name, decimals)


def _of_limits(day: Day) -> Iterator[Refusal]:
    command, drawn = "setOverdraftLimit", {"accountId": day.account("drawn")}
    yield from _of_money(command, {"accountId": day.account("a")}, "limit")
    yield from _of_accounts(day, command, {"limit": eur("1")})
    yield Refusal(command, {**drawn, "limit": eur("-1")}, "LimitNegative", "limit", {"limit": _money("-1")})
    below = {"drawn": _money("30.00"), "limit": _money("29.99")}
    yield Refusal(command, {**drawn, "limit": eur("29.99")}, "LimitBelowDrawn", "limit", below)


def _of_transfers(day: Day) -> Iterator[Refusal]:
    command = "transferMoney"
    a, b, none, frozen = (day.account(each) for each in ("a", "b", "none", "frozen"))
    both, one = {"sourceId": a, "targetId": b}, {"amount": eur("1")}
    yield from _of_amounts(command, both)
    for bad, type_ in ((none, "AccountNotOpen"), (frozen, "AccountIsFrozen")):
        for name in both:
            yield Refusal(command, {**both, **one, name: bad}, type_, name, {"accountId": bad})
    yield Refusal(command, {**both, **one, "targetId": a}, "SameAccount", "sourceId", {"accountId": a})
    too_long = {"length": 201, "allowed": 140}
    yield Refusal(command, {**both, **one, "reference": LONG}, "ReferenceTooLong", None, too_long)
    yield Refusal(command, {**both, **one, "reference": "a\tb"}, "ReferenceNotPrintable", None, {})


def _of_states(day: Day) -> Iterator[Refusal]:
    a, none = ({"accountId": day.account(each)} for each in ("a", "none"))
    for command in ("freezeAccount", "closeAccount"):
        yield from _of_accounts(day, command, {})
    yield Refusal("unfreezeAccount", none, "AccountNotOpen", "accountId", none)
    yield Refusal("unfreezeAccount", a, "AccountNotFrozen", "accountId", a)
    yield Refusal("closeAccount", a, "AccountNotEmpty", "accountId", {**a, "balance": _money("50.50")})


def _money(amount: str) -> dict[str, Any]:
    return {"__typename": "Money", "amount": amount, "currency": "EUR"}
