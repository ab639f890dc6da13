"""PyCUDA for this Python, unmodified: the one that is installed, or one built once into a cache.

Its setup wants a driver to link with, which is the stand-in, and a file in the home directory that says where CUDA's
headers are. The wheel that comes of it runs with a real driver as well. As a command it leaves that wheel, and those of
the pure Python that PyCUDA needs, in a folder, to be carried to a machine without a network:

    python tests/standin/pycuda_wheel.py FOLDER
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import building
from building import alone, cache_folder
from headers import MissingError, pip

VERSION = "pycuda>=2025.1.2,<2027"
NEEDS = ("pytools", "platformdirs", "mako", "markupsafe", "typing-extensions", "siphash24")
SETTINGS = """\
CUDA_ROOT = "{cuda}"
CUDA_INC_DIR = ["{cuda}"]
CUDADRV_LIB_DIR = ["{standin}"]
CUDADRV_LIBNAME = ["cuda"]
CUDA_ENABLE_CURAND = False
CXXFLAGS = ["-w", "-g0"]
"""


@cache
def installed(standin: Path) -> Path | None:
    """The folder to put on the path for PyCUDA; None where it is installed. Errors: MissingError."""
    if find_spec("pycuda"):
        return None
    folder = cache_folder() / f"pycuda-{sys.implementation.cache_tag}"
    with alone(cache_folder() / "pycuda.lock"):
        if not (folder / "pycuda").is_dir():
            wheel = built(standin, cache_folder() / "wheels" / str(sys.implementation.cache_tag))
            pip("install", "--quiet", "--target", str(folder), "--no-deps", str(wheel), what="PyCUDA")
            missing = [name for name in NEEDS if not find_spec(name.replace("-", "_"))]
            if missing:
                pip("install", "--quiet", "--target", str(folder), "--no-deps", *missing, what="what PyCUDA needs")
    return folder


def built(standin: Path, wheels: Path) -> Path:
    """A wheel of PyCUDA, which takes a minute or two. Errors: MissingError."""
    with tempfile.TemporaryDirectory() as home:
        keep_settings_of_pip(Path(home))
        settings = SETTINGS.format(cuda=standin / "cuda", standin=standin)
        (Path(home) / ".aksetup-defaults.py").write_text(settings)
        command = ("wheel", "--quiet", "--no-deps", "--no-binary", "pycuda", "--wheel-dir", str(wheels), VERSION)
        pip(*command, what="PyCUDA does not build", home=Path(home))
    found = sorted(wheels.glob("pycuda-*.whl"))
    if not found:
        raise MissingError("PyCUDA does not build: pip made no wheel")
    return found[-1]


def keep_settings_of_pip(home: Path) -> None:
    """Let pip find in another home what it reads in the user's: where packages come from."""
    for name in (".config", ".pip", ".netrc"):
        if (Path.home() / name).exists():
            (home / name).symlink_to(Path.home() / name)


def gathered(folder: Path) -> list[Path]:
    """Wheels of PyCUDA and of what it needs, in a folder; NumPy is not among them. Errors: MissingError."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = cache_folder() / "wheels" / str(sys.implementation.cache_tag)
    standin = building.built()
    found = sorted(kept.glob("pycuda-*.whl"))
    shutil.copy2(found[-1] if found else built(standin, kept), folder)
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), *NEEDS, what="what PyCUDA needs")
    return sorted(folder.glob("*.whl"))


def main(arguments: Sequence[str]) -> int:
    """Gather wheels in the folder that is named, and say what they are."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python tests/standin/pycuda_wheel.py FOLDER", file=sys.stderr)
        return 2
    try:
        wheels = gathered(Path(arguments[0]))
    except MissingError as error:
        print(f"pycuda_wheel: {error}", file=sys.stderr)
        return 1
    for wheel in wheels:
        print(f"{wheel.stat().st_size / 1e3:8.0f} KB  {wheel.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
