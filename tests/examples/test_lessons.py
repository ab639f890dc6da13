"""Every lesson runs, briefly, and finds what it says it finds; each stays a page long."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pytest

import weft as wf

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LESSONS = sorted(EXAMPLES.glob("[0-9]*.py"))


def lesson(number: int) -> ModuleType:
    """A lesson as a module; its name is no identifier, so it cannot be imported by it."""
    (path,) = EXAMPLES.glob(f"{number:02}_*.py")
    spec = importlib.util.spec_from_file_location(path.stem[3:], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_a_page_and_listed(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 105
    assert f"({path.name})" in (EXAMPLES / "README.md").read_text()


def test_walking_and_leaping_downhill_end_at_the_minimum() -> None:
    walked, leapt = lesson(1).main()
    assert wf.max(wf.abs(walked - 1.0)) < 0.05
    assert wf.max(wf.abs(leapt - 1.0)) < 1e-3


def test_custom_gradients_are_stable_and_pass_through_rounding() -> None:
    slope, number = lesson(2).main()
    assert slope == 1.0
    assert number == 7.0


def test_descent_finds_the_closed_form() -> None:
    assert lesson(3).main() < 1e-3


def test_digits_are_learned() -> None:
    assert lesson(4).main(epochs=3) > 0.85


def test_digits_are_read_from_the_files_of_mnist_by_path(tmp_path: Path) -> None:
    source = Path(wf.data.__file__).parent / "uci_digits"
    for part in ("train", "t10k"):
        for kind in ("images.idx3-ubyte.gz", "labels.idx1-ubyte.gz"):
            name = f"{part}-{kind.replace('.', '-')}".replace("-gz", ".gz")
            (tmp_path / name).write_bytes((source / kind).read_bytes())
    assert lesson(4).main(epochs=1, folder=tmp_path) > 0.2


def test_characters_become_less_surprising() -> None:
    module = lesson(5)
    assert module.main(steps=60) < math.log(len(module.CHARACTERS)) - 0.8


def test_forged_points_come_nearer_to_the_real_ones() -> None:
    share, hit = lesson(6).main(steps=600)
    assert share > 0.2
    assert hit >= 2


def test_samples_have_the_moments_of_the_density() -> None:
    moments = lesson(7).main(steps=150)
    assert abs(moments["mean u"]) < 0.3
    assert abs(moments["var u"] - 4.0) < 1.0
    assert abs(moments["var v"] - 9.0) < 5.0


def test_trees_deeper_than_any_seen_are_read_right() -> None:
    assert lesson(8).main(steps=150) > 0.9


def test_a_compiled_cell_in_an_eager_model_trains_as_an_eager_one() -> None:
    eager, compiled = lesson(10).main(steps=5)
    assert compiled == pytest.approx(eager, rel=1e-4)
    assert eager[-1] < eager[0]


def test_a_training_loop_in_the_graph_finds_what_the_eager_one_does() -> None:
    eager, compiled = lesson(11).main(steps=60)
    assert compiled == pytest.approx(eager, abs=0.01)
    assert eager > 0.7


def test_products_of_half_as_many_bits_learn_as_well() -> None:
    found = lesson(12).main(epochs=6)
    assert found["float32"] > 0.85
    assert max(found.values()) - min(found.values()) < 0.04
