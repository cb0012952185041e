"""The command line and the Python calls, as users type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import diagrammar as dg
from diagrammar.__main__ import main

ROOT = Path(__file__).parents[1]
FNO = ROOT / "examples" / "fno.dg"


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    """The exit status of a command, and what it prints."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_check_says_what_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """`check --types` on good files exits with 0 and a line for each."""
    files = sorted((ROOT / "examples").glob("*.dg"))
    status, out, err = run(capsys, "check", "--types", *files)
    assert (status, err) == (0, "")
    assert [line.rpartition(": ")[2].split(", ")[1] for line in out.splitlines()] == ["types ok"] * len(files)


def test_check_reports_every_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A wrong file exits with 1 and its place; the good ones are still checked."""
    bad, good = tmp_path / "bad.dg", tmp_path / "good.dg"
    bad.write_text("diagram f : R[3] -> R[4] = sin\n")
    good.write_text("diagram f : R[3] -> R[3] = sin\n")
    status, out, err = run(capsys, "check", bad, good)
    assert status == 1
    assert err.startswith(f"{bad}:1:28: type error: ")
    assert out == f"{good}: 1 declaration, types ok\n"


def test_bad_usage_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    """Words that are off exit with 2: an unknown command, `-p` without a value, a name that is neither a parameter nor
    a free size (what there is, is listed), a size that is no number."""
    with pytest.raises(SystemExit) as caught:
        main(["chekc"])
    assert caught.value.code == 2
    capsys.readouterr()
    assert run(capsys, "check", FNO, "-p", "width")[0] == 2
    status, _, err = run(capsys, "show", FNO, "-p", "wdith=3")
    assert status == 2
    assert "no free size, called wdith" in err
    assert "parameters: modes, width, depth" in err
    assert "free sizes: X, X.0, X.1" in err
    for value in ("many", "0", "-3", "1.5", "9" * 30):
        assert run(capsys, "show", FNO, "-p", f"X={value}")[0] == 2
    assert run(capsys, "show", "std", "linear", "-p", "a=3")[0] == 2
    assert run(capsys, "show", FNO, "--batch", "0")[0] == 2
    with pytest.raises(SystemExit):
        main(["show", str(FNO), "--at", "X=3"])
    capsys.readouterr()


def test_parameters_are_expressions(capsys: pytest.CaptureFixture[str]) -> None:
    """`-p modes=[8,8,8]` makes the example three-dimensional; nonsense is an error with its place."""
    status, out, _ = run(capsys, "show", FNO, "-p", "modes=[8, 8, 8]", "-p", "width=2^4", "-p", "X=16")
    assert status == 0
    assert "Field[X[16, 16, 16], 16]" in out
    status, _, err = run(capsys, "show", FNO, "-p", "width=3 +")
    assert status == 1
    assert err.startswith("-p width:1:")
    status, _, err = run(capsys, "check", FNO, "-p", "wdith=3")
    assert status == 1
    assert "has no parameter `wdith`" in err


def test_show_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """`show` prints the type, the parameters and the conditions of the diagram that is called like the file."""
    status, out, _ = run(capsys, "show", ROOT / "examples" / "mgno.dg", "-p", "depth=4", "-p", "X=64")
    assert status == 0
    assert out.startswith("mgno : Field[X, 1] -> Field[X, 1]\n")
    assert "needs the grid of X divisible by 16" in out
    net = dg.compile(dg.load(ROOT / "examples" / "mgno.dg", depth=4)["mgno"])
    total = next(line for line in out.splitlines() if line.startswith("total"))
    assert f"{sum(p.numel() for p in net.parameters()):,}" in total


def test_show_at_sizes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`-p` sets a free size, all axes of a grid or one; a parameter of the same name goes first; a size that does not
    divide exits with 1. `--json` has the figures whole, and the table stays within 120 columns."""
    _, out, _ = run(capsys, "show", FNO, "-p", "X=64", "-p", "X.1=32", "--json")
    found = json.loads(out)
    cost = dg.cost(dg.load(FNO)["fno"]).at({"X.0": 64, "X.1": 32})
    assert found["type"] == "Field[X, 1] -> Field[X, 1]"
    assert (found["flops"], found["products"]) == (cost.flops, cost.products)
    assert (found["forward_bytes"], found["backward_bytes"]) == (cost.forward, cost.backward)
    assert found["inside"][2]["inside"][0]["name"] == "layer"
    assert json.loads(run(capsys, "show", FNO, "--json")[1])["flops"] == str(dg.cost(dg.load(FNO)["fno"]).flops)
    status, _, err = run(capsys, "show", ROOT / "examples" / "mgno.dg", "-p", "X=24")
    assert status == 1
    assert "the grid of X has to be divisible by 16; here it is 24" in err
    both = tmp_path / "both.dg"
    both.write_text("param n : int = 3\ndim m\ndiagram both : R[m, n] -> R[m, n] = map[linear]\n")
    assert "both : R[m, 5] -> R[m, 5]" in run(capsys, "show", both, "-p", "n=5")[1]
    for file in sorted((ROOT / "examples").glob("*.dg")):
        assert all(len(line) <= 120 for line in run(capsys, "show", file, "--depth", "3")[1].splitlines())


def test_show_text_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    """`show --text` prints a file from which the same diagram is read."""
    status, out, _ = run(capsys, "show", FNO, "--text")
    assert status == 0
    assert dg.same(dg.loads(out)["fno"], dg.load(FNO)["fno"])


def test_the_library_has_sixty_primitives_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    """`show std --primitives` lists each with what it does, and counts them."""
    status, out, _ = run(capsys, "show", "std", "--primitives")
    lines = out.splitlines()
    assert status == 0
    assert lines[-1] == f"{len(lines) // 2} primitives"
    assert len(lines) // 2 <= 60
    assert all(
        header.startswith("box ") and doc.strip() for header, doc in zip(lines[:-1:2], lines[1:-1:2], strict=True)
    )


def test_the_library_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """Every diagram of the library has a docstring, and `show std NAME` prints its text."""
    status, out, _ = run(capsys, "show", "std")
    lines = out.splitlines()
    assert status == 0
    assert all(doc.strip() for doc in lines[1::2])
    assert "einsum[" in run(capsys, "show", "std", "linear")[1]
    assert run(capsys, "show", "std", "linaer")[0] == 1


def test_compiled_source_stands_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The file that `compile` writes imports torch and not diagrammar, and computes what the module computes."""
    out = tmp_path / "fno_source.py"
    assert run(capsys, "compile", FNO, "-o", out, "-p", "width=4")[0] == 0
    code = (
        "import sys, torch; sys.path.insert(0, sys.argv[1]); import fno_source; torch.manual_seed(0)\n"
        "x = torch.randn(2, 1, 15, 16); print(fno_source.Main(seed=3)(x).double().sum().item())\n"
        "assert not any(name.startswith('diagrammar') for name in sys.modules)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    torch.manual_seed(0)
    x = torch.randn(2, 1, 15, 16)
    ours = dg.compile(dg.load(FNO, width=4)["fno"], seed=3)(x).double().sum().item()
    assert float(done.stdout) == pytest.approx(ours, rel=1e-5)


def test_files_are_written_whole_or_not_at_all(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where the folder cannot be written to, the old file stays and nothing is left beside it."""
    out = tmp_path / "there" / "net.py"
    status, _, err = run(capsys, "compile", FNO, "-o", out)
    assert status == 1
    assert "there" in err
    assert not list(tmp_path.iterdir())
    old = tmp_path / "net.py"
    old.write_text("old")
    bad = tmp_path / "bad.dg"
    bad.write_text("diagram f : R[3] -> R[4] = sin\n")
    assert run(capsys, "compile", bad, "-o", old)[0] == 1
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.dg", "net.py"]


def test_other_backends_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """`--to` finds a backend in the registry; one that is not there is an error that names those that are."""
    assert "weights" in run(capsys, "compile", FNO, "--to", "cost")[1]
    status, _, err = run(capsys, "compile", FNO, "--to", "abacus")
    assert status == 1
    assert "torch" in err


def test_python_calls() -> None:
    """The calls of the README: load, names, compile, emit, cost, check, share, and the algebra."""
    module = dg.load(FNO, width=8)
    assert "fno" in module
    assert module.parameters["width"] == 8
    layer = module["layer"]
    twice = layer >> layer >> dg.share(layer, "cell") >> dg.share(layer, "cell")
    keys = {key.split(".")[0] for key in dg.compile(twice).state_dict()}
    assert keys == {"layer", "layer_2", "cell"}
    assert dg.check(module).ok
    assert isinstance(dg.cost(layer).parameters, int)
    dg.verify(twice)
    assert "class Main" in dg.emit(layer)
    with pytest.raises(dg.DiagramNameError, match="its diagrams"):
        module["nothing"]


def test_static_arguments_from_python() -> None:
    """A diagram with static parameters is asked for with them; a missing one is an error that says how."""
    module = dg.loads("diagram deep[n : int, c = 4] : R[c] -> R[c] = repeat n { linear }")
    assert "deep" not in module
    assert len(dg.compile(module.diagram("deep", n=3)).state_dict()) == 6
    with pytest.raises(dg.DiagramTypeError, match="needs its parameter `n`"):
        module["deep"]
