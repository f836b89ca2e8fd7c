"""Subscribers of real processes: one of them is killed or paused, and whoever followed it goes on at another."""

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.acceptance.asking import Asker
from tests.acceptance.conftest import Serve
from tests.acceptance.customers import Counter
from tests.acceptance.serving import started

DEPOSITS = 30

EVENTS = """subscription($id: ID, $after: String) {
    it: events(stream: $id, after: $after) { cursor node { version } } }"""
LINES = """subscription($id: ID!, $after: String) {
    it: statementLineAdded(accountId: $id, after: $after) { cursor node { id balance { amount } } } }"""
VIEW = """subscription($id: ID!, $after: String) {
    it: accountChanged(id: $id, after: $after) { cursor change account { balance { amount } } } }"""
MANY = """subscription($after: String) {
    it: accountsChanged(where: { status: { eq: OPEN } }, after: $after) {
        cursor change account { balance { amount } } } }"""


class Follower:
    """Follows one thing, wherever it is served, and keeps all that it was told."""

    def __init__(self, query: str, variables: dict[str, Any]) -> None:
        self.query, self.variables, self.told = query, variables, list[dict[str, Any]]()

    def follow(self, url: str, *, until: str = "", at_least: int = 0) -> "Follower":
        """Go on from the last cursor until so much was told, or the account's balance is this."""
        with Asker(url) as asker, asker.follow(self.query, self.variables) as messages:
            while len(self.told) < at_least or (until and self.balance != until):
                self.told += [messages.next().data["it"]]
                self.variables |= {"after": self.told[-1]["cursor"]}
        return self

    @property
    def balance(self) -> str:
        return self.told[-1]["account"]["balance"]["amount"] if self.told else ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_who_followed_a_gateway_that_is_gone_goes_on_at_another_with_his_cursors(
    serve: Serve, mongo_uri: str, database: str, number: signal.Signals
) -> None:
    other = serve()
    with started(mongodb_uri=mongo_uri, database=database) as gone, Asker(other.url) as asker:
        counter = Counter(asker).open()
        start = counter.deposited()["token"]
        account = {"id": counter.account}
        exact = [Follower(EVENTS, account | {"after": start}), Follower(LINES, account | {"after": start})]
        latest = [Follower(VIEW, {**account}), Follower(MANY, {"after": start})]
        with ThreadPoolExecutor() as pool:
            writing = pool.submit(lambda: [counter.deposited() for _ in range(DEPOSITS)])
            under_way = [pool.submit(each.follow, gone.url, at_least=5) for each in (*exact, *latest)]
            assert all(len(each.result().told) >= 5 for each in under_way)
            gone.send(number)
            writing.result()
        for each in exact:
            each.follow(other.url, at_least=DEPOSITS)
        for each in latest:
            each.follow(other.url, until=f"{DEPOSITS + 1}.00")
        gone.send(signal.SIGKILL)
        events, lines = exact
        assert [each["node"]["version"] for each in events.told] == [*range(3, 3 + DEPOSITS)]
        amounts = [each["node"]["balance"]["amount"] for each in lines.told]
        assert amounts == [f"{amount}.00" for amount in range(2, 2 + DEPOSITS)]
