"""Sizes: what is known of the sizes of one trace, and what it was found to take for granted.

Each size has a name, the least that it can be, and, if it is that of an argument, a hint: what it is in the call that
is being traced. A question about sizes that what is known does not answer is answered from the hints, and the answer is
kept as a condition of the trace; without a hint it is an error, never a guess. After the trace nothing is added: a pass
that asks more is told that sizes differ where they may, and refused any other answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from . import polynomial
from .errors import SourceError, user_location
from .polynomial import Atom, Division, Polynomial

LEAST_KNOWN = 2  # of the size of an argument: traces for 0 and 1 are others, since these broadcast and vanish
DEEP = 8  # how often what is known is put into what is asked

_strict: ContextVar[bool] = ContextVar("strict", default=False)


@contextmanager
def strictly() -> Iterator[None]:
    """Refuse, in the `with` block, to say that sizes differ where they may not."""
    token = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(token)


class SizeError(SourceError):
    """A question about a size has no answer before the graph runs."""


@dataclass(frozen=True)
class Condition:
    """`left == 0`, `left != 0` or `left >= 0`, and the line that asked."""

    left: Polynomial
    sign: str
    where: str = field(default="", compare=False)

    def holds(self, values: Mapping[str, int]) -> bool:
        """Whether it is so for these sizes."""
        n = polynomial.evaluate(self.left, values)
        return n == 0 if self.sign == "==" else n != 0 if self.sign == "!=" else n >= 0

    def __str__(self) -> str:
        """With what is taken away on the right: `n >= 3`, `n == m`."""
        positive = polynomial.made({m: n for m, n in self.left if n > 0})
        negative = polynomial.made({m: -n for m, n in self.left if n < 0})
        return f"{polynomial.shown(positive)} {self.sign} {polynomial.shown(negative)}"

    @property
    def fixes(self) -> str | None:
        """The one size that it allows a single value."""
        atoms = [monomial for monomial, _ in self.left if monomial]
        single = self.sign == "==" and len(atoms) == 1 and len(atoms[0]) == 1
        return atoms[0][0] if single and isinstance(atoms[0][0], str) else None


class Sizes:
    """The named sizes of a trace."""

    def __init__(self) -> None:
        self.hints: dict[str, int] = {}
        self.least: dict[str, int] = {}
        self.conditions: dict[Condition, None] = {}  # in the order in which they were asked
        self.replaced: dict[Atom, Polynomial] = {}  # what equalities say
        self.open = False  # whether conditions may be added: while the function is being traced
        self.write: Callable[[Any], Any] | None = None  # gives a tensor of a size, while it is
        self.spell: Callable[[Polynomial], str] | None = None  # gives a size as C, while C is written

    @contextmanager
    def asked(self, write: Callable[[Any], Any]) -> Iterator[None]:
        """Let what is asked in the `with` block become conditions; `write` gives a tensor of a size."""
        self.open, self.write = True, write
        try:
            yield
        finally:
            self.open, self.write = False, None

    @contextmanager
    def spelled(self, spell: Callable[[Polynomial], str]) -> Iterator[None]:
        """Let sizes be written as `spell` says in the `with` block, and what is asked become conditions."""
        self.open, self.spell = True, spell
        try:
            yield
        finally:
            self.open, self.spell = False, None

    def add(self, name: str, hint: int | None = None, least: int = LEAST_KNOWN) -> str:
        """A new size, under this name or one like it."""
        new, i = name, 0
        while new in self.least:
            i += 1
            new = f"{name}_{i}"
        self.least[new] = least
        if hint is not None:
            self.hints[new] = hint
        return new

    def reduced(self, p: Polynomial) -> Polynomial:
        """A polynomial with what is known put in."""
        for _ in range(DEEP):
            q = _without_quotients(polynomial.substitute(p, self.replaced) if self.replaced else p)
            if q == p:
                break
            p = q
        return p

    def least_of(self, p: Polynomial) -> int | None:
        """A number that a polynomial is not below, if one is known."""
        low = {atom: self._atom_range(atom) for atom in polynomial.atoms(p)}
        shifts = {
            a: polynomial.add(polynomial.of_atom(a), polynomial.of_int(lo))
            for a, (lo, _) in low.items()
            if lo is not None
        }
        total = 0
        for monomial, n in polynomial.substitute(p, shifts):  # now every atom is 0 or more
            if monomial and n < 0:
                for atom in monomial:
                    lo, hi = low.get(atom) or self._atom_range(atom)
                    if hi is None:
                        return None
                    n *= hi - lo
            elif monomial:
                n = 0
            total += n
        return None if any(lo is None for lo, _ in low.values()) else total

    def _atom_range(self, atom: Atom) -> tuple[Any, int | None]:
        """The least and the most that an atom may be."""
        if isinstance(atom, str):
            return self.least.get(atom, 0), None
        divisor = polynomial.constant(atom.right)
        least_divisor = divisor if divisor is not None else self.least_of(atom.right)
        if least_divisor is None or least_divisor < 1:
            return None, None
        if atom.sign == "%":
            return 0, None if divisor is None else divisor - 1
        least = self.least_of(atom.left)
        if least is None:
            return None, None
        return (least // divisor if divisor is not None else min(least, 0)), None

    def known(self, p: Polynomial, sign: str) -> bool | None:
        """Whether `p == 0` or `p >= 0`, as far as that is decided."""
        p = self.reduced(p)
        n = polynomial.constant(p)
        if n is not None:
            return n == 0 if sign == "==" else n >= 0
        q = polynomial.multiply(p, polynomial.of_int(-1))
        if sign == ">=":
            one_more = polynomial.add(q, polynomial.of_int(-1))
            return True if self._is_positive(p) else False if self._is_positive(one_more) else None
        for r in (p, q):
            if Condition(r, "!=") in self.conditions or self._is_positive(polynomial.add(r, polynomial.of_int(-1))):
                return False
        return True if self._is_positive(p) and self._is_positive(q) else None

    def _is_positive(self, p: Polynomial) -> bool:
        """Whether a polynomial is known to be 0 or more."""
        if _at_least_zero(self.least_of(p)):
            return True
        facts = (self.reduced(c.left) for c in self.conditions if c.sign == ">=")
        return any(_at_least_zero(self.least_of(polynomial.add(p, fact, -1))) for fact in facts)

    def ask(self, p: Polynomial, sign: str, question: str) -> bool:
        """Whether `p == 0` or `p >= 0`; from the hints, and kept as a condition, where it is not decided.

        Errors: SizeError where there are no hints.
        """
        found = self.known(p, sign)
        if found is not None:
            return found
        names = polynomial.names(p)
        if not self.open and sign == "==" and not _strict.get():
            return False
        if not self.open or not names <= self.hints.keys():
            raise self.unknown(names, question)
        n = polynomial.evaluate(p, self.hints)
        found = n == 0 if sign == "==" else n >= 0
        if not found:
            p, sign = (p, "!=") if sign == "==" else (polynomial.add(polynomial.of_int(-1), p, -1), ">=")
        self.require(Condition(p, sign, user_location()))
        return found

    def unknown(self, names: set[str], question: str) -> SizeError:
        """The error for a question that only the graph can answer."""
        free = sorted(names - self.hints.keys()) or sorted(names)
        return SizeError(
            f"{question} is asked while the function is compiled, and the size {', '.join(free)} is known only when the graph runs",
            "Give the tensor a size that does not depend on values, or ask with tensors: wf.where, or an `if` on a tensor.",
        )

    def fixed(self, p: Polynomial) -> int:
        """The number that a size is in this call, which becomes a condition of the trace.

        Errors: SizeError where there is no hint.
        """
        n = polynomial.constant(self.reduced(p))
        if n is not None:
            return n
        names = polynomial.names(p)
        if not self.open or not names <= self.hints.keys():
            raise self.unknown(names, f"the number that {polynomial.shown(p)} is")
        n = polynomial.evaluate(p, self.hints)
        self.require(Condition(polynomial.add(p, polynomial.of_int(-n)), "==", user_location()))
        return n

    def require(self, condition: Condition) -> None:
        """Take a condition for granted from now on."""
        left = self.reduced(condition.left)
        found = polynomial.names(left)
        if condition.sign == ">=" and len(found) == 1:
            name = next(iter(found))
            least = dict(left).get((), 0)
            if polynomial.add(left, polynomial.of_int(-least)) == polynomial.of_atom(name):
                self.least[name] = max(self.least[name], -least)
        self.conditions.setdefault(condition)
        if condition.sign == "==":
            self._replace(left)

    def _replace(self, p: Polynomial) -> None:
        """Put something else for an atom of a polynomial that is 0, if one stands alone in it: a division first."""
        for monomial, n in sorted(p, key=lambda term: not term[0] or isinstance(term[0][0], str)):
            if len(monomial) != 1 or abs(n) != 1 or _comes_again(p, monomial[0]):
                continue
            atom = monomial[0]
            rest = polynomial.multiply(polynomial.add(polynomial.made({monomial: n}), p, -1), polynomial.of_int(n))
            self.replaced[atom] = rest
            for other in polynomial.names(rest) if isinstance(atom, str) else ():
                if rest == polynomial.of_atom(other):
                    self.least[other] = max(self.least[other], self.least.get(str(atom), 0))
            return


def _at_least_zero(n: int | None) -> bool:
    return n is not None and n >= 0


def _comes_again(p: Polynomial, atom: Atom) -> bool:
    """Whether an atom comes more than once, or inside a division."""
    inside = [a for a in polynomial.atoms(p) if isinstance(a, Division) and a != atom]
    names = set[str]().union(*(polynomial.names(a.left) | polynomial.names(a.right) for a in inside))
    here = polynomial.names(polynomial.of_atom(atom))
    return list(polynomial.atoms(p)).count(atom) > 1 or bool(isinstance(atom, str) and here & names)


def _without_quotients(p: Polynomial) -> Polynomial:
    """`d * (n // d)` as `n - n % d`."""
    for monomial, n in p:
        for i, atom in enumerate(monomial):
            if isinstance(atom, str) or atom.sign != "//":
                continue
            whole, rest = polynomial.divide(polynomial.made({monomial[:i] + monomial[i + 1 :]: n}), atom.right)
            if rest:
                continue
            remainder = polynomial.divide(atom.left, atom.right)[1]
            left = polynomial.multiply(whole, polynomial.add(atom.left, remainder, -1))
            return _without_quotients(polynomial.add(polynomial.add(p, polynomial.made({monomial: n}), -1), left))
    return p
