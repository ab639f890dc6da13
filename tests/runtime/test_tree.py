"""Trees come apart and together again."""

import collections
import dataclasses

import pytest

from weft.runtime import tree
from weft.runtime.errors import ArgumentError

Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass(frozen=True)
class State:
    position: tuple
    velocity: dict


TREES = [
    5,
    None,
    (),
    [1, (2, 3)],
    {"b": 1, "a": [2, {}]},
    Point(1, Point(2, 3)),
    State((1, 2), {"v": 3}),
    collections.OrderedDict(z=1, y=2),
]


@pytest.mark.parametrize("value", TREES, ids=repr)
def test_flatten_and_unflatten_are_inverse(value):
    leaves, structure = tree.flatten(value)
    again = tree.unflatten(structure, leaves)
    assert again == value
    assert type(again) is type(value)
    assert structure.leaves == len(leaves)


@pytest.mark.parametrize("value", TREES, ids=repr)
def test_map_keeps_the_structure(value):
    doubled = tree.map(lambda x: (x or 0) * 2, value)
    assert tree.leaves(doubled) == [(x or 0) * 2 for x in tree.leaves(value)]
    assert tree.flatten(doubled)[1] == tree.flatten(value)[1]


def test_map_over_trees_of_other_structure_is_refused():
    with pytest.raises(ArgumentError, match=r"trees differ: list\(\*, \*\) and list\(\*\)"):
        tree.map(lambda x, y: x, [1, 2], [1])


def test_paths_name_every_leaf():
    value = {"layers": [Point(1, 2), State((3,), {"v": 4})]}
    assert dict(tree.paths(value)) == {
        "layers.0.x": 1,
        "layers.0.y": 2,
        "layers.1.position.0": 3,
        "layers.1.velocity.v": 4,
    }
