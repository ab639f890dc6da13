"""Imports go downwards, without cycles, and nobody takes another file's private names."""

from __future__ import annotations

import ast

import pytest
from house import FACE, ROOMS, Module, imported_module, imports, modules, parse, sources

MODULES = list(modules().values())


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_downwards(module: Module) -> None:
    for found in imports(module):
        target = imported_module(found)
        if target is not None:
            assert target.room <= module.room, f"{module.path}:{found.line} imports {target} from a room above"
            assert module.room == len(ROOMS) or target.room < len(ROOMS), f"{module.path}:{found.line}"


def edges(module: Module) -> list[str]:
    """The modules that must be there before `module` works; imports for type checkers are none."""
    targets = [imported_module(found) for found in imports(module) if not found.typing_only]
    return [target.name for target in targets if target is not None and target is not module]


def test_imports_have_no_cycle() -> None:
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> None:
        assert name not in path, "a cycle: " + " -> ".join([*path[path.index(name) :], name])
        if name in done:
            return
        path.append(name)
        for target in edges(modules()[name]):
            visit(target)
        path.pop()
        done.add(name)

    for name in modules():
        visit(name)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_file_takes_a_private_name_of_another(module: Module) -> None:
    ours = {found.bound: found for found in imports(module) if imported_module(found) is not None}
    for found in ours.values():
        assert not is_private(found.name), f"{module.path}:{found.line} imports {found.name}"
    bound = {name for name, found in ours.items() if refers_to_a_module(module, name)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            assert not is_private(node.attr), f"{module.path}:{node.lineno} uses {node.value.id}.{node.attr}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def refers_to_a_module(module: Module, bound: str) -> bool:
    for found in imports(module):
        if found.bound == bound:
            return not found.name or f"{found.module}.{found.name}" in modules()
    return False


def test_files_inside_rooms_import_each_other_relatively() -> None:
    for module in MODULES:
        if module.room < len(ROOMS):
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    assert (node.module or "").partition(".")[0] != FACE, f"{module.path}:{node.lineno}"
                if isinstance(node, ast.Import):
                    assert all(alias.name.partition(".")[0] != FACE for alias in node.names), module.path


@pytest.mark.parametrize("package", ["gast", "astunparse", "pycuda", "ctypes"])
def test_outside_packages_stay_in_their_room(package: str) -> None:
    homes = {"gast": "compiler", "astunparse": "compiler", "pycuda": "kernels", "ctypes": "kernels"}
    for module in MODULES:
        if any(found.module.partition(".")[0] == package for found in imports(module)):
            assert module.name.startswith(f"{FACE}.{homes[package]}"), f"{module} imports {package}"


@pytest.mark.parametrize("folder", ["tests", "examples"])
def test_lessons_and_tests_use_the_face_as_wf(folder: str) -> None:
    for path in sources(folder):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    assert alias.name != FACE or alias.asname in ("wf", None), f"{path}:{node.lineno}"


def test_one_file_imports_pycuda() -> None:
    """By name, when a GPU is asked for."""
    named = [
        module.name
        for module in MODULES
        if any(
            isinstance(node, ast.Constant) and str(node.value).startswith("pycuda") for node in ast.walk(module.tree)
        )
    ]
    assert named == [f"{FACE}.kernels.cuda"]
