"""Whatever goes wrong in whichever place, a plan answers as the ordinary executor does."""

import pytest

from tests.api.plans.things import things

pytestmark = pytest.mark.anyio

LEAVES = ["name", "id", "size", "maybeSize", "colour", "fails", "mayFail", "__typename"]
PLAIN = ["plain", "nothing", "mistake"]
NESTED = ["same", "loaded", "lost", "missing", "mayBeLost", "mayBeMissing"]
LISTS = ["all", "some", "perhaps", "any", "named", "held"]
HELD = ["", "t", "tn", "x", "tx", "ts", "tw", "tbtx"]
BELOW = [
    "{ name }",
    "{ name fails }",
    "{ name loaded { size } }",
    "{ name mayBeLost { name } }",
    "{ loaded { lost { name } } mayBeMissing { name } }",
    "{ loaded { loaded { fails } } }",
    "{ same { loaded { mayFail name } size } }",
]


@pytest.mark.parametrize("root", ["thing", "needed"])
@pytest.mark.parametrize("name", ["one", "bad", "broken"])
async def test_fields_of_one_object(root: str, name: str) -> None:
    both = things()
    for plain in PLAIN:
        await both.ask(f'{{ {root}(name: "{name}") {{ size {plain} {{ __typename }} }} }}')
        await both.ask(f'{{ {root}(name: "{name}") {{ {plain} {{ name }} loaded {{ size }} }} }}')
    for leaf in LEAVES:
        await both.ask(f'{{ {root}(name: "{name}") {{ name {leaf} }} other: {root}(name: "two") {{ size }} }}')
        for nested in NESTED:
            await both.ask(f'{{ {root}(name: "{name}") {{ a: size {nested} {{ {leaf} }} name }} }}')
            await both.ask(f'{{ {root}(name: "{name}") {{ same {{ {nested} {{ loaded {{ {leaf} }} }} }} }} }}')


@pytest.mark.parametrize("held", HELD)
@pytest.mark.parametrize("several", LISTS)
async def test_items_of_lists(several: str, held: str) -> None:
    both = things()
    for below in BELOW:
        inner = f"{{ __typename ... on Red {below} ... on Blue {{ name depth }} }}" if several == "any" else below
        await both.ask(f'{{ thing(name: "one", holds: "{held}") {{ name {several} {inner} }} }}')
        await both.ask(
            f'{{ needed(name: "one", holds: "{held}") {{ loaded {{ {several} {inner} }} mayBeLost {{ size }} }} }}'
        )


@pytest.mark.parametrize("second", ["change", "must"])
@pytest.mark.parametrize("name", ["one", "bad"])
async def test_mutations_one_after_the_other(second: str, name: str) -> None:
    both = things()
    for below in BELOW:
        await both.ask(
            f'mutation {{ a: change(name: "one") {below} b: {second}(name: "{name}") {below} '
            f'c: change(name: "three") {below} __typename }}'
        )


async def test_what_is_expected_is_answered_without_the_ordinary_executor() -> None:
    both = things()
    query = '{ thing(name: "one", holds: "ttb") { name id size colour __typename loaded { size } some { name } } }'
    await both.ask(query)
    assert both.executors == 1  # an item is of a type that the list does not hold
    await both.ask(query.replace("ttb", "ttn"))
    assert both.executors == 1
