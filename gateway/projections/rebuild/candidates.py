"""What a rebuild is asked for, and which editions it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.application.model import Model, ReadModel
from gateway.errors import RebuildRefused
from gateway.mongo.checkpoints import Checkpoint, id_of
from gateway.mongo.live import Live, Lives
from gateway.projections.editions import fits, own, unused


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: read models by name, none being all that have changed; all of them with `every`.

    With `dry` everything is built and compared and nothing is kept; with `back` the edition of this code that was
    live last becomes live again.
    """

    names: tuple[str, ...] = ()
    every: bool = False
    dry: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """An edition that may become live in the place of another, the first one where there is none.

    `begun` says that there was nothing of it before.
    """

    model: ReadModel
    live: Live | None
    begun: bool

    @property
    def id(self) -> str:
        return id_of(self.model)

    @property
    def anew(self) -> bool:
        """Whether it is of the same version and shape as the live one: nobody begins it but a rebuild."""
        return self.live is not None and fits(self.model, self.live)


async def chosen(model: Model, lives: Lives, wish: Wish) -> list[Candidate]:
    """The editions that a wish is about. Raises RebuildRefused where there can't be any."""
    models = {each.name: each for each in model.read_models}
    for name in wish.names:
        if name not in models:
            raise RebuildRefused(f"There is no read model {name}; there are {', '.join(models)}.")
    now, editions = await lives.all(), await lives.editions()
    wanted = [models[name] for name in wish.names] or [*models.values()]
    if wish.back:
        found = [_back(each, now.get(each.name), editions) for each in wanted]
    else:
        forced = wish.every or bool(wish.names)
        found = [_anew(each, now.get(each.name), editions, forced) for each in wanted]
    if wish.back and not any(found):
        raise RebuildRefused("This release has no edition that was live before; nothing was changed.")
    return [each for each in found if each]


def _anew(model: ReadModel, now: Live | None, editions: Sequence[Checkpoint], forced: bool) -> Candidate | None:
    """The edition of this code if it was never live; where it was, another one of the same version, if forced."""
    mine, there = own(model, editions, now), {each.id for each in editions}
    if id_of(mine) not in asked(now):
        return Candidate(mine, now, id_of(mine) not in there)
    return Candidate(replace(model, generation=unused(model, editions)), now, True) if forced else None


def _back(model: ReadModel, now: Live | None, editions: Sequence[Checkpoint]) -> Candidate | None:
    """The edition of this code that was live last."""
    mine = {each.id: each for each in editions if fits(model, each)}
    found = next((mine[each] for each in reversed(now.past if now else ()) if each in mine), None)
    return Candidate(replace(model, generation=found.generation), now, False) if found else None


def resumed(chosen: Candidate, left: Checkpoint) -> Candidate:
    """The edition that a killed rebuild had begun, if it is one that this one would build."""
    if not chosen.begun or not fits(chosen.model, left) or left.id in asked(chosen.live):
        return chosen
    return replace(chosen, model=replace(chosen.model, generation=left.generation))


def asked(now: Live | None) -> tuple[str, ...]:
    """The editions that are live or were it."""
    return (*now.past, now.edition) if now else ()
