"""A unique value has one holder at every position of the log, whoever races for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest

from domain.customer.events import CustomerId, Email
from domain.customer.registration import ChangeCustomerEmail, RenameCustomer
from domain.customer.rejections import CustomerAlreadyRegistered, EmailTaken
from gateway.errors import BadInput
from gateway.messages import Receipt, StreamVersion
from tests.commands.test_processes import at_once
from tests.support.addresses import contest, email, moves, register, shared
from tests.support.clerk import Job
from tests.support.commands import Commands
from tests.support.desks import Desk, Opening, desk
from tests.support.workload import OPEN, deposit

pytestmark = pytest.mark.anyio

ADA, BEA, CAL, DAN = (CustomerId(each) for each in ("ada", "bea", "cal", "dan"))


@pytest.fixture
def heard() -> Commands:
    return Commands()


@pytest.fixture
def opening(mongo_uri: str, database: str, heard: Commands) -> Opening:
    return Opening(mongo_uri, database, listeners=[heard])


@pytest.fixture
async def bank(opening: Opening, heard: Commands) -> AsyncIterator[Desk]:
    """Ada and Bea are customers; Cal and Dan are not yet."""
    async with desk(opening) as opened:
        await opened.all([register(ADA, email("ada")), register(BEA, email("bea"))])
        heard.sent.clear()
        yield opened


@pytest.fixture
async def three(opening: Opening) -> AsyncIterator[list[Desk]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(desk(opening)) for _ in range(3)]


def change(customer: CustomerId, name: str) -> ChangeCustomerEmail:
    return ChangeCustomerEmail(customer, email(name))


async def test_of_all_who_register_with_one_address_at_once_one_does(three: list[Desk]) -> None:
    for number in range(20):
        people = [CustomerId(f"{number}.{each}") for each in range(9)]
        sends = (three[each % 3].send(register(who, email(number))) for each, who in enumerate(people))
        answers = await asyncio.gather(*sends)
        assert sorted(type(each).__name__ for each in answers) == ["EmailTaken"] * 8 + ["Receipt"]
        assert EmailTaken(email(number)) in answers
    assert shared(await three[0].check()) == []


async def test_processes_that_race_for_addresses_never_make_two_holders(
    bank: Desk, mongo_uri: str, database: str
) -> None:
    jobs = [Job(mongo_uri, database, tuple(contest(seed, 500)), 8) for seed in range(3)]
    history = at_once(jobs)
    commits = await bank.check()
    assert shared(commits) == []
    assert moves(commits) > 30, "addresses were released and taken"
    assert sum(isinstance(each.answer, EmailTaken) for each in history) > 100


async def test_every_answer_of_such_a_race_was_decided_on_the_logs_prefix(
    three: list[Desk], mongo_uri: str, database: str
) -> None:
    history = at_once([Job(mongo_uri, database, tuple(contest(seed, 400, 6, 6)), 8) for seed in (7, 8)])
    commits = await three[0].check(history)
    assert shared(commits) == []


async def test_two_customers_never_swap_addresses_past_each_other(three: list[Desk]) -> None:
    """Each wants what the other still has: both are refused, however close they come, and a third address helps."""
    await three[0].all([register(ADA, email("ada")), register(BEA, email("bea"))])
    for _ in range(20):
        answers = await asyncio.gather(three[1].send(change(ADA, "bea")), three[2].send(change(BEA, "ada")))
        assert answers == [EmailTaken(email("bea")), EmailTaken(email("ada"))]
    for customer, name in ((ADA, "spare"), (BEA, "ada"), (ADA, "bea")):
        assert isinstance(await three[0].send(change(customer, name)), Receipt)
    assert shared(await three[0].check()) == []


async def test_a_released_address_is_taken_by_the_first_who_asks(three: list[Desk]) -> None:
    await three[0].all([register(ADA, email("ada")), register(BEA, email("bea"))])
    assert await three[1].send(change(BEA, "ada")) == EmailTaken(email("ada"))
    await three[0].send(change(ADA, "new"))
    answers = await asyncio.gather(three[1].send(change(BEA, "ada")), three[2].send(register(CAL, email("ADA"))))
    assert {type(each) for each in answers} == {Receipt, EmailTaken}
    assert shared(await three[0].check()) == []


async def test_an_id_sent_again_has_its_receipt_whoever_has_the_address_now(bank: Desk, opening: Opening) -> None:
    registering, changing = uuid4(), uuid4()
    first = await bank.send(register(CAL, email("cal")), registering)
    second = await bank.send(change(CAL, "new"), changing)
    await bank.send(change(ADA, "cal"))
    async with desk(opening) as other:
        for at in (bank, other):
            again = await at.send(register(CAL, email("cal")), registering)
            assert again == Receipt(registering, first.position, first.events, replayed=True)
            again = await at.send(change(CAL, "new"), changing)
            assert again == Receipt(changing, second.position, second.events, replayed=True)
        assert await other.send(change(BEA, "new")) == EmailTaken(email("new"))
    assert len(await bank.check()) == 5


async def test_the_address_is_in_no_document_of_its_stream(bank: Desk) -> None:
    await bank.all([change(ADA, "new"), register(CAL, email("cal"))])
    found: list[Any] = await bank.mongo.database["events"].find({}).to_list(None)
    events = [event for commit in found for event in commit["events"] if event["stream"].startswith("email-")]
    assert [each["type"] for each in events] == [*["EmailClaimed"] * 3, "EmailReleased", "EmailClaimed"]
    assert not any("@" in str(each) or "example" in str(each) for each in events)
    assert [each["stream"] for each in events] == [f"email-{each['data']['email']}" for each in events]
    assert {len(each["data"]["email"]) for each in events} == {43}


async def test_the_digest_is_of_no_use_without_the_key(bank: Desk) -> None:
    (stream,) = {each.stream for each in (await bank.commits())[0].events if each.stream.startswith("email-")}
    assert stream == f"email-{bank.signer.digest('email', email('ada'))}"
    other = type(bank.signer)(bytes(32), bank.signer.log)
    assert stream != f"email-{other.digest('email', email('ada'))}"


async def test_a_receipt_and_a_new_process_see_the_events_alike(bank: Desk, opening: Opening) -> None:
    receipt = await bank.send(change(ADA, "new"))
    commits = await bank.check()
    assert receipt.events == commits[-1].events
    async with desk(opening) as other:
        assert await other.send(register(CAL, email("new"))) == EmailTaken(email("new"))


async def test_addresses_that_are_held_cost_no_read(bank: Desk, heard: Commands) -> None:
    await bank.all([change(ADA, "new"), register(CAL, email("cal"))])
    heard.sent.clear()
    answers = await bank.all([change(ADA, "ada"), change(CAL, "new"), change(ADA, "cal"), change(ADA, "ada")])
    assert [type(each) for each in answers] == [Receipt] * 4
    assert heard.names == ["insert"]


async def test_what_is_released_follows_from_the_commands_before_it(bank: Desk) -> None:
    """Three changes in one batch: each releases what the one before it claimed."""
    answers = await bank.all([change(ADA, "x"), change(ADA, "y"), change(BEA, "x"), change(CAL, "y")])
    released = [each.events[-1].stream for each in answers[:3]]
    assert released == [f"email-{bank.signer.digest('email', email(each))}" for each in ("ada", "x", "bea")]


async def test_a_command_that_waits_for_an_address_holds_nobody_up(
    bank: Desk, opening: Opening, heard: Commands
) -> None:
    await bank.all([OPEN])
    async with desk(opening) as cold:
        heard.sent.clear()
        changed, deposited = await cold.all([change(ADA, "new"), deposit(1)])
        states = ["find"] * 2  # snapshots, events
        assert heard.names == ["find", *states, "insert", *states, "insert"]  # head, states; the old address's
    assert (deposited.position, changed.position) == (4, 5)


async def test_on_every_stream_commands_keep_their_order_behind_one_that_waits(
    bank: Desk, opening: Opening
) -> None:
    """The first one waits for Ada's old address. In another order Cal would be refused, or Dan not."""
    sent = [change(ADA, "x"), RenameCustomer(ADA, "Ada"), change(ADA, "y"), register(CAL, email("x"))]
    async with desk(opening) as cold:
        *accepted, refused = await cold.all([*sent, register(DAN, email("X"))])
    assert [each.position for each in accepted] == [3, 4, 5, 6]
    assert refused == EmailTaken(email("X"))


async def test_whose_address_is_not_known_yet_is_not_overtaken_at_it(bank: Desk, opening: Opening) -> None:
    """Bea's change waits behind Ada's, and it is not known yet that it will release what Cal asks for."""
    async with desk(opening) as cold:
        waiting = [
            cold.send(change(ADA, "x")),
            cold.guarded(change(BEA, "y"), StreamVersion("customer-ada", 2)),
            cold.send(register(CAL, email("bea"))),
        ]
        assert [type(each) for each in await asyncio.gather(*waiting)] == [Receipt] * 3


async def test_a_value_that_no_document_can_hold_is_refused(bank: Desk) -> None:
    with pytest.raises(BadInput):
        await bank.send(register(CAL, Email("c\ud800l@example.com")))
    assert await bank.send(register(ADA, email("cal"))) == CustomerAlreadyRegistered(ADA)
