"""Small changes for tests that need some: new customers and accounts, and money on them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.acceptance.asking import Answer, Asker

REGISTER = """mutation($input: RegisterCustomerInput!, $options: CommandOptions) {
    registerCustomer(input: $input, options: $options) { ... on Receipt { token position commandId replayed }
        ... on RegisterCustomerAccepted { customer { id name } }
        ... on Rejection { code message path } } }"""

OPEN = """mutation($input: OpenAccountInput!) {
    openAccount(input: $input) { ... on Receipt { token position } ... on Rejection { code message } } }"""

DEPOSIT = """mutation($input: DepositMoneyInput!, $options: CommandOptions, $id: ID!) {
    depositMoney(input: $input, options: $options) {
        ... on Receipt { token position commandId replayed events { id version } }
        ... on DepositMoneyAccepted { account { balance { amount } }
            query { account(id: $id) { balance { amount } } } }
        ... on Rejection { code message path } } }"""

BALANCE = "query($id: ID!) { account(id: $id) { balance { amount } } }"


@dataclass
class Counter:
    """Opens an account of a new customer; then deposits on it."""

    asker: Asker
    account: str = field(default_factory=lambda: f"Account:{uuid4().hex}")

    def open(self) -> "Counter":
        customer = self.account.replace("Account", "Customer")
        person = {"customerId": customer, "name": "Cleo Quay", "email": f"{customer[9:]}@example.com"}
        self.asker.ask(REGISTER, {"input": person})
        opened = {"accountId": self.account, "customerId": customer, "currency": "EUR"}
        assert "token" in self.asker.ask(OPEN, {"input": opened}).data["openAccount"]
        return self

    def deposit(self, amount: str = "1.00", command_id: str | None = None) -> Answer:
        money = {"amount": amount, "currency": "EUR"}
        options = {"commandId": command_id} if command_id else {}
        input_ = {"accountId": self.account, "amount": money}
        return self.asker.ask(DEPOSIT, {"input": input_, "options": options, "id": self.account})

    def deposited(self, amount: str = "1.00", command_id: str | None = None) -> dict[str, Any]:
        """The receipt."""
        return self.deposit(amount, command_id).data["depositMoney"]
