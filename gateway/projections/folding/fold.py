"""Folds events into views, in memory: the stored documents go in, the documents to write come out.

What the application's own function raises parks the key that it was called for, and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bson import Int64

from gateway.messages import RecordedEvent
from gateway.mongo.checkpoints import Difference
from gateway.mongo.codec import decoder, encoder
from gateway.mongo.past import PastChange, Version, stored_version
from gateway.mongo.paths import VERSION, version_of
from gateway.projections.folding.differences import told
from gateway.projections.folding.past import Versions
from gateway.projections.folding.reach import FoldFailed, Plan, Step, WrongKey
from gateway.projections.folding.turns import Pieces, at_once
from gateway.projections.parking.aside import NOTHING_ASIDE, Aside, Kept, Park, Parking, Unstorable, check_storable

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folded:
    """What some events change in a read model, as documents.

    `latest` are a journal's last views by key. `touched` are the stored keys of all that changed or were parked.
    `parks` are the keys whose fold raised, `kept` the events that wait for parked keys. `differences` says how
    views changed, where they are few. `past` is what a read model with history adds to it.
    """

    added: Sequence[Document] = ()
    replaced: Sequence[Document] = ()
    removed: Sequence[Any] = ()
    latest: Sequence[Document] = ()
    touched: Sequence[Any] = ()
    parks: Sequence[Park] = ()
    kept: Sequence[Kept] = ()
    differences: Sequence[Difference] = ()
    past: PastChange | None = None


def fold(
    plan: Plan,
    steps: Sequence[Step],
    documents: Sequence[Document],
    aside: Aside = NOTHING_ASIDE,
    thorough: bool = False,
) -> Folded:
    """What the steps make of the stored views; for a journal, of the last view of each key.

    Where a view can't be stored, its key is parked at the event that made it so; `thorough` also finds those that
    only MongoDB would refuse. Raises FoldFailed where the stored views can't be read.
    """
    return at_once(folding(plan, steps, documents, aside, thorough))


def folding(
    plan: Plan,
    steps: Sequence[Step],
    documents: Sequence[Document],
    aside: Aside = NOTHING_ASIDE,
    thorough: bool = False,
) -> Pieces[Folded]:
    """The same in pieces."""
    if not steps:
        return Folded()
    try:
        return (yield from _folding(plan, steps, documents, Parking(plan.store_key, aside, thorough)))
    except Unstorable:
        return (yield from _folding(plan, steps, documents, Parking(plan.store_key, aside, thorough=True)))


def _folding(plan: Plan, steps: Sequence[Step], documents: Sequence[Document], parking: Parking) -> Pieces[Folded]:
    views = _Journal(plan, parking) if plan.model.journal else _Views(plan, parking)
    try:
        yield from views.load(documents)
    except Exception as error:
        raise FoldFailed(steps[0].recorded, steps[0].unit, error) from error
    for step in steps:
        views.take(step)
        yield
    return (yield from views.folded())


@dataclass
class _Views:
    plan: Plan
    parking: Parking
    views: dict[Any, Any] = field(default_factory=dict[Any, Any])
    stored: dict[Any, Document] = field(default_factory=dict[Any, Document])
    versions: dict[Any, int] = field(default_factory=dict[Any, int])
    "Of the streams that the views stand for, where they stand for one."
    changed: dict[Any, None] = field(default_factory=dict[Any, None])
    holding: dict[tuple[str, Any], dict[Any, None]] = field(default_factory=dict[tuple[str, Any], dict[Any, None]])
    """The keys of the views whose link holds a value, as they are now and not as they are stored."""
    past: Versions | None = None

    def __post_init__(self) -> None:
        self.past = Versions() if self.plan.model.history else None
        self._encode = encoder(self.plan.model.view, self.plan.model.key_field)

    def load(self, documents: Iterable[Document]) -> Pieces[None]:
        model = self.plan.model
        decode = decoder(model.view, model.key_field)
        for document in documents:
            view = decode(document)
            key = getattr(view, model.key_field)
            self.stored[key] = document
            self.views[key] = view
            self.versions[key] = version_of(document)
            self._link(key, None, view)
            if self.past:
                self.past.load(key, document)
            yield

    def take(self, step: Step) -> None:
        parking = self.parking
        for key in self._linked(step) if step.links else (step.key,):
            if parking.active and parking.holds(key):
                continue
            try:
                self._apply(key, step)
            except Exception as error:
                parking.park(key, step, error)
        if parking.active:
            parking.keep(step)
            if self.past:
                self.past.note(step.recorded)

    def _linked(self, step: Step) -> Iterable[Any]:
        return dict.fromkeys(key for link in step.links for key in self.holding.get((link, step.key), ()))

    def _apply(self, key: Any, step: Step) -> None:
        """Nothing has changed where this raises, but for links of a key that is parked then."""
        before = self.views.get(key)
        after = self.plan.fold(before, step.recorded) if step.folded else before
        version = step.recorded.version if step.own else self.versions.get(key, 0)
        changed = after is not before or (step.own and before is not None)
        kept = self._check(key, after, version) if changed else None
        if after is not before:
            self._link(key, before, after)
        self.versions[key] = version
        if changed:
            self.views[key] = after
            self.changed[key] = None
            if self.past:
                self.past.change(key, step.recorded, kept)

    def _check(self, key: Any, after: Any, version: int) -> Document | None:
        """The view as its past is to keep it, None where it keeps none. Raises where it can't be stored."""
        model = self.plan.model
        if after is None:
            return None
        if getattr(after, model.key_field) != key:
            raise WrongKey
        if not (self.past or self.parking.thorough):
            return None
        document = self._document(after, version)
        if self.parking.thorough:
            check_storable(stored_version(model, Version(0, document)) if self.past else document)
        return document

    def _link(self, key: Any, before: Any, after: Any) -> None:
        for name in self.plan.links:
            old, new = getattr(before, name, None), getattr(after, name, None)
            if old == new:
                continue
            if new is not None:
                self.holding.setdefault((name, new), {})[key] = None
            if old is not None:
                del self.holding[name, old][key]

    def folded(self) -> Pieces[Folded]:
        added: list[Document] = []
        replaced: list[Document] = []
        removed: list[Any] = []
        for key in self.changed:
            yield
            stored, view = self.stored.get(key), self.views[key]
            if view is None:
                removed += [stored["_id"]] if stored else []
                continue
            try:
                document = self._document(view, self.versions.get(key, 0))
            except Exception as error:
                raise Unstorable from error
            if self.past:
                document |= self.past.since(key)
            if stored is None:
                added.append(document)
            elif document != stored:
                replaced.append(document)
        touched = [*removed, *(each["_id"] for each in (*added, *replaced))]
        differences = told(self.plan.model, self.stored.values(), (*added, *replaced), touched)
        past = self.past.changes(self.changed) if self.past else None
        folded = Folded(added, replaced, removed, touched=touched, differences=differences, past=past)
        return _with_aside(folded, self.parking)

    def _document(self, view: Any, version: int) -> Document:
        document = self._encode(view)
        if self.plan.model.stream:
            document[VERSION] = version
        return document


@dataclass
class _Journal:
    plan: Plan
    parking: Parking
    last: dict[Any, Any] = field(default_factory=dict[Any, Any])
    lines: list[Document] = field(default_factory=list[Document])
    changed: dict[Any, Document] = field(default_factory=dict[Any, Document])

    def __post_init__(self) -> None:
        self._encode = encoder(self.plan.model.view)

    def load(self, documents: Iterable[Document]) -> Pieces[None]:
        model = self.plan.model
        decode = decoder(model.view, model.key_field)
        for document in documents:
            view = decode(document)
            self.last[getattr(view, model.key_field)] = view
            yield

    def take(self, step: Step) -> None:
        parking = self.parking
        if not (parking.active and parking.holds(step.key)):
            try:
                self._append(step)
            except Exception as error:
                parking.park(step.key, step, error)
        if parking.active:
            parking.keep(step)

    def _append(self, step: Step) -> None:
        model = self.plan.model
        view = self.plan.fold(self.last.get(step.key), step.recorded) if step.folded else None
        if view is None:
            return
        if getattr(view, model.key_field) != step.key:
            raise WrongKey
        document = self._encode(view)
        if self.parking.thorough:
            check_storable(document)
        self.lines.append({"_id": line_id(step.recorded), **document})
        self.last[step.key] = view
        self.changed[step.key] = document

    def folded(self) -> Pieces[Folded]:
        yield
        name = self.plan.model.key_field
        latest = [
            {"_id": document[name], **{each: held for each, held in document.items() if each != name}}
            for document in self.changed.values()
        ]
        touched = [each["_id"] for each in latest]
        latest = () if self.plan.model.alone else latest
        return _with_aside(Folded(added=self.lines, latest=latest, touched=touched), self.parking)


def _with_aside(folded: Folded, parking: Parking) -> Folded:
    if not parking.active:
        return folded
    touched = [*folded.touched, *(key for key in parking.parks if key not in folded.touched)]
    return replace(folded, touched=touched, parks=[*parking.parks.values()], kept=parking.kept)


def line_id(recorded: RecordedEvent) -> Int64:
    """The id of a journal's view: 1,000 events at most in a commit, so they follow each other in log order."""
    return Int64(recorded.position * 1_000 + recorded.index)
