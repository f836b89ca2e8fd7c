"""Who waits aside: commands whose states are still being read, and whoever must not overtake them."""

from dataclasses import dataclass, field

from gateway.commands.deciding import Waiting


@dataclass
class Aside:
    """The commands that wait for states, in their order, and all streams on which nobody may overtake them."""

    commands: dict[Waiting, None] = field(default_factory=dict[Waiting, None])
    streams: set[str] = field(default_factory=set[str])
    over: bool = False
    "Whether they should be looked at again."

    def needs(self) -> set[str]:
        """The streams whose states are waited for: one that has come must not go before the others have."""
        return {stream for each in self.commands for stream in each.streams}

    def taken(self) -> list[Waiting]:
        """All of them: whoever still can't be decided is set aside anew."""
        commands = list(self.commands)
        self.commands, self.streams, self.over = {}, set(), False
        return commands
