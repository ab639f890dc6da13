"""Places: afterwards only names are assigned to; items and attributes are set, and deleted, by operators.

`x[i] = v` becomes `x = wf_.set_item(x, i, v)`: a tensor is a value, so the name is bound anew. What is set in a part
of something (`a.b[i] = v`) is put back up the chain, where an operator sees to it that Python's own objects, which
change in place, are not set again. Each part is evaluated once, in Python's order.
"""

from __future__ import annotations

from collections.abc import Callable

from .quote import assign, constant, load, operator, place, store
from .rewriter import Rewriter, after_docstring
from .scope import Names, declared, local_names
from .tree import Node, gast

SIMPLE = (gast.Name, gast.Constant)
ARITHMETIC = (gast.BinOp, gast.UnaryOp, gast.Tuple, gast.Slice)
PLACES = (gast.Subscript, gast.Attribute)
Change = Callable[[Node], Node]


class Items(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Items, '''
        ... def f(x, o):
        ...     x[0] = 1
        ...     x[1] += 2
        ...     o.a[1:] = x
        ...     del o.b
        ... '''))
        def f(x, o):
            x = wf_.set_item(x, 0, 1)
            part_1 = wf_.get_item(x, 1)
            part_1 += 2
            x = wf_.set_item(x, 1, part_1)
            part_2 = wf_.get_attr(o, 'a')
            wf_.put_attr(o, 'a', part_2, wf_.set_item(part_2, wf_.slice(1, None), x))
            wf_.del_attr(o, 'b')
    """

    in_generators = True

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.rebindable: set[str] = set(names.free)  # the names that a function may bind anew
        self.mine: set[str] = set()  # those that it binds already
        self.borrowed: list[str] = []  # those of a function around that it binds from now on
        self.reading: Node = None  # how the place that was last taken apart is read

    def inside(self, node: Node) -> None:
        saved = self.rebindable, self.mine, self.borrowed
        mine = set(local_names(node)) | set(declared(node.body, gast.Nonlocal))
        world = set(declared(node.body, gast.Global))
        self.rebindable, self.mine, self.borrowed = (self.rebindable | mine) - world, mine, []
        super().inside(node)
        if self.borrowed:
            at = after_docstring(node.body)
            node.body.insert(at, place(gast.Nonlocal(names=self.borrowed), node))
        self.rebindable, self.mine, self.borrowed = saved

    # --- assignments ----------------------------------------------------------------------------------------------

    def visit_Assign(self, node: Node) -> list[Node]:
        if all(_is_plain(target) for target in node.targets):
            self.generic_visit(node)
            return [node]
        made: list[Node] = []
        value = node.value = self.visit(node.value)
        if len(node.targets) > 1 or not _is_simple(value) or isinstance(node.targets[0], (gast.Tuple, gast.List)):
            single = len(node.targets) == 1 and isinstance(node.targets[0], (gast.Tuple, gast.List))
            value = value if single else self.held("value", value, made)
        for target in node.targets:
            made += self.assigned(target, value, node)
        return made

    def assigned(self, target: Node, value: Node, old: Node) -> list[Node]:
        """Statements that assign a value to a target of any kind."""
        if _is_plain(target):
            return [place(gast.Assign(targets=[target], value=value, type_comment=None), old)]
        if isinstance(target, PLACES):
            made: list[Node] = []
            change = self.place_of(target, made)
            return [*made, change(value)]
        names = [self.names.new("target") for _ in target.elts]
        taken = [
            gast.Starred(value=store(name), ctx=gast.Store()) if isinstance(part, gast.Starred) else store(name)
            for name, part in zip(names, target.elts, strict=True)
        ]
        unpacked = gast.Assign(targets=[gast.Tuple(elts=taken, ctx=gast.Store())], value=value, type_comment=None)
        made = [place(unpacked, old)]
        for name, part in zip(names, target.elts, strict=True):
            inner = part.value if isinstance(part, gast.Starred) else part
            made += self.assigned(inner, place(load(name), part), old)
        return made

    def visit_AugAssign(self, node: Node) -> list[Node]:
        if isinstance(node.target, gast.Name):
            node.value = self.visit(node.value)
            return [node]
        made: list[Node] = []
        change = self.place_of(node.target, made)
        part = self.held("part", self.reading, made)
        node.value = self.visit(node.value)
        added = gast.AugAssign(target=store(part.id), op=node.op, value=node.value)
        return [*made, place(added, node), change(load(part.id))]

    def visit_Delete(self, node: Node) -> list[Node]:
        made: list[Node] = []
        for target in _flat(node.targets):
            if isinstance(target, gast.Name):
                made.append(place(gast.Delete(targets=[target]), node))
            else:
                self.place_of(target, made, delete=True)
        return made

    def visit_For(self, node: Node) -> Node:
        target, node.target, before = self.target(node.target)
        self.generic_visit(node)
        node.body = [*(self.assigned(target, before, target) if before else []), *node.body]
        return node

    def visit_With(self, node: Node) -> Node:
        first: list[Node] = []
        for item in node.items:
            item.context_expr = self.visit(item.context_expr)
            if item.optional_vars is not None:
                target, item.optional_vars, before = self.target(item.optional_vars)
                first += self.assigned(target, before, target) if before else []
        node.body = [*first, *self.statements(node.body)]
        return node

    def target(self, target: Node) -> tuple[Node, Node, Node | None]:
        """A target, the name that takes its place, and the value of that."""
        if _is_plain(target):
            return target, target, None
        name = self.names.new("target")
        return target, place(store(name), target), place(load(name), target)

    # --- places ---------------------------------------------------------------------------------------------------

    def place_of(self, target: Node, made: list[Node], delete: bool = False) -> Change:
        """Evaluate what a place consists of; what comes back makes the statement that sets it."""
        owner, put_back = self.owner(target.value, made)
        if isinstance(target, gast.Attribute):
            name = constant(target.attr)
            self.reading = place(operator("get_attr", owner(), name), target)
            if delete:
                made.append(_statement(operator("del_attr", owner(), name), target))
            return lambda value: _statement(operator("set_attr", owner(), name, value), target)
        where = self.index(target.slice, made)
        self.reading = place(operator("get_item", owner(), where()), target)
        if delete:
            made.append(put_back(place(operator("del_item", owner(), where()), target), target))
        return lambda value: put_back(place(operator("set_item", owner(), where(), value), target), target)

    def owner(self, node: Node, made: list[Node]) -> tuple[Callable[[], Node], Callable[[Node, Node], Node]]:
        """How to read what holds a place, and how to say that it became something new."""
        if isinstance(node, gast.Name):
            known = node.id in self.rebindable
            if known and node.id not in self.mine:
                self.borrow(node.id)
            keep = (lambda new, old: place(assign(node.id, new), old)) if known else _statement
            return (lambda: place(load(node.id), node)), keep
        if not isinstance(node, PLACES):
            part = self.held("part", self.visit(node), made)
            return (lambda: place(load(part.id), node)), _statement
        outer, put_back = self.owner(node.value, made)
        part = self.names.new("part")
        if isinstance(node, gast.Attribute):
            name = constant(node.attr)
            made.append(place(assign(part, place(operator("get_attr", outer(), name), node)), node))
            return (lambda: load(part)), lambda new, old: _statement(
                operator("put_attr", outer(), name, load(part), new), old
            )
        where = self.index(node.slice, made)
        made.append(place(assign(part, place(operator("get_item", outer(), where()), node)), node))
        return (lambda: load(part)), lambda new, old: put_back(
            place(operator("put_item", outer(), where(), load(part), new), old), old
        )

    def borrow(self, name: str) -> None:
        """Let the innermost function rebind a name of one around it."""
        self.mine.add(name)
        self.borrowed.append(name)

    def index(self, node: Node, made: list[Node]) -> Callable[[], Node]:
        """How to say an index that is evaluated once."""
        node = index_value(self.visit(node))
        if _is_simple(node):
            return lambda: node
        name = self.held("index", node, made).id
        return lambda: load(name)

    def held(self, idea: str, value: Node, made: list[Node]) -> Node:
        """A value under a name of its own."""
        name = self.names.new(idea)
        made.append(place(assign(name, value), value))
        return place(load(name), value)


def index_value(node: Node) -> Node:
    """An index as an expression, which slices are only inside brackets."""
    if isinstance(node, gast.Slice):
        limits = [place(constant(None), node) if part is None else part for part in (node.lower, node.upper)]
        return place(operator("slice", *limits, *([node.step] if node.step is not None else [])), node)
    if isinstance(node, gast.Tuple):
        node.elts = [index_value(part) for part in node.elts]
    return node


def _statement(value: Node, old: Node) -> Node:
    return place(gast.Expr(value=place(value, old)), old)


def _is_plain(target: Node) -> bool:
    if isinstance(target, gast.Starred):
        return _is_plain(target.value)
    if isinstance(target, (gast.Tuple, gast.List)):
        return all(_is_plain(part) for part in target.elts)
    return isinstance(target, gast.Name)


def _is_simple(value: Node) -> bool:
    """Whether it makes no difference when, or how often, a value is evaluated."""
    if isinstance(value, gast.Call):
        return _is_slice(value) and all(_is_simple(part) for part in value.args)
    if isinstance(value, ARITHMETIC):
        parts = [getattr(value, field, None) for field in ("left", "right", "operand")]
        return all(part is None or _is_simple(part) for part in [*parts, *getattr(value, "elts", [])])
    return isinstance(value, SIMPLE)


def _is_slice(value: Node) -> bool:
    return isinstance(value.func, gast.Attribute) and value.func.attr == "slice"


def _flat(targets: list[Node]) -> list[Node]:
    return [
        part
        for target in targets
        for part in (_flat(target.elts) if isinstance(target, (gast.Tuple, gast.List)) else [target])
    ]
