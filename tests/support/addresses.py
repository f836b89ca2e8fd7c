"""Customers who contend for few e-mail addresses, and who has which, told without the product's folds."""

from collections.abc import Iterator, Sequence
from random import Random

from domain.customer.events import CustomerEmailChanged, CustomerId, CustomerRegistered, Email
from domain.customer.registration import ChangeCustomerEmail, RegisterCustomer
from gateway.messages import Commit


def email(name: object) -> Email:
    return Email(f"{name}@example.com")


def register(customer: CustomerId, address: Email) -> RegisterCustomer:
    return RegisterCustomer(customer, f"Customer {customer}", address)


def contest(seed: int, number: int, customers: int = 5, addresses: int = 7) -> Iterator[object]:
    """Commands of which many want the same address, in one spelling or another."""
    chance = Random(seed)
    for _ in range(number):
        customer = CustomerId(f"c{chance.randrange(customers)}")
        address = Email(chance.choice([str, str.upper])(email(chance.randrange(addresses))))
        asked = [register(customer, address), ChangeCustomerEmail(customer, address)]
        yield chance.choices(asked, [1, 4])[0]


def shared(commits: Sequence[Commit]) -> list[int]:
    """The positions at which two customers have one address."""
    held, found = dict[CustomerId, str](), list[int]()
    for commit in commits:
        for each in commit.events:
            match each.event:
                case CustomerRegistered(customer, _, address) | CustomerEmailChanged(customer, address):
                    held[customer] = address.lower()
                case _:
                    pass
        if len(set(held.values())) < len(held):
            found.append(commit.position)
    return found


def moves(commits: Sequence[Commit]) -> int:
    """How often an address went from one customer to another."""
    last, found = dict[str, CustomerId](), 0
    for each in (event.event for commit in commits for event in commit.events):
        match each:
            case CustomerRegistered(customer, _, address) | CustomerEmailChanged(customer, address):
                found += last.get(address.lower(), customer) != customer
                last[address.lower()] = customer
            case _:
                pass
    return found
