"""A bank's day, told in commands: every command is accepted once, then each of its rejections is provoked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from graphql import GraphQLSchema

from tests.acceptance.asking import Asker
from tests.acceptance.books import Books
from tests.acceptance.comparing import Comparison, Thing
from tests.acceptance.expected import Expected
from tests.acceptance.operations import mutation

Input = dict[str, Any]

LONG = "x" * 201


@dataclass
class Day:
    """Someone at the counter: sends commands, and compares every answer with what the log then holds.

    Ids begin with `prefix`, so nobody else's things are touched.
    """

    asker: Asker
    schema: GraphQLSchema
    books: Books
    prefix: str = field(default_factory=lambda: uuid4().hex[:8])

    def __post_init__(self) -> None:
        self.comparison = Comparison(self.schema)
        self.expected = Expected(self.books.read())
        self.used: UUID = uuid4()
        self.asker.after = self._token_of_the_head()

    def customer(self, name: str) -> str:
        return f"Customer:{self.prefix}.{name}"

    def email(self, name: str) -> str:
        return f"{name}.{self.prefix}@example.com"

    def account(self, name: str) -> str:
        return f"Account:{self.prefix}.{name}"

    def accept(self, name: str, input_: Input) -> dict[str, Any]:
        """Send a command that must be accepted, and compare its receipt with the commit that it became."""
        self.used = uuid4()
        variables = self._variables(input_, self.used)
        text = mutation(self.schema, name)
        data = self.asker.ask(text, variables).data
        events = self.books.read().commits.get(self.used, [])
        thing = self.expected.receipt(name, events, variables)
        self.compare(text, variables, data, {name: lambda _: thing})
        self.asker.after = data[name]["token"]
        return data[name]

    def refuse(self, name: str, input_: Input, rejection: Thing, options: Input | None = None) -> None:
        """Send a command that must be refused for this reason, and see that the log is as it was."""
        variables = self._variables(input_, uuid4())
        variables["options"] |= options or {}
        text, head = mutation(self.schema, name), self.books.read().head
        data = self.asker.ask(text, variables).data
        self.compare(text, variables, data, {name: lambda _: rejection})
        assert self.books.read().head == head, "a refused command changed the log"

    def _token_of_the_head(self) -> str:
        """What the answers must contain, as the books do: a command that changes nothing is answered with it."""
        name = json.dumps(self.books.customers["1"].name)
        same = f'renameCustomer(input: {{ customerId: "Customer:1", name: {name} }})'
        return self.asker.ask(f"mutation {{ {same} {{ ... on Receipt {{ token }} }} }}").data["renameCustomer"][
            "token"
        ]

    def _variables(self, input_: Input, command_id: UUID) -> dict[str, Any]:
        id_ = next(value for name, value in input_.items() if name.endswith("Id"))
        return {"input": input_, "options": {"commandId": str(command_id)}, "id": id_}

    def query(self, text: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask, and compare the answer with the books."""
        data = self.asker.ask(text, variables).data
        self.compare(text, variables or {}, data, self.expected.query())
        return data

    def compare(self, text: str, variables: Mapping[str, Any], data: Mapping[str, Any], root: Thing) -> None:
        self.comparison.check(text, variables, data, root)


def eur(amount: str) -> Input:
    return {"amount": amount, "currency": "EUR"}


def commands(day: Day) -> Iterator[tuple[str, Input]]:
    """Every command, in an order in which all are accepted; two of them change nothing."""
    ada, bob, a, b = day.customer("ada"), day.customer("bob"), day.account("a"), day.account("b")
    yield "registerCustomer", {"customerId": ada, "name": "Ada", "email": day.email("ada")}
    yield "registerCustomer", {"customerId": bob, "name": "Bob", "email": day.email("bob")}
    yield "renameCustomer", {"customerId": ada, "name": "Ada Tern"}
    yield "renameCustomer", {"customerId": ada, "name": "Ada Tern"}
    yield "changeCustomerEmail", {"customerId": ada, "email": day.email("ada.tern")}
    for name in ("a", "b", "frozen", "closed", "drawn"):
        yield "openAccount", {"accountId": day.account(name), "customerId": ada, "currency": "EUR"}
    yield "openAccount", {"accountId": day.account("usd"), "customerId": bob, "currency": "USD"}
    yield "depositMoney", {"accountId": a, "amount": eur("100.5")}
    yield "withdrawMoney", {"accountId": a, "amount": eur("20")}
    yield "setOverdraftLimit", {"accountId": a, "limit": eur("50")}
    yield "setOverdraftLimit", {"accountId": a, "limit": eur("50.00")}
    yield "setOverdraftLimit", {"accountId": day.account("drawn"), "limit": eur("30")}
    yield "withdrawMoney", {"accountId": day.account("drawn"), "amount": eur("30")}
    yield "transferMoney", {"sourceId": a, "targetId": b, "amount": eur("30.25"), "reference": "Rent"}
    yield "transferMoney", {"sourceId": b, "targetId": a, "amount": eur("0.25"), "reference": None}
    yield "freezeAccount", {"accountId": b}
    yield "unfreezeAccount", {"accountId": b}
    yield "freezeAccount", {"accountId": day.account("frozen")}
    yield "closeAccount", {"accountId": day.account("closed")}
    yield "renameCustomer", {"customerId": ada, "name": "Ada Harbour"}
    yield "blockCustomer", {"customerId": bob}
    yield "unblockCustomer", {"customerId": bob}
    yield "blockCustomer", {"customerId": bob}
