"""What follows a product at once: maps that read it at its own place, and nowhere else.

They run on each block of the result while it is in the cache, and the product itself need not be kept. This file decides
which groups of maps join a product, and prints nothing.
"""

from __future__ import annotations

from typing import Any

from ...runtime.dim import likely
from ...runtime.op import Node
from ...runtime.spec import size
from ..graph.graph import Graph
from ..graph.symbolic import SymbolicTensor
from . import views
from .groups import Fusion, Group, is_gathered
from .places import SMALL
from .products import is_product
from .views import Indices, is_one

WIDE = 32  # elements of a row from which on rows need not be joined to fill vectors


class FollowedFusion(Fusion):
    """The groups of one region, products among them that maps follow."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        for group in list(self.groups):
            if group.kind == "map" and group.space and likely(group.space[-1]) >= WIDE and size(group.space) > SMALL:
                self.follow(group)

    def follow(self, maps: Group) -> None:
        """Join maps to the last product that they can follow."""
        products = [group for group in self.groups if group.kind == "other" and self.reach.depends(maps, group)]
        for product in sorted(products, key=lambda group: -group.number):
            node = product.nodes[0]
            if is_product(node) and self.can_follow(maps, product):
                return self.join(maps, product)

    def can_follow(self, maps: Group, product: Group) -> bool:
        """Whether maps read a product, each element where they write theirs, and nothing stands between."""
        z: Any = product.nodes[0].outputs[0]
        if z.shape != maps.space or all(self.base(x) is not z for node in self.members(maps) for x in node.inputs):
            return False
        return not self.reach.between(product, maps) and self.reads_in_place(maps, z)

    def members(self, group: Group) -> list[Node]:
        """The nodes that a group computes."""
        return [*group.inlined, *group.nodes]

    def reads_in_place(self, maps: Group, z: SymbolicTensor) -> bool:
        """Whether a value is read at the place of the element that is computed, however it is reached."""
        own = self.own_index(z.shape, maps)
        inside = {y.key for node in self.members(maps) for y in node.outputs}
        seen: set[tuple[int, Indices]] = set()

        def fits(x: Any, index: Indices) -> bool:
            if not isinstance(x, SymbolicTensor) or (x.key, index) in seen:
                return True
            seen.add((x.key, index))
            if x.key == z.key:
                return all(is_one(n) or a == b for n, a, b in zip(z.shape, index, own, strict=True))
            node = self.makers.get(x.key)
            if node is None:
                return True
            if self.kinds[id(node)] == "view":
                return fits(node.inputs[0], views.operand_index(node, index))
            return x.key not in inside or all(
                self.base(y) is not z if is_gathered(node, i) else fits(y, self.into(node, y, index))
                for i, y in enumerate(node.inputs)
            )

        return all(fits(node.outputs[0], own) for node in maps.nodes)

    def join(self, maps: Group, product: Group) -> None:
        """Let a product be followed by maps."""
        product.kind, product.space = "product", maps.space
        product.nodes += maps.nodes
        product.inlined = maps.inlined
        for node in self.members(maps):
            self.group_of.update({y.key: product for y in node.outputs})
        del self.groups[maps]
        self.reach.join(product, maps)
