"""The house as the structure tests see it: its rooms, its modules, and what each module imports.

Everything is read from the source with `ast`, so lazy imports count and nothing has to be imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("runtime", "kernels", "compiler")  # each may import itself and those before it; the face imports all
FACE = "weft"


@dataclass(frozen=True)
class Import:
    """One name that a module imports, absolute: `module` for `import module`, `module.name` for the other form."""

    module: str
    name: str  # "" for `import module`
    bound: str  # the name it gets here
    line: int
    typing_only: bool


@dataclass(frozen=True)
class Module:
    """A source file of weft under its import name."""

    name: str
    path: Path

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def room(self) -> int:
        """0 for the lowest room; the face is above all."""
        parts = self.name.split(".")
        return ROOMS.index(parts[1]) if len(parts) > 1 and parts[1] in ROOMS else len(ROOMS)

    @property
    def tree(self) -> ast.Module:
        return parse(self.path)

    def __str__(self) -> str:
        return self.name


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def sources(folder: str) -> list[Path]:
    """The Python files below a folder of the repository, the real ones: rglob follows no symlinks."""
    return sorted((ROOT / folder).rglob("*.py"))


@cache
def modules() -> dict[str, Module]:
    """Every module of weft by its import name."""
    found = {}
    for folder in (FACE, *ROOMS):
        prefix = () if folder == FACE else (FACE,)
        for path in sources(folder):
            parts = (*prefix, *path.relative_to(ROOT).with_suffix("").parts)
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = Module(name, path)
    return found


def imports(module: Module) -> list[Import]:
    """What a module imports anywhere in its text."""
    return list(_imports(module, module.tree, False))


def _imports(module: Module, node: ast.AST, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for statement in child.body:
                yield from _imports(module, ast.Module([statement], []), True)
            for statement in child.orelse:
                yield from _imports(module, ast.Module([statement], []), typing_only)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                bound = alias.asname or alias.name.partition(".")[0]
                yield Import(alias.name, "", bound, child.lineno, typing_only)
        elif isinstance(child, ast.ImportFrom):
            source = _absolute(module, child)
            for alias in child.names:
                yield Import(source, alias.name, alias.asname or alias.name, child.lineno, typing_only)
        else:
            yield from _imports(module, child, typing_only)


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    package = package[: len(package) - node.level + module.is_package]
    return ".".join([*package, *([node.module] if node.module else [])])


def imported_module(found: Import) -> Module | None:
    """The module of weft that an import reads, or None for one from outside."""
    whole = f"{found.module}.{found.name}" if found.name else found.module
    known = modules()
    return known.get(whole) or known.get(found.module)
