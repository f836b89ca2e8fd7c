"""The contract: every event that a log may hold, in every schema, in a committed file to compare the code with.

    {"events": {"MoneySent": {"stream": "account", "schemas": {"1": {"fields": {…}, "samples": [{…}, …]}}}}}

The log holds events for ever, so nothing leaves the contract: what the code does not have any more, upcasters must
read. The samples are stored data, one for each shape that it may have; upcasters are tried on them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gateway.application.model import EventType, Model
from gateway.application.shapes import Change, changes, example, misfits, revived, shapes, variants
from gateway.application.upcasting import UpcastFailed, lift

Contract: TypeAlias = dict[str, Any]
"""The contract as JSON has it."""

EMPTY: Contract = {"events": {}}


@dataclass(frozen=True, slots=True)
class Findings:
    """Where the code and the contract differ.

    `broken` are sentences on what would leave events unreadable, with what to do; `news` are those on what is
    only not written down yet.
    """

    broken: tuple[str, ...]
    news: tuple[str, ...]


def compare(model: Model, contract: Contract) -> Findings:
    """What an application changes in a contract."""
    committed: dict[str, Any] = contract["events"]
    news = list(_news(model, committed))
    differing = {name: _differences(type_, committed.get(name)) for name, type_ in model.events.items()}
    harm = {name: [each for each in found if not each.harmless] for name, found in differing.items()}
    broken = [_changed(model.events[name], found) for name, found in harm.items() if found]
    settled = {name for name, found in harm.items() if not found}
    for name, entry in committed.items():
        broken += _left(model, name, entry)
        broken += _samples(_Trial(model, settled), name, entry)
    news += [f"{name}: {each.sentence}" for name, found in differing.items() for each in found if each.harmless]
    return Findings(tuple(broken), tuple(news))


def updated(model: Model, contract: Contract) -> Contract:
    """The contract with all that is new in the application; what it held before stays in it."""
    events = {name: {**entry, "schemas": {**entry["schemas"]}} for name, entry in contract["events"].items()}
    for name, type_ in model.events.items():
        entry = events.setdefault(name, {"stream": type_.id.category, "schemas": {}})
        before = entry["schemas"].get(str(type_.schema), {"samples": []})
        entry["schemas"][str(type_.schema)] = _schema(type_, before["samples"])
    return {"events": dict(sorted(events.items()))}


def written(contract: Contract) -> str:
    """The text of the file."""
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def load(file: Path) -> Contract:
    """The contract in a file; an empty one where there is no file yet."""
    return json.loads(file.read_text("utf-8")) if file.exists() else EMPTY


def _schema(type_: EventType, samples: list[Any]) -> dict[str, Any]:
    fields = {"fields": shapes(type_.type)}
    made = [_named(type_, example(fields, number)) for number in range(variants(fields))]
    return {**fields, "samples": [*samples, *(each for each in made if each not in samples)]}


def _named(type_: EventType, sample: dict[str, Any]) -> dict[str, Any]:
    return {**sample, type_.id_field: "1"}


def _news(model: Model, committed: Mapping[str, Any]) -> Iterator[str]:
    for name, type_ in model.events.items():
        if name not in committed:
            yield f"{name} is new"
        elif str(type_.schema) not in committed[name]["schemas"]:
            yield f"{name} has schema {type_.schema}"


def _differences(type_: EventType, entry: Mapping[str, Any] | None) -> list[Change]:
    """Between an event's class and what the contract says of the same schema, if it does."""
    known = entry and entry["schemas"].get(str(type_.schema))
    return list(changes({"fields": known["fields"]}, {"fields": shapes(type_.type)})) if known else []


def _changed(type_: EventType, found: Sequence[Change]) -> str:
    step = f'Upcaster("{type_.name}", {type_.schema}, function)'
    return (
        f"{type_.name} has changed and is still schema {type_.schema}: "
        f"{', '.join(each.sentence for each in found)}. The log holds events of schema {type_.schema} for ever: "
        f"add {step} to the upcasters of {type_.id.category} streams; the function makes of their data what the "
        "new class needs."
    )


def _left(model: Model, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What the log holds and nothing reads any more."""
    current = model.events.get(name)
    if current is not None and current.id.category != entry["stream"]:
        yield (
            f"{name} belongs to {current.id.category} streams here; in the log it belongs to {entry['stream']} "
            "streams, and streams keep their names."
        )
    unread = [each for each in map(int, entry["schemas"]) if not _reads(model, name, each)]
    if unread and current is None:
        yield (
            f"{name} is gone from the code, and the log holds it for ever: keep its class in the evolve of "
            f"{entry['stream']} streams, or say among their upcasters what became of it, with "
            f'Renamed("{name}", {max(unread)}, "NewName"), Split("{name}", {max(unread)}, [Into(…), …]) or '
            f'Dropped("{name}", {max(unread)}).'
        )
    elif unread and current is not None:
        yield (
            f"{name} is schema {current.schema} here, and the log may hold schema {max(unread)}: an upcaster was "
            "taken away; put it back, and add another one for what changes now."
        )


def _reads(model: Model, name: str, schema: int) -> bool:
    current = model.events.get(name)
    return (current is not None and current.schema == schema) or (name, schema) in model.upcasts


@dataclass(frozen=True, slots=True)
class _Trial:
    """Samples are read as events of these names alone: of the others it is said already that they have changed."""

    model: Model
    settled: Set[str]


def _samples(trial: _Trial, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """What goes wrong when the samples of every schema are read as today's events."""
    for schema, each in entry["schemas"].items():
        fields, number = {"fields": each["fields"]}, int(schema)
        good: list[dict[str, Any]] = []
        for index, sample in enumerate(each["samples"], start=1):
            where = f"sample {index} of {name}, schema {schema}"
            if problems := _unlike(fields, sample):
                yield f"{where}, does not have its fields: {', '.join(problems)}."
            elif _reads(trial.model, name, number):
                good.append(revived(fields, sample))
                yield from _lifted(trial, (name, number), where, revived(fields, sample))
        yield from _never(trial.model, name, number, good)


def _unlike(fields: Any, sample: Any) -> list[str]:
    try:
        return list(misfits(fields, revived(fields, sample)))
    except (ValueError, ArithmeticError) as error:
        return [repr(error)]


def _lifted(trial: _Trial, stored: tuple[str, int], where: str, data: dict[str, Any]) -> Iterator[str]:
    own = next(iter(data.values()))
    try:
        found = lift(trial.model, *stored, data)
    except UpcastFailed as error:
        yield f"{where}: {error} with {error.__cause__!r}."
        return
    for each in found:
        if each is None or each.type.name not in trial.settled:
            continue
        problems = list(misfits({"fields": shapes(each.type.type)}, each.data))
        if not problems and each.data[each.type.id_field] != own:
            problems = [f"`{each.type.id_field}` names another stream than the stored event does"]
        if problems:
            yield f"{where}: it is read as {each.type.name}, but {', '.join(problems)}."


def _never(model: Model, name: str, schema: int, samples: list[dict[str, Any]]) -> Iterator[str]:
    """Parts of a split that no sample has: a forgotten `return`, or a sample that is missing."""
    for target in model.upcasts.get((name, schema), ()):
        try:
            if samples and target.optional and all(target.function({**each}) is None for each in samples):
                yield f"no sample of {name}, schema {schema}, becomes {target.event}: add one that does."
        except Exception:  # it was reported with its sample
            continue
