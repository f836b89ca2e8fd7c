"""What the next command of a batch is decided on: the hot states, and over them what the ones before it leave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.application.model import CommandType, Digest
from gateway.commands.deciding import Waiting, stream_of
from gateway.commands.states import Hot, HotStates
from gateway.errors import CommandFailed


@dataclass
class Tentative:
    """The states of one round of decisions.

    A command that needs a stream which is not held waits aside until it is loaded. Whoever comes behind it and
    needs one of its streams waits too: on every stream commands keep their order.
    """

    hot: HotStates
    digest: Digest
    aside: set[str]
    "The streams, and where it is not known which ones the categories, of the commands that wait aside."
    changed: dict[str, Hot] = field(default_factory=dict[str, Hot])

    def of(self, waiting: Waiting) -> Mapping[str, Hot] | None:
        """The states of all streams that a command needs; None where it waits aside. Raises CommandFailed."""
        held = self._held(waiting.known)
        if held is None:
            self.aside.update(waiting.known, _categories(waiting.type))
            return None
        waiting.followed = followed(waiting, held, self.digest)
        more = self._held(waiting.followed.values())
        if more is None:
            self.aside.update(waiting.known, waiting.followed.values())
            return None
        return held | more

    def _held(self, streams: Iterable[str]) -> dict[str, Hot] | None:
        found: dict[str, Hot] = {}
        for name in streams:
            if self.aside and (name in self.aside or _category(name) in self.aside):
                return None
            hot = self.changed.get(name)
            if hot is None:
                if self.hot.missing([name]):
                    return None
                hot = self.hot[name]
            found[name] = hot
        return found


def followed(waiting: Waiting, held: Mapping[str, Hot], digest: Digest) -> dict[str, str]:
    """The streams that the states held lead to, by parameter. Raises CommandFailed."""
    found: dict[str, str] = {}
    for parameter in waiting.type.states:
        if parameter.follow is None:
            continue
        try:
            value = parameter.follow(**{name: waiting.state(name, held) for name in parameter.needs})
            if value is not None:
                found[parameter.field] = stream_of(parameter, value, digest)
        except Exception as error:
            raise CommandFailed(f"{waiting.type.name} failed; nothing was changed.") from error
    return found


def _categories(type_: CommandType) -> set[str]:
    return {each.kind.id.category for each in type_.states if each.follow}


def _category(stream: str) -> str:
    return stream.split("-", maxsplit=1)[0]
