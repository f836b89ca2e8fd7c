"""Small applications called shop, each with an edit that changes what its states are."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Shop:
    """The module `state` with its function `evolve`, an edit of one of the files, and the other modules."""

    state: str
    edit: tuple[str, str]
    others: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def files(self) -> dict[str, str]:
        return {"__init__.py": "", "state.py": self.state, **self.others}

    @property
    def edited(self) -> dict[str, str]:
        return {name: text.replace(*self.edit) for name, text in self.files.items()}


EDITS = {
    "an attribute of an enum's member": Shop(
        """
from enum import Enum
class Currency(Enum):
    EUR = ("EUR", 2)
    def __new__(cls, code, decimals):
        self = object.__new__(cls); self._value_ = code; self.decimals = decimals
        return self
def evolve(state: int, event: int) -> int: return state + event * 10 ** Currency.EUR.decimals
""",
        ('"EUR", 2', '"EUR", 3'),
    ),
    "a dict in an enum": Shop(
        """
from enum import Enum
class Rate(Enum):
    A = {"x": 1}
def evolve(state, event): return state + event * Rate.A.value["x"]
""",
        ('"x": 1}', '"x": 2}'),
    ),
    "the order of a dict": Shop(
        """
TIERS = {10: 2, 100: 3}
def evolve(state, event): return state + next(f for limit, f in TIERS.items() if event >= limit)
""",
        ("{10: 2, 100: 3}", "{100: 3, 10: 2}"),
    ),
    "a dict's own method": Shop(
        """
rate = {"a": 19}.get
def evolve(state, event): return state + rate("a")
""",
        ("19", "20"),
    ),
    "an object with a text of its own": Shop(
        """
class Tariff:
    def __init__(self, rate): self.rate = rate
    def __repr__(self): return "Tariff"
T = Tariff(19)
def evolve(state, event): return state + T.rate
""",
        ("Tariff(19)", "Tariff(20)"),
    ),
    "a str that carries more": Shop(
        """
class Unit(str):
    def __new__(cls, name, factor):
        self = str.__new__(cls, name); self.factor = factor; return self
CENT = Unit("cent", 100)
def evolve(state, event): return state + CENT.factor
""",
        ('"cent", 100', '"cent", 1'),
    ),
    "the end of a long pattern": Shop(
        """
import re

PATTERN = re.compile("(" + "|".join(["word"] * 40) + "|last)")
def evolve(state, event): return state + bool(PATTERN.match(event))
""",
        ("|last", "|final"),
    ),
    "what a decorator's object holds": Shop(
        """
import functools
class scaled:
    def __init__(self, f, by): functools.update_wrapper(self, f, updated=()); self.f, self.by = f, by
    def __call__(self, *a): return self.f(*a) * self.by
def plus(a, b): return a + b
add = scaled(plus, 2)
def evolve(state, event): return add(state, event)
""",
        ("plus, 2", "plus, 3"),
    ),
    "what only a decorated function still knows": Shop(
        """
import functools, pydoc
named = functools.wraps(pydoc.locate("shop.hidden.price"))(lambda *a: 1)
def evolve(state, event): return state + named.__wrapped__(event)
""",
        ("event * 2", "event * 3"),
        {"hidden.py": "def price(event): return event * 2\n"},
    ),
    "what an except is for": Shop(
        """
def evolve(state, event):
    try:
        a = state.parse(event)
        b = state.plus(a)
    except ValueError:
        return state
    return b
""",
        (
            "        b = state.plus(a)\n    except ValueError:\n        return state\n    return b",
            "    except ValueError:\n        return state\n    b = state.plus(a)\n    return b",
        ),
    ),
    "a name with underscores": Shop(
        """
__RATE = 19
def evolve(state, event): return state + __RATE
""",
        ("19", "20"),
    ),
    "the context of decimals": Shop(
        """
import decimal
decimal.getcontext().prec = 28
def evolve(state, event): return state / event
""",
        ("28", "6"),
    ),
    "a named tuple": Shop(
        """
from typing import NamedTuple
class P(NamedTuple):
    x: int = 1
def evolve(state, event): return state + P().x
""",
        ("= 1", "= 2"),
    ),
    "a dataclass made by a call": Shop(
        """
from dataclasses import make_dataclass, field
P = make_dataclass('P', [('x', int, field(default=1))])
def evolve(state, event): return state + P().x
""",
        ("default=1", "default=2"),
    ),
    "an implementation by type": Shop(
        """
from functools import singledispatch
@singledispatch
def one(e, s): return s
@one.register
def _(e: int, s): return s + 1
def evolve(state, event): return one(event, state)
""",
        ("s + 1", "s + 2"),
    ),
    "an implementation in another module": Shop(
        """
from shop.disp import one
import shop.impl
def evolve(state, event): return one(event, state)
""",
        ("s + 1", "s + 2"),
        {
            "disp.py": "from functools import singledispatch\n@singledispatch\ndef one(e, s): return s\n",
            "impl.py": "from shop.disp import one\n@one.register\ndef _(e: int, s): return s + 1\n",
        },
    ),
    "a cached property": Shop(
        """
from functools import cached_property
class P:
    @cached_property
    def x(self): return 1
def evolve(state, event): return state + P().x
""",
        ("return 1", "return 2"),
    ),
    "a table that another module fills": Shop(
        """
from shop.reg import TABLE
import shop.impl
def evolve(state, event): return TABLE[0](state)
""",
        ("s + 1", "s + 2"),
        {"reg.py": "TABLE = []\n", "impl.py": "from shop.reg import TABLE\nTABLE.append(lambda s: s + 1)\n"},
    ),
    "an attribute that is no field": Shop(
        """
from dataclasses import dataclass
@dataclass
class T:
    name: str
t = T("a"); t.rate = 19
def evolve(state, event): return state + t.rate
""",
        ("19", "20"),
    ),
    "an attribute of a dict": Shop(
        """
class Table(dict):
    default = 0
    def __missing__(self, k): return self.d
T = Table(); T.d = 19
def evolve(state, event): return state + T["x"]
""",
        ("19", "20"),
    ),
    "an evolve that passes over dropped events": Shop(
        """
from gateway.application.upcasting import passing_over
def evolve(state, event): return state + 1
evolve = passing_over(evolve)
""",
        ("+ 1", "+ 2"),
    ),
    "what a function encloses": Shop(
        """
def mk(r):
    def f(s, e): return s + r
    return f
evolve = mk(1)
""",
        ("mk(1)", "mk(2)"),
    ),
    "an object's method": Shop(
        """
class Tariff:
    def __init__(self, r): self.r = r
    def __repr__(self): return "T"
    def add(self, s): return s + self.r
add = Tariff(1).add
def evolve(state, event): return add(state)
""",
        ("Tariff(1)", "Tariff(2)"),
    ),
    "an itemgetter": Shop(
        """
from operator import itemgetter
g = itemgetter(1)
def evolve(s, e): return s + g(e)
""",
        ("itemgetter(1)", "itemgetter(2)"),
    ),
    "an object in a read-only mapping": Shop(
        """
from types import MappingProxyType
class R:
    def __init__(s, r): s.r = r
    def __repr__(s): return 'R'
T = MappingProxyType({'a': R(1)})
def evolve(s, e): return s + T['a'].r
""",
        ("R(1)", "R(2)"),
    ),
    "a function in a read-only mapping": Shop(
        """
from types import MappingProxyType
T = MappingProxyType({'a': lambda s: s + 1})
def evolve(s, e): return T['a'](s)
""",
        ("s + 1", "s + 2"),
    ),
    "a constant beside an installed package": Shop(
        """
from bson import Int64
A = 1
def evolve(s, e): return s + A
""",
        ("A = 1", "A = 2"),
    ),
    "a chain of mappings": Shop(
        """
from collections import ChainMap
T = ChainMap({'a': 1})
def evolve(s, e): return s + T['a']
""",
        ("'a': 1", "'a': 2"),
    ),
    "the order of a pattern's attributes": Shop(
        """
class A:
    __match_args__ = ('x','y')
    def __init__(s, x, y): s.x, s.y = x, y
def evolve(s, e):
    match e:
        case A(x): return s + x
    return s
""",
        ("('x','y')", "('y','x')"),
    ),
    "a descriptor": Shop(
        """
class D:
    def __init__(s, r): s.r = r
    def __get__(s, i, o=None): return s.r
class A:
    x = D(1)
def evolve(s, e): return s + A.x
""",
        ("D(1)", "D(2)"),
    ),
    "a range": Shop(
        """
R = range(3)
def evolve(s, e): return s + len(R)
""",
        ("range(3)", "range(4)"),
    ),
    "an object in a set": Shop(
        """
class K:
    def __init__(s, r): s.r = r
    def __repr__(s): return 'K'
R = {K(1)}
def evolve(s, e): return s + sum(k.r for k in R)
""",
        ("K(1)", "K(2)"),
    ),
    "a tuple with a text of its own": Shop(
        """
import reprlib
class K(tuple):
    __repr__ = lambda s: 'K'
R = K((1,2))
def evolve(s, e): return s + R[0]
""",
        ("(1,2)", "(2,2)"),
    ),
    "a fraction": Shop(
        """
from fractions import Fraction
R = Fraction(1,2)
def evolve(s, e): return s + R
""",
        ("1,2", "1,3"),
    ),
    "an array": Shop(
        """
from array import array
R = array('i', range(3))
def evolve(s, e): return s + R[1]
""",
        ("range(3)", "range(1,4)"),
    ),
    "a context of its own": Shop(
        """
from decimal import Context
C = Context(prec=9)
def evolve(s, e): return C.divide(s, e)
""",
        ("prec=9", "prec=3"),
    ),
    "a namespace": Shop(
        """
from types import SimpleNamespace as N
C = N(a=1, f=N(b=1))
def evolve(s, e): return s + C.a
""",
        ("a=1", "a=2"),
    ),
}

UNTOLD = {
    "an import in a function": Shop(
        """
def evolve(state, event):
    from shop.lazy import RATE
    return state + RATE
""",
        ("19", "20"),
        {"lazy.py": "RATE = 19\n"},
    ),
    "a relative import in a function": Shop(
        """
def evolve(state, event):
    from .lazy import RATE
    return state + RATE
""",
        ("19", "20"),
        {"lazy.py": "RATE = 19\n"},
    ),
    "an import by a text": Shop(
        """
import importlib
def evolve(state, event):
    return state + importlib.import_module('shop.lazy').RATE
""",
        ("19", "20"),
        {"lazy.py": "RATE = 19\n"},
    ),
    "a function made of a text": Shop(
        """
ns = {}
exec('def f(s): return s + 1', ns)
f = ns['f']
def evolve(s, e): return f(s)
""",
        ("s + 1", "s + 2"),
    ),
    "a module that was taken out": Shop(
        """
import sys
from shop.gone import f
del sys.modules['shop.gone']
def evolve(s, e): return f(s)
""",
        ("s + 1", "s + 2"),
        {"gone.py": "def f(s): return s + 1\n"},
    ),
    "an object in a default": Shop(
        """
class Unit:
    pass
def evolve(state, event, unit=Unit()): return state
""",
        ("state", "now"),
    ),
    "a function that is no plain one": Shop(
        """
from functools import partial
evolve = partial(max, 1)
""",
        ("state", "now"),
    ),
    "an object that is enclosed": Shop(
        """
class Unit:
    pass
def made(unit):
    def evolve(state, event): return unit
    return evolve
evolve = made(Unit())
""",
        ("state", "now"),
    ),
    "a module that is not there": Shop(
        """
try:
    import quicker
except ImportError:
    quicker = None
def evolve(state, event): return state
""",
        ("state", "now"),
    ),
}
"""Shops whose code can't be told."""

WHY = {
    "an import in a function": "is not loaded",
    "a relative import in a function": "is not loaded",
    "an import by a text": "only a computed text names",
    "a function made of a text": "only a computed text names",
    "a module that was taken out": "is not loaded",
    "an object in a default": "no plain function",
    "a function that is no plain one": "no plain function",
    "an object that is enclosed": "no plain function",
    "a module that is not there": "is not loaded",
}
