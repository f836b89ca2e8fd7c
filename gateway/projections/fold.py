"""Folds events into views, in memory: the stored documents go in, the documents to write come out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bson import Int64

from gateway.messages import RecordedEvent
from gateway.mongo.codec import decoder, encoder
from gateway.mongo.past import PastChange
from gateway.mongo.paths import VERSION, version_of
from gateway.projections.past import Versions
from gateway.projections.reach import FoldFailed, Plan, Reached, Step, WrongKey

Document: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folded:
    """What some events change in a read model, as documents.

    `latest` are a journal's last views by key. `touched` are the stored keys of all that changed. `past` is what
    a read model with history adds to it.
    """

    added: Sequence[Document] = ()
    replaced: Sequence[Document] = ()
    removed: Sequence[Any] = ()
    latest: Sequence[Document] = ()
    touched: Sequence[Any] = ()
    past: PastChange | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The first `units` units, folded; `failure` says why it is not all of them."""

    folded: Folded
    units: int
    failure: FoldFailed | None


def fold_most(plan: Plan, reached: Reached, documents: Sequence[Document]) -> Outcome:
    """Fold as many whole units as the read model's functions get through."""
    while True:
        try:
            folded = fold(plan, reached.steps, documents)
        except FoldFailed as failed:
            reached = Reached(reached.first(failed.unit).steps, failed.unit, failed)
        else:
            return Outcome(folded, reached.units, reached.failure)


def fold(plan: Plan, steps: Sequence[Step], documents: Iterable[Document]) -> Folded:
    """What the steps make of the stored views; for a journal, of the last view of each key.

    Raises FoldFailed.
    """
    if not steps:
        return Folded()
    folding, step = _Journal(plan) if plan.model.journal else _Views(plan), steps[0]
    try:
        folding.load(documents)
        for step in steps:
            folding.take(step)
    except Exception as error:
        raise FoldFailed(step.recorded, step.unit, error) from error
    return folding.folded()


@dataclass
class _Views:
    plan: Plan
    views: dict[Any, Any] = field(default_factory=dict[Any, Any])
    stored: dict[Any, Document] = field(default_factory=dict[Any, Document])
    versions: dict[Any, int] = field(default_factory=dict[Any, int])
    "Of the streams that the views stand for, where they stand for one."
    changed: dict[Any, Step] = field(default_factory=dict[Any, Step])
    holding: dict[tuple[str, Any], dict[Any, None]] = field(default_factory=dict[tuple[str, Any], dict[Any, None]])
    """The keys of the views whose link holds a value, as they are now and not as they are stored."""
    past: Versions | None = None

    def __post_init__(self) -> None:
        self.past = Versions() if self.plan.model.history else None

    def load(self, documents: Iterable[Document]) -> None:
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

    def take(self, step: Step) -> None:
        if not step.links:
            self._apply(step.key, step)
            return
        for key in dict.fromkeys(key for link in step.links for key in self.holding.get((link, step.key), ())):
            self._apply(key, step)

    def _apply(self, key: Any, step: Step) -> None:
        before = self.views.get(key)
        after = self.plan.fold(before, step.recorded) if step.folded else before
        if step.own:
            self.versions[key] = step.recorded.version
        if after is before and not (step.own and before is not None):
            return
        if after is not None and getattr(after, self.plan.model.key_field) != key:
            raise WrongKey
        self.views[key] = after
        self.changed[key] = step
        self._link(key, before, after)
        if self.past:
            self.past.change(key, step.recorded, None if after is None else self._document(key, after))

    def _link(self, key: Any, before: Any, after: Any) -> None:
        for name in self.plan.links:
            old, new = getattr(before, name, None), getattr(after, name, None)
            if old == new:
                continue
            if old is not None:
                del self.holding[name, old][key]
            if new is not None:
                self.holding.setdefault((name, new), {})[key] = None

    def folded(self) -> Folded:
        added: list[Document] = []
        replaced: list[Document] = []
        removed: list[Any] = []
        for key, step in self.changed.items():
            stored, view = self.stored.get(key), self.views[key]
            if view is None:
                removed += [stored["_id"]] if stored else []
                continue
            try:
                document = self._document(key, view)
            except Exception as error:
                raise FoldFailed(step.recorded, step.unit, error) from error
            if self.past:
                document |= self.past.since(key)
            if stored is None:
                added.append(document)
            elif document != stored:
                replaced.append(document)
        touched = [*removed, *(each["_id"] for each in (*added, *replaced))]
        past = self.past.changes(self.changed) if self.past else None
        return Folded(added, replaced, removed, (), touched, past)

    def _document(self, key: Any, view: Any) -> Document:
        model = self.plan.model
        version = {VERSION: self.versions.get(key, 0)} if model.stream else {}
        return encoder(model.view, model.key_field)(view) | version


@dataclass
class _Journal:
    plan: Plan
    last: dict[Any, Any] = field(default_factory=dict[Any, Any])
    lines: list[Document] = field(default_factory=list[Document])
    changed: dict[Any, Document] = field(default_factory=dict[Any, Document])

    def load(self, documents: Iterable[Document]) -> None:
        model = self.plan.model
        decode = decoder(model.view, model.key_field)
        for document in documents:
            view = decode(document)
            self.last[getattr(view, model.key_field)] = view

    def take(self, step: Step) -> None:
        model = self.plan.model
        view = self.plan.fold(self.last.get(step.key), step.recorded)
        if view is None:
            return
        if getattr(view, model.key_field) != step.key:
            raise WrongKey
        document = encoder(model.view)(view)
        self.lines.append({"_id": line_id(step.recorded), **document})
        self.last[step.key] = view
        self.changed[step.key] = document

    def folded(self) -> Folded:
        name = self.plan.model.key_field
        latest = [
            {"_id": document[name], **{each: held for each, held in document.items() if each != name}}
            for document in self.changed.values()
        ]
        touched = [each["_id"] for each in latest]
        return Folded(added=self.lines, latest=() if self.plan.model.alone else latest, touched=touched)


def line_id(recorded: RecordedEvent) -> Int64:
    """The id of a journal's view: 1,000 events at most in a commit, so they follow each other in log order."""
    return Int64(recorded.position * 1_000 + recorded.index)
