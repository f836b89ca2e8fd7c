"""Probes of what is followed by a category, by a condition, and line by line."""

from collections.abc import Sequence
from typing import Any

from tests.acceptance.comparing import Told
from tests.acceptance.expected import followed, is_opaque
from tests.acceptance.operations import everything, field_of
from tests.acceptance.story import Day, eur

Step = tuple[str, dict[str, Any], str]
"""A command, its input, and what it makes of the view."""


def events_of_a_category(day: Day) -> None:
    text = field_of(day.schema, "subscription", "events", everything(day.schema, "EventEdge", 1))
    asked = {"category": "customer", "until": day.asker.after}
    expected = followed(each for each in day.books.read().events if each.stream.startswith("customer-"))
    with day.asker.follow(text, asked) as events:
        found = events.rest()
    assert len(found) == len(expected)
    for data, edge in zip(found, expected, strict=True):
        day.compare(text, asked, data, {"events": lambda _, edge=edge: edge})


def views_that_come_to_fit(day: Day) -> None:
    account, customer = day.account("a"), day.customer("ada")
    deposit = ("depositMoney", {"accountId": account, "amount": eur("3")}, "CHANGED")
    renamed = ("renameCustomer", {"customerId": customer, "name": "Ada Alder"}, "CHANGED")
    own, theirs = {"accountId": account}, {"customerId": customer}
    frozen = [("freezeAccount", own, "LEFT"), ("unfreezeAccount", own, "ENTERED")]
    blocked = [("blockCustomer", theirs, "LEFT"), ("unblockCustomer", theirs, "ENTERED")]
    today = day.books.read().events[-1].at.date()
    whose = {"customerId": {"eq": customer}, "status": {"eq": "OPEN"}, "openedAt": {"gt": "2001-01-01T00:00:00Z"}}
    _follow(day, "accounts", whose, account, [deposit, *frozen])
    active = {"status": {"eq": "ACTIVE"}, "name": {"startsWith": "Ada"}}
    _follow(day, "customers", active, customer, [renamed, *blocked])
    days = {"currency": {"eq": "EUR"}, "day": {"gte": "2001-01-01"}}
    _follow(day, "dailyActivities", days, f"DailyActivity:{today}.EUR", [deposit])
    _follow(day, "ledgers", None, "Ledger:EUR", [deposit])


def lines_as_they_are_added(day: Day) -> None:
    account = day.account("a")
    selection = everything(day.schema, "StatementLineEdge", 1)
    text = field_of(day.schema, "subscription", "statementLineAdded", selection)
    asked = {"accountId": account, "after": day.asker.after}
    with day.asker.follow(text, asked) as lines:
        for amount in ("4", "5"):
            day.accept("depositMoney", {"accountId": account, "amount": eur(amount)})
            data = lines.next().data
            node = day.expected.line(day.books.lines[day.books.events[-1].key])
            edge = {"__typename": "StatementLineEdge", "cursor": Told("a cursor", is_opaque), "node": node}
            day.compare(text, asked, data, {"statementLineAdded": lambda _, edge=edge: edge})


def _follow(day: Day, many: str, where: Any, id_: str, steps: Sequence[Step]) -> None:
    """Commands, and what each of them makes of a view that fits."""
    field, kind = f"{many}Changed", id_.partition(":")[0]
    text = field_of(day.schema, "subscription", field, everything(day.schema, f"{kind}Change", 1))
    asked = {"after": day.asker.after} | ({"where": where} if where else {})
    with day.asker.follow(text, asked) as changes:
        for command, input_, change in steps:
            day.accept(command, input_)
            data, head = changes.next().data, day.books.head
            expected = day.expected.change(id_, kind[0].lower() + kind[1:], head, change)
            day.compare(text, asked, data, {field: lambda _, each=expected: each})
