"""Which argument a rejection blames."""

from dataclasses import dataclass
from typing import NewType

from gateway.api.schema.mutations import blamed

AccountId = NewType("AccountId", str)
CustomerId = NewType("CustomerId", str)


@dataclass(frozen=True, slots=True)
class Open:
    account: AccountId
    customer: CustomerId
    limit: int


@dataclass(frozen=True, slots=True)
class Move:
    source: AccountId
    target: AccountId


@dataclass(frozen=True, slots=True)
class CustomerUnknown:
    customer: CustomerId


@dataclass(frozen=True, slots=True)
class NotOpen:
    account: AccountId


@dataclass(frozen=True, slots=True)
class Full:
    left: int


def test_an_id_of_one_kind_is_never_blamed_for_one_of_another() -> None:
    command = Open(AccountId("7"), CustomerId("7"), 0)
    assert blamed(command, CustomerUnknown(CustomerId("7"))) == ("input", "customerId")
    assert blamed(command, NotOpen(AccountId("7"))) == ("input", "accountId")


def test_of_two_ids_of_a_kind_the_one_with_the_value_is_blamed() -> None:
    command = Move(AccountId("1"), AccountId("2"))
    assert blamed(command, NotOpen(AccountId("2"))) == ("input", "targetId")


def test_nothing_is_blamed_for_what_the_command_does_not_say() -> None:
    assert blamed(Move(AccountId("1"), AccountId("2")), Full(3)) is None
