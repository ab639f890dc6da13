"""Polynomials with whole coefficients over named sizes: the arithmetic of shapes that are not known yet.

A polynomial is a sorted tuple of (monomial, coefficient); a monomial is a sorted tuple of atoms; an atom is a name, or
a quotient or remainder that does not divide. Equal polynomials are equal tuples. This file knows no tensors, and not
what the names stand for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias


class Division(NamedTuple):
    """`left // right` or `left % right`, as Python rounds: an atom of its own."""

    sign: str
    left: Polynomial
    right: Polynomial


Atom: TypeAlias = "str | Division"
Monomial: TypeAlias = tuple[Atom, ...]
Polynomial: TypeAlias = tuple[tuple[Monomial, int], ...]


def made(terms: Mapping[Monomial, int]) -> Polynomial:
    """A polynomial of these coefficients, in its one order: higher degrees first, then by name."""
    kept = [(monomial, n) for monomial, n in terms.items() if n]
    return tuple(sorted(kept, key=lambda term: (-len(term[0]), [shown_atom(a) for a in term[0]])))


def of_int(n: int) -> Polynomial:
    """A number as a polynomial."""
    return (((), n),) if n else ()


def of_atom(atom: Atom) -> Polynomial:
    """A name as a polynomial."""
    return (((atom,), 1),)


def constant(p: Polynomial) -> int | None:
    """The number that a polynomial is; None if names are in it."""
    if not p:
        return 0
    return p[0][1] if len(p) == 1 and not p[0][0] else None


def add(p: Polynomial, q: Polynomial, times: int = 1) -> Polynomial:
    """p + times * q."""
    terms = dict(p)
    for monomial, n in q:
        terms[monomial] = terms.get(monomial, 0) + times * n
    return made(terms)


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    """p * q."""
    terms: dict[Monomial, int] = {}
    for a, m in p:
        for b, n in q:
            both = tuple(sorted(a + b, key=shown_atom))
            terms[both] = terms.get(both, 0) + m * n
    return made(terms)


def divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """p // q and p % q, as Python rounds; what does not divide becomes an atom.

    Errors: ZeroDivisionError for the number 0.
    """
    if not q:
        raise ZeroDivisionError("integer division or modulo by zero")
    whole, rest = _long_division(p, q)
    m, n = constant(rest), constant(q)
    if not rest:
        return whole, rest
    if m is not None and n is not None:
        return add(whole, of_int(m // n)), of_int(m % n)
    if n is not None:  # c + r divides as r where n divides c
        m = dict(rest).get((), 0)
        whole, rest = add(whole, of_int(m // n)), add(rest, of_int(m % n - m))
    quotient, remainder = (of_atom(Division(sign, rest, q)) for sign in ("//", "%"))
    return add(whole, quotient), remainder


def _long_division(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """A quotient and a rest, p = quotient * q + rest: terms that the first term of q divides are divided."""
    (first, n), *_ = q
    whole: dict[Monomial, int] = {}
    left, rest = p, dict[Monomial, int]()
    while left:
        (monomial, m), *_ = left
        others = _without(monomial, first)
        if others is None or m % n:
            rest[monomial] = m
            left = left[1:]
        else:
            whole[others] = whole.get(others, 0) + m // n
            left = add(left, multiply(made({others: m // n}), q), -1)
    return made(whole), made(rest)


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """A monomial divided by another; None where it does not divide."""
    atoms = list(monomial)
    for atom in divisor:
        if atom not in atoms:
            return None
        atoms.remove(atom)
    return tuple(atoms)


def evaluate(p: Polynomial, values: Mapping[str, int]) -> int:
    """The number that a polynomial is for these sizes.

    Errors: KeyError for a name without a size.
    """
    total = 0
    for monomial, n in p:
        for atom in monomial:
            n *= values[atom] if isinstance(atom, str) else _divided(atom, values)
        total += n
    return total


def _divided(atom: Division, values: Mapping[str, int]) -> int:
    left, right = evaluate(atom.left, values), evaluate(atom.right, values)
    return left // right if atom.sign == "//" else left % right


def substitute(p: Polynomial, values: Mapping[Atom, Polynomial]) -> Polynomial:
    """The polynomial with others in the place of atoms."""
    total: Polynomial = ()
    for monomial, n in p:
        product = of_int(n)
        for atom in monomial:
            product = multiply(product, _replaced(atom, values))
        total = add(total, product)
    return total


def _replaced(atom: Atom, values: Mapping[Atom, Polynomial]) -> Polynomial:
    if atom in values:
        return values[atom]
    if isinstance(atom, str):
        return of_atom(atom)
    whole, rest = divide(substitute(atom.left, values), substitute(atom.right, values))
    return whole if atom.sign == "//" else rest


def atoms(p: Polynomial) -> Iterator[Atom]:
    """The names, quotients and remainders in a polynomial, each as often as it comes."""
    return (atom for monomial, _ in p for atom in monomial)


def names(p: Polynomial) -> set[str]:
    """The names in a polynomial."""
    found: set[str] = set()
    for atom in atoms(p):
        found |= {atom} if isinstance(atom, str) else names(atom.left) | names(atom.right)
    return found


def shown(p: Polynomial) -> str:
    """A polynomial as Python writes it: `2 * n + 1`."""
    text = ""
    for monomial, n in p:
        factors = [shown_atom(atom) for atom in monomial]
        one = " * ".join(factors if abs(n) == 1 and factors else [str(abs(n)), *factors])
        text += f"{'-' if n < 0 else ''}{one}" if not text else f" {'-' if n < 0 else '+'} {one}"
    return text or "0"


def shown_atom(atom: Atom) -> str:
    """A name, or a division in parentheses."""
    if isinstance(atom, str):
        return atom
    left, right = (shown(p) if len(p) == 1 and _is_simple(p) else f"({shown(p)})" for p in (atom.left, atom.right))
    return f"({left} {atom.sign} {right})"


def _is_simple(p: Polynomial) -> bool:
    (monomial, n), *_ = p
    return n > 0 and len(monomial) <= (n == 1)
