"""PyCUDA for this Python, unmodified: the one that is installed, or one built once into a cache.

Its setup wants a driver to link with, which is the stand-in, and a file in the home directory that says where CUDA's
headers are. The wheel that comes of it runs with a real driver as well.
"""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

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
