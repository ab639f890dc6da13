"""`weft inspect` and `weft run` show bundles and run them on files of arrays, without a line of Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exported import batch, classifier, nested, settle

import weft as wf
from weft.__main__ import main


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """A bundle of a model and two more entries."""
    path = tmp_path / "model.weft"
    n = wf.spec(["n"])
    signatures = {"settle": (settle, n, 0.9), "nested": (nested, {"a": n, "b": (n,)}, 2.0)}
    wf.export(classifier(), wf.spec(["batch", 4]), path=path, signatures=signatures)
    return str(path)


def test_inspect_shows_entries_ops_and_variables(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", bundle]) == 0
    said = capsys.readouterr().out
    assert "call(x: f32[batch, 4]) -> f32[batch, 3]\n" in said
    assert "settle(x: f32[n], a: float) -> f32[n], i64[]\n" in said
    assert "matmul 2" in said
    assert "8 variables, 396 bytes\n" in said
    assert "  0.weight    f32[4, 8]\n" in said
    assert "  1.mean      f32[8]  not trained\n" in said


def test_inspect_shows_a_graph(bundle: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", bundle, "--graph", "settle"]) == 0
    assert "while (" in capsys.readouterr().out


def test_run_writes_what_the_model_gives(bundle: str, tmp_path: Path) -> None:
    x, out = tmp_path / "x.npy", tmp_path / "y.npy"
    np.save(x, batch(5))
    assert main(["run", bundle, "--input", str(x), "--output", str(out)]) == 0
    np.testing.assert_allclose(np.load(out), classifier()(batch(5)).numpy(), rtol=1e-5)


def test_run_prints_results_and_takes_inputs_by_name(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "a.npy", 0.9)
    np.savez(tmp_path / "rest.npz", x=np.array([1.0, 2.0], np.float32))
    given = ["--input", f"a={tmp_path / 'a.npy'}", "--input", str(tmp_path / "rest.npz")]
    assert main(["run", bundle, "--entry", "settle", *given]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("0: Tensor([0.2449")
    assert second == "1: 7"


def test_run_reads_and_writes_nested_values(bundle: str, tmp_path: Path) -> None:
    v = np.array([1.0, 2.0], np.float32)
    given: dict[str, Any] = {"tree.a": v, "tree.b.0": v, "scale": np.float64(3.0)}
    np.savez(tmp_path / "in.npz", **given)
    command = ["run", bundle, "--entry", "nested", "--input", str(tmp_path / "in.npz")]
    assert main([*command, "--output", str(tmp_path / "out.npz")]) == 0
    with np.load(tmp_path / "out.npz") as found:
        assert found["sum"].tolist() == [2.0, 4.0]
        assert found["pair.first"].tolist() == [3.0, 6.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "weft run: call: x missing It takes x: f32[batch, 4].\n"),
        (["--input", "y=x.npy"], "weft run: call: x missing"),
        (["--input", "x.npy", "--input", "z=x.npy"], "weft run: call: z unknown"),
        (["--input", "other.txt"], "weft run: other.txt holds no arrays"),
        (["--input", "absent.npy"], "weft run: [Errno 2] No such file"),
        (["--entry", "train"], "weft run: bundle: there is no entry 'train'"),
        (["--input", "x.npy", "--output", "no/folder.npy"], "weft run: [Errno 2] No such file"),
    ],
    ids=str,
)
def test_run_says_what_is_wrong_in_one_line(
    arguments: list[str], message: str, bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", batch(2))
    Path("other.txt").write_text("no arrays")
    assert main(["run", bundle, *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith(message)
    assert said.count("\n") == 1


def test_several_results_do_not_go_into_one_array_file(
    bundle: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "in.npz", x=batch(2)[0], a=0.5)
    command = ["run", bundle, "--entry", "settle", "--input", str(tmp_path / "in.npz")]
    assert main([*command, "--output", str(tmp_path / "out.npy")]) == 1
    assert "2 results do not go into one .npy file" in capsys.readouterr().err


def test_inspect_refuses_what_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.weft").write_text("nothing")
    assert main(["inspect", str(tmp_path / "file.weft")]) == 1
    assert "weft inspect: load_bundle: " in capsys.readouterr().err
