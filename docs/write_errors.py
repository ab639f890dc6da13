"""Prints docs/errors.md: the kinds of errors, and what common mistakes say, by making them.

Run `python docs/write_errors.py > docs/errors.md`, or `pytest tests/docs --update-golden`.
"""

from __future__ import annotations

import linecache
import os
import sys
import tempfile
from pathlib import Path
from textwrap import dedent

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weft as wf
from weft.runtime import errors
from weft.runtime.errors import WeftError

HEAD = """# Errors

Written by `docs/write_errors.py`, which makes each mistake below and prints what weft says. An error says what happened with the
values, where in your file, and what to do. Errors about shapes, dtypes and devices are raised at the call, before any kernel runs.

## Kinds

Every kind is a `WeftError`, and also the built-in error that users of NumPy expect, so `except ValueError` catches a `ShapeError`.

| error | is also | when |
|---|---|---|
"""

FILE = "model.py"

# What goes wrong, and code whose last line raises.
MISTAKES = [
    ("Lengths that do not meet in a product", "wf.matmul(wf.zeros((32, 10)), wf.zeros((12, 5)))"),
    ("Shapes that do not broadcast", "wf.zeros((4, 3)) + wf.zeros((2, 3))"),
    ("An axis that is not there", "wf.sum(wf.zeros((4, 3)), axis=2)"),
    ("A shape that cannot hold the elements", "wf.zeros((4, 3)).reshape(5, -1)"),
    ("An index out of range", "wf.arange(3)[5]"),
    ("A result that no memory holds", "wf.zeros((10**6, 10**6, 10**6))"),
    ("A number that a dtype does not hold", "x = wf.zeros(3, wf.int8)\nx[:2] = [300, 1]"),
    ("A seed in the place of a generator", "wf.random.normal((2,), generator=42)"),
    ("Rows of different lengths", "wf.tensor([[1.0, 2.0], [3.0]])"),
    ("A tensor of what is no number", 'wf.tensor(["a", "b"])'),
    ("A dtype that weft does not have", 'wf.zeros(3, dtype="datetime64[s]")'),
    ("An operation on a dtype that has none", "wf.bitwise_and(wf.tensor(1.5), 1)"),
    ("Dtypes without a common one", "wf.tensor([1], wf.uint64) + wf.tensor([1], wf.int64)"),
    ("The truth of several elements", "if wf.tensor([1.0, 2.0]) > 0.0:\n    pass"),
    ("A device that there is not", 'with wf.device("tpu"):\n    pass'),
    ("A gradient of what cannot have one", "with wf.GradientTape() as tape:\n    tape.watch(wf.tensor([1, 2]))"),
    (
        "A tape that was played back",
        """
        x = wf.tensor(2.0)
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x * x
        tape.gradient(y, x)
        tape.gradient(y, x)
        """,
    ),
    ("A value that does not fit its variable", 'weight = wf.Variable([1.0, 2.0], name="weight")\nweight.assign([1.0, 2.0, 3.0])'),
    ("A layer that was built for other inputs", "layer = wf.nn.Dense(3)\nlayer(wf.zeros((8, 4)))\nlayer(wf.zeros((8, 5)))"),
    (
        "A function that a file cannot hold",
        """
        def talks(x):
            print("x is", x)
            return x


        wf.export(talks, wf.spec(["n"]), path="talks.weft")
        """,
    ),
    (
        "A call that an exported function does not take",
        """
        wf.export(wf.tanh, wf.spec(["batch", 3]), path="tanh.weft")
        loaded = wf.load_bundle("tanh.weft")
        loaded(wf.zeros((2, 4)))
        """,
    ),
    ("A checkpoint that does not match", 'wf.save("old.safetensors", {"a": wf.zeros(2)})\nwf.load("old.safetensors", into={"a": wf.Variable(wf.zeros(3))})'),
    ("A file that is no checkpoint", 'open("broken.safetensors", "wb").write(b"not a checkpoint")\nwf.load("broken.safetensors")'),
    ("A NaN, while numerics are checked", "with wf.debug.check_numerics():\n    wf.log(wf.tensor([1.0, -1.0]))"),
]  # fmt: skip


def kinds() -> list[str]:
    """A line for each class of errors.py."""
    found = [
        x for x in vars(errors).values() if isinstance(x, type) and issubclass(x, WeftError) and x is not WeftError
    ]
    return [
        f"| `{x.__name__}` | `{', '.join(b.__name__ for b in x.__bases__ if b is not WeftError)}` | {x.__doc__} |"
        for x in found
    ]


def said(code: str) -> str:
    """What weft says to the code.

    Errors: AssertionError when it says nothing.
    """
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    try:
        exec(compile(code, FILE, "exec"), {"wf": wf, "__name__": "model"})
    except WeftError as error:
        return f"{type(error).__name__}: {error}"
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"no error from:\n{code}")


def section(title: str, code: str) -> str:
    """A mistake and its message."""
    code = dedent(code).strip() + "\n"
    return f"\n### {title}\n\n```py\n{code}```\n\n```text\n{said(code)}\n```\n"


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(kinds()) + "\n\n## Mistakes\n" + "".join(section(*mistake) for mistake in MISTAKES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(page(), end="")
