"""A wheel, an sdist, an editable install and a bare checkout all hold every module and every data file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from house import FACE, ROOMS, ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LITTER = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys, weft
found = [weft.__name__, *(m.name for m in pkgutil.walk_packages(weft.__path__, "weft."))]
for name in found:
    importlib.import_module(name)
images, labels = weft.data.digits()
assert len(images) == len(labels) == 1797
print(weft.__file__)
print(*sorted(found))
"""


def run(*command: object, cwd: Path, path: Path | None = None) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONWARNINGS")}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def check_imports(output: str, inside: Path) -> None:
    """That every module was found and imported, from where it should."""
    file, names = output.strip().splitlines()[-2:]
    assert inside.resolve() in Path(file).resolve().parents
    assert names.split() == sorted(modules())


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree, symlinks kept."""
    folder = tmp_path_factory.mktemp("checkout") / "weft"
    shutil.copytree(ROOT, folder, symlinks=True, ignore=LITTER)
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    shutil.copytree(checkout, source, symlinks=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source, cwd=folder)
    return folder


def test_packages_are_listed_as_they_lie_in_the_folders() -> None:
    on_disk = {name for name, module in modules().items() if module.is_package}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == on_disk


def test_symlinks_and_mapping_say_the_same() -> None:
    mapping = PROJECT["tool"]["setuptools"]["package-dir"]
    for room in ROOMS:
        link = ROOT / FACE / room
        assert link.is_symlink()
        assert os.readlink(link) == f"../{room}"
        assert mapping[f"{FACE}.{room}"] == room


def test_bare_checkout_imports_every_module(checkout: Path) -> None:
    check_imports(run(sys.executable, "-c", IMPORT_EVERYTHING, cwd=checkout), checkout)


def test_wheel_imports_every_module(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)  # a pure wheel is installed by unpacking it
    check_imports(run(sys.executable, "-c", IMPORT_EVERYTHING, cwd=tmp_path, path=site), site)


def test_sdist_unpacks_and_builds_the_same_wheel_as_the_checkout(built: Path, checkout: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(checkout, source, symlinks=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, source, cwd=tmp_path)
    (direct,), (through_sdist,) = tmp_path.glob("*.whl"), built.glob("*.whl")
    names = [sorted(zipfile.ZipFile(wheel).namelist()) for wheel in (direct, through_sdist)]
    assert names[0] == names[1]
    assert any(name.endswith("images.idx3-ubyte.gz") for name in names[0])
    assert any(name.endswith("licenses/LICENSE") for name in names[0])
    assert f"{FACE}/py.typed" in names[0]
    for path in (ROOT / "kernels" / "c").iterdir():  # the C that native programs are made of
        assert f"{FACE}/kernels/c/{path.name}" in names[0]


def test_wheel_is_small(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert sum(entry.file_size for entry in zipfile.ZipFile(wheel).infolist()) < 3_000_000


def test_editable_install_imports_every_module(checkout: Path, tmp_path: Path) -> None:
    source, environment = tmp_path / "source", tmp_path / "env"
    shutil.copytree(checkout, source, symlinks=True)
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")  # its dependencies, from ours
    run(python, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "-e", source, cwd=tmp_path)
    check_imports(run(python, "-c", IMPORT_EVERYTHING, cwd=tmp_path), source)
    assert "usage: weft" in run(python.with_name("weft"), "--help", cwd=tmp_path)
