"""A log of a bank whose accounts are used as unevenly as in life: Zipf-distributed."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, islice
from uuid import UUID

from domain.account.events import (
    AccountId,
    AccountOpened,
    MoneyDeposited,
    MoneyReceived,
    MoneySent,
    MoneyWithdrawn,
)
from domain.customer.events import CustomerId, CustomerRegistered, Email
from domain.money import Currency, Money
from gateway.application.model import Model
from gateway.eventlog.encoding import Draft, Encoded, encode_commit
from gateway.eventlog.storage import EMPTY, EventLog
from gateway.messages import CommandRecord, Head

ACCOUNTS, CUSTOMERS = 10_000, 2_000
_AT_ONCE = 1_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Filling:
    """Writes an empty log: customers, their accounts, then deposits, withdrawals and transfers without end."""

    def __init__(self, log: EventLog, model: Model) -> None:
        self._log, self._model = log, model
        self._commits, self._versions = _commits(), dict[str, int]()
        self.head = EMPTY

    def encoded(self, commits: int) -> list[Encoded]:
        """So many more, for `append`."""
        batch: list[Encoded] = []
        for events in islice(self._commits, commits):
            batch.append(_encoded(self._model, events, self.head, self._versions))
            self.head = Head(batch[-1].commit.position, batch[-1].commit.chain, batch[-1].commit.at)
        return batch

    async def append(self, batch: Sequence[Encoded]) -> None:
        """The next ones of those that are encoded."""
        appended = await self._log.append(batch)
        assert appended.safe == len(batch)

    async def add(self, commits: int) -> None:
        """So many more, in one append."""
        await self.append(self.encoded(commits))


async def fill(log: EventLog, model: Model, commits: int) -> Filling:
    """So many commits in an empty log."""
    filling = Filling(log, model)
    while (rest := commits - filling.head.position) > 0:
        await filling.add(min(rest, _AT_ONCE))
    return filling


def _encoded(model: Model, events: tuple[object, ...], head: Head, versions: dict[str, int]) -> Encoded:
    placed: list[tuple[str, int, object]] = []
    for each in events:
        stream = model.event_of(each).stream(each)
        versions[stream] = versions.get(stream, 0) + 1
        placed.append((stream, versions[stream], each))
    at = _BEGAN + timedelta(seconds=30 * head.position)
    record = CommandRecord(UUID(int=head.position + 1), "Bench", bytes(32), "bench")
    return encode_commit(model, Draft(at, record, tuple(placed), None, None), head)


def _commits() -> Iterator[tuple[object, ...]]:
    draw, euro = random.Random(7), Currency("EUR")
    for number in range(CUSTOMERS):
        yield (CustomerRegistered(CustomerId(f"c{number}"), f"Name {number}", Email(f"{number}@example.com")),)
    for number in range(ACCOUNTS):
        owner = number % CUSTOMERS
        yield (AccountOpened(AccountId(f"a{number}"), CustomerId(f"c{owner}"), f"Name {owner}", euro),)
    weights = list(accumulate(1 / (rank + 1) for rank in range(ACCOUNTS)))
    while True:
        one, other = draw.choices(range(ACCOUNTS), cum_weights=weights, k=2)
        account, target = AccountId(f"a{one}"), AccountId(f"a{other}")
        amount = Money(Decimal(draw.randrange(1, 100_000)).scaleb(-2), euro)
        kind = draw.random()
        if kind < 0.5:
            yield (MoneyDeposited(account, amount),)
        elif kind < 0.7 or one == other:
            yield (MoneyWithdrawn(account, amount),)
        else:
            yield MoneySent(account, target, amount, None), MoneyReceived(target, account, amount, None)
