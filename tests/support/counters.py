"""An application of counters, whose commands go wrong in every way in which a command can."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from gateway.application import Application, Stream

CounterId = NewType("CounterId", str)
ONE, TWO = CounterId("one"), CounterId("two")


@dataclass(frozen=True, slots=True)
class Increased:
    """A counter is higher."""

    counter: CounterId
    by: int


@dataclass(frozen=True, slots=True)
class Marked:
    """Somebody left a mark."""

    counter: CounterId
    mark: str


@dataclass(frozen=True, slots=True)
class Increase:
    """Increase a counter; by nothing, there is nothing to do."""

    counter: CounterId
    by: int = 1


@dataclass(frozen=True, slots=True)
class Burst:
    """Increase a counter by one so many times, in one commit."""

    counter: CounterId
    times: int


@dataclass(frozen=True, slots=True)
class Square:
    """Increase a counter by a number's square, however large that is."""

    counter: CounterId
    number: int


@dataclass(frozen=True, slots=True)
class Start:
    """Increase a counter that stands at zero; the function fails on any other."""

    counter: CounterId


@dataclass(frozen=True, slots=True)
class Reach:
    """Increase a counter that is below a limit."""

    counter: CounterId
    limit: int


@dataclass(frozen=True, slots=True)
class Hurry:
    """Increase a counter before a moment."""

    counter: CounterId
    before: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """Leave a mark of so many letters."""

    counter: CounterId
    mark: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Misbehave:
    """Answer with an event that is not declared."""

    counter: CounterId


@dataclass(frozen=True, slots=True)
class Compare:
    """Increase a counter that is not above another one."""

    counter: CounterId
    other: CounterId


@dataclass(frozen=True, slots=True)
class TooHigh:
    """The counter is at its limit."""

    counter: CounterId
    value: int


@dataclass(frozen=True, slots=True)
class TooLate:
    """The moment is over."""

    counter: CounterId

    def __bool__(self) -> bool:
        """A rejection may be whatever it likes."""
        return False


def evolve(value: int, event: Increased | Marked) -> int:
    match event:
        case Increased(by=13):
            raise ValueError("bad luck")
        case Increased():
            return value + event.by
        case Marked():
            return value


def increase(command: Increase, counter: int) -> Increased | None:
    return Increased(command.counter, command.by) if command.by else None


def burst(command: Burst, counter: int) -> tuple[Increased, ...]:
    return (Increased(command.counter, 1),) * command.times


def square(command: Square, counter: int) -> Increased:
    return Increased(command.counter, command.number**2)


def start(command: Start, counter: int) -> Increased:
    if counter:
        raise RuntimeError("It has started.")
    return Increased(command.counter, 1)


def reach(command: Reach, counter: int) -> Increased | TooHigh:
    return TooHigh(command.counter, counter) if counter >= command.limit else Increased(command.counter, 1)


def hurry(command: Hurry, counter: int, now: datetime) -> Increased | TooLate:
    return TooLate(command.counter) if now >= command.before else Increased(command.counter, 1)


def mark(command: Mark, counter: int) -> Marked:
    return Marked(command.counter, command.mark * command.times)


def misbehave(command: Misbehave, counter: int) -> Increased:
    return Marked(command.counter, "surprise")  # pyright: ignore[reportReturnType] # what a checker would refuse


def compare(command: Compare, counter: int, other: int) -> Increased | TooHigh:
    return TooHigh(command.counter, counter) if counter > other else Increased(command.counter, 1)


application = Application(
    [Stream(CounterId, 0, evolve)],
    [increase, burst, square, start, reach, hurry, mark, misbehave, compare],
    [],
)
