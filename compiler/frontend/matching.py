"""`match`: afterwards there is none; each case is an `if` over tests that Python makes anyway, in Python's order.

A pattern becomes tests, joined by `and`, and captures. What is taken apart (a sequence, a mapping, an object) is
held by a walrus, so it is taken apart once. Names are bound after the whole pattern fits and before its guard.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .quote import assign, constant, expression, load, operator, place, store, when
from .rewriter import Rewriter
from .tree import Node, gast


@dataclass
class Fit:
    """What a pattern asks for, and the names it binds when it fits."""

    tests: list[Node] = field(default_factory=list)
    captures: list[tuple[str, Node]] = field(default_factory=list)

    def __iadd__(self, other: Fit) -> Fit:
        self.tests += other.tests
        self.captures += other.captures
        return self


class Matching(Rewriter):
    """
    Example:
        >>> from .sample import rewritten
        >>> print(rewritten(Matching, '''
        ... def f(n):
        ...     match n:
        ...         case 0 | 1:
        ...             return 'few'
        ...         case [first, *rest] if first:
        ...             return rest
        ...         case other:
        ...             return other
        ... '''))
        def f(n):
            subject_1 = n
            if subject_1 == 0 or subject_1 == 1:
                return 'few'
            elif (parts_1 := wf_.sequence(subject_1, 1, 0)) is not None and wf_.captured((first := parts_1[0]), (rest := parts_1[1])) and first:
                return rest
            else:
                other = subject_1
                return other
    """

    in_generators = True

    def visit_Match(self, node: Node) -> list[Node]:
        node.subject = self.visit(node.subject)
        subject = self.names.new("subject")
        return [place(assign(subject, node.subject), node), *self.cases(node.cases, subject)]

    def cases(self, cases: list[Node], subject: str) -> list[Node]:
        """The cases as one chain of branches."""
        if not cases:
            return []
        case, *others = cases
        fit = self.fit(case.pattern, load(subject))
        binding = [place(assign(name, value), case.pattern) for name, value in fit.captures]
        if case.guard is not None:
            fit.tests += [_captured(fit)] * bool(binding) + [self.visit(case.guard)]
            binding = []
        body = [*binding, *self.statements(case.body)]
        if not fit.tests:
            return body
        return [place(when(_all(fit.tests), body, self.cases(others, subject)), case.pattern)]

    def fit(self, pattern: Node, subject: Node) -> Fit:
        """What it takes for a subject to fit a pattern; each test stands where its pattern stands."""
        method = getattr(self, f"fit_{type(pattern).__name__}")
        return method(pattern, subject)

    def fit_MatchValue(self, pattern: Node, subject: Node) -> Fit:
        return Fit([expression("subject == value", pattern, subject=subject, value=self.visit(pattern.value))])

    def fit_MatchSingleton(self, pattern: Node, subject: Node) -> Fit:
        return Fit([expression("subject is value", pattern, subject=subject, value=constant(pattern.value))])

    def fit_MatchAs(self, pattern: Node, subject: Node) -> Fit:
        fit = Fit() if pattern.pattern is None else self.fit(pattern.pattern, subject)
        if pattern.name is not None:
            fit.captures.append((pattern.name, subject))
        return fit

    def fit_MatchOr(self, pattern: Node, subject: Node) -> Fit:
        fits = [self.fit(one, subject) for one in pattern.patterns]
        held = {name: self.names.new(name) for name, _ in fits[0].captures}
        for fit in fits:
            if held:
                fit.tests.append(_captured(Fit([], [(held[name], value) for name, value in fit.captures])))
        choice = gast.BoolOp(op=gast.Or(), values=[_all(fit.tests) for fit in fits])
        return Fit([place(choice, pattern)], [(name, load(temporary)) for name, temporary in held.items()])

    def fit_MatchSequence(self, pattern: Node, subject: Node) -> Fit:
        stars = [isinstance(one, gast.MatchStar) for one in pattern.patterns]
        after = constant(len(stars) - stars.index(True) - 1 if True in stars else None)
        before = constant(stars.index(True) if True in stars else len(stars))
        return self.parts("parts", pattern, operator("sequence", subject, before, after), pattern.patterns)

    def fit_MatchStar(self, pattern: Node, subject: Node) -> Fit:
        return Fit([], [] if pattern.name is None else [(pattern.name, subject)])

    def fit_MatchMapping(self, pattern: Node, subject: Node) -> Fit:
        keys = gast.Tuple(elts=[self.visit(key) for key in pattern.keys], ctx=gast.Load())
        patterns = list(pattern.patterns)
        if pattern.rest is not None:
            patterns.append(gast.MatchAs(pattern=None, name=pattern.rest))
        taken = operator("mapping", subject, keys, constant(pattern.rest is not None))
        return self.parts("values", pattern, taken, patterns)

    def fit_MatchClass(self, pattern: Node, subject: Node) -> Fit:
        names = gast.Tuple(elts=[constant(name) for name in pattern.kwd_attrs], ctx=gast.Load())
        count = constant(len(pattern.patterns))
        taken = operator("instance", subject, self.visit(pattern.cls), count, names)
        return self.parts("attributes", pattern, taken, [*pattern.patterns, *pattern.kwd_patterns])

    def parts(self, idea: str, pattern: Node, taken: Node, patterns: list[Node]) -> Fit:
        """The test that something can be taken apart, and those of its parts."""
        name = self.names.new(idea)
        fit = Fit([expression("(parts := taken) is not None", pattern, parts=name, taken=taken)])
        for i, one in enumerate(patterns):
            fit += self.fit(one, expression("parts[i]", pattern, parts=name, i=constant(i)))
        return fit


def _captured(fit: Fit) -> Node:
    walruses = [gast.NamedExpr(target=store(name), value=value) for name, value in fit.captures]
    return operator("captured", *walruses)


def _all(tests: list[Node]) -> Node:
    if not tests:
        return constant(True)
    if len(tests) == 1:
        return tests[0]
    return place(gast.BoolOp(op=gast.And(), values=tests), tests[0])
