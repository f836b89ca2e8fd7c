"""Which media type an answer has, and whether a request's is one that is read."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from gateway.web.bodies import BadRequest

GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"

EVENTS: Final = "text/event-stream"

# Most clients say the same again and again; all others cost a reading each, and 64 headers of memory.
_RANGES: Final = {GRAPHQL: GRAPHQL, JSON: JSON, "application/*": JSON, "*/*": JSON}


@lru_cache(maxsize=64)
def answer_type(accept: str) -> str:
    """The media type of an answer: the one that the client likes best, the more telling one of two equals.

    Raises BadRequest (406) where it takes neither. https://graphql.github.io/graphql-over-http/draft/
    """
    liked = [(much, name == GRAPHQL, _RANGES[name]) for name, much in ranges(accept) if name in _RANGES]
    best = max(liked, default=(0.0, False, JSON) if accept.strip() else (1.0, False, JSON))
    if best[0] <= 0:
        raise BadRequest("NOT_ACCEPTABLE", f"An answer is {GRAPHQL} or {JSON}; this request accepts neither.", 406)
    return best[2]


def check_takes_events(accept: str) -> None:
    """Raises BadRequest (406) for a client that takes no event stream."""
    found = dict(ranges(accept))
    if found and accept.strip() and not any(found.get(name, 0.0) > 0 for name in (EVENTS, "text/*", "*/*")):
        raise BadRequest("NOT_ACCEPTABLE", f"An answer is {EVENTS} here; this request does not accept it.", 406)


def wants_page(accept: str) -> bool:
    """Whether a browser asks, for a page to show: it likes HTML at least as much as anything that is an answer."""
    found = dict(ranges(accept))
    html = found.get("text/html", 0.0)
    return html > 0 and html >= max(found.get(GRAPHQL, 0.0), found.get(JSON, 0.0))


@lru_cache(maxsize=64)
def check_body_type(content_type: str, content_encoding: str) -> None:
    """Raises BadRequest (415) for a body that is not plain JSON in UTF-8: so no form of another site is read."""
    name, _, parameters = content_type.partition(";")
    charsets = [value for key, value in _pairs(parameters) if key == "charset"]
    if name.strip().lower() != JSON:
        raise BadRequest("UNSUPPORTED_MEDIA_TYPE", f"Send the request as {JSON}.", 415)
    if any(each.strip('"').lower() not in ("utf-8", "utf8") for each in charsets):
        raise BadRequest("UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.", 415)
    if content_encoding.strip().lower() not in ("", "identity"):
        raise BadRequest("UNSUPPORTED_MEDIA_TYPE", "Send the request without a content encoding.", 415)


def ranges(accept: str) -> Iterator[tuple[str, float]]:
    """The media ranges of an Accept header and how much each is liked, 0 to 1; nonsense is liked not at all."""
    for each in accept.split(","):
        name, _, parameters = each.partition(";")
        yield name.strip().lower(), _quality(dict(_pairs(parameters)))


def _quality(parameters: dict[str, str]) -> float:
    if parameters.get("charset", "utf-8").strip('"').lower() != "utf-8":
        return 0.0
    try:
        return min(1.0, max(0.0, float(parameters.get("q", "1"))))
    except ValueError:
        return 0.0


def _pairs(parameters: str) -> Iterator[tuple[str, str]]:
    for each in parameters.split(";"):
        key, _, value = each.partition("=")
        if key.strip():
            yield key.strip().lower(), value.strip()
