"""The playground: the page that a browser gets, used as somebody would use it."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.web import playground
from tests.clients.programs import cannot_run, clients

EXAMPLES = Path(__file__).parents[2] / "playground/examples"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser saw of the playground, and what it asked for."""

    title: str
    tabs: list[str]
    mutation: str
    query: str
    subscription: str
    backgrounds: list[str]
    requests: list[str]
    sockets: list[str]
    messages: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("playground")


@pytest.fixture(scope="module")
def visit(gateway_url: str, pictures: Path) -> Visit:
    """One visit to a running gateway: a mutation, a query, and in a second window a subscription."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        cannot_run("there is no Chromium on this machine; apt-get install chromium brings one")
    if not (playground.FOLDER / "index.html").exists():
        cannot_run("the playground is not built; make playground builds it")
    return Visit(**json.loads(clients().output("browse.mjs", f"{gateway_url}/graphql", chromium, pictures)))


def test_a_first_visit_finds_the_examples_in_tabs(visit: Visit) -> None:
    texts = [path.read_text() for path in sorted(EXAMPLES.glob("*.graphql"))]
    names = [name for text in texts for name in re.findall(r"^(?:query|mutation|subscription) (\w+)", text, re.M)]
    assert visit.title == "Tidegate"
    assert visit.tabs == names


def test_an_example_command_shows_its_receipt(visit: Visit) -> None:
    assert '"__typename": "DepositMoneyAccepted"' in visit.mutation
    assert '"errors"' not in visit.mutation


def test_an_example_query_shows_its_answer(visit: Visit) -> None:
    assert '"name": "Ada ' in visit.query
    assert '"errors"' not in visit.query


def test_an_example_subscription_shows_an_event_over_graphql_transport_ws(visit: Visit, gateway_url: str) -> None:
    assert '"id": "' in visit.subscription
    assert visit.sockets == [f"{gateway_url.replace('http', 'ws', 1)}/graphql"]
    assert visit.messages[:2] == ["connection_ack", "next"]


def test_no_other_host_is_asked_for_anything(visit: Visit, gateway_url: str) -> None:
    hosts = {urlsplit(url).netloc for url in visit.requests + visit.sockets}
    assert hosts == {urlsplit(gateway_url).netloc}


def test_the_browser_complains_of_nothing(visit: Visit) -> None:
    assert visit.complaints == []


def test_the_page_is_light_or_dark_as_the_system_is(visit: Visit) -> None:
    light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in visit.backgrounds)
    assert light > 3 * 200
    assert dark < 3 * 80


@pytest.mark.usefixtures("visit")
@pytest.mark.parametrize("name", ["light", "dark"])
def test_a_picture_of_the_page_shows_more_than_an_empty_one_would(pictures: Path, name: str) -> None:
    png = (pictures / f"{name}.png").read_bytes()
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert (width, height) == (1280, 800)
    assert len(png) > 30_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the built playground is looked for: here an empty folder."""
    monkeypatch.setattr(playground, "FOLDER", tmp_path / "built")
    return tmp_path / "built"


@pytest.fixture
def browser(folder: Path) -> TestClient:
    """A client of the playground alone, with its files in `folder`."""
    assert folder == playground.FOLDER
    return TestClient(Starlette(routes=[Route("/graphql", playground.playground_page), *playground.routes()]))


@pytest.fixture
def built(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Tidegate</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets/index-1a2b3c.js").write_text("0")


def test_without_the_build_a_plain_page_says_how_to_get_it(browser: TestClient) -> None:
    answer = browser.get("/graphql")
    assert answer.status_code == 200
    assert "The playground is not built here: run <code>make playground</code>" in answer.text
    assert "The API works without it" in answer.text
    assert "://" not in answer.text


def test_without_the_build_its_files_are_not_found(browser: TestClient) -> None:
    assert browser.get("/playground/assets/index-1a2b3c.js").status_code == 404


@pytest.mark.usefixtures("built")
def test_with_the_build_the_page_is_the_built_one(browser: TestClient) -> None:
    assert browser.get("/graphql").text == "<title>Tidegate</title>"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/graphql", "no-cache"),
        ("/playground/favicon.svg", "no-cache"),
        ("/playground/assets/index-1a2b3c.js", "public, max-age=31536000, immutable"),
    ],
)
def test_only_files_whose_names_follow_their_content_are_kept_for_ever(
    browser: TestClient, path: str, kept: str
) -> None:
    assert browser.get(path).headers["cache-control"] == kept


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/graphql", "/playground/assets/index-1a2b3c.js"])
def test_the_page_may_load_from_its_own_host_only_and_stands_in_no_frame(browser: TestClient, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy)
    assert "://" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.usefixtures("built")
def test_no_file_outside_the_build_is_served(browser: TestClient, folder: Path) -> None:
    (folder.parent / "secret").write_text("secret")
    assert browser.get("/playground/%2e%2e/secret").status_code == 404
