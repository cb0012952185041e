"""Files that were made to break the reader: each is refused, or read, in bounded time and memory.

A case runs the command in a process of its own, forked from one that has imported it.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagrammar import formatted

# the bar is 2 s on a quiet machine
SECONDS = 10.0
MEBIBYTES = 512
ONE = "diagram f : R[2] -> R[2] = sin"
SERVER = r"""
import json, os, re, resource, sys, time
import diagrammar.api, diagrammar.backends.cost, diagrammar.checking, diagrammar.grammar.layout, diagrammar.summary
from diagrammar.__main__ import main

def peak():
    try:
        # ru_maxrss would count what the process had that this one was forked from
        return int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

for line in sys.stdin:
    arguments, errors = json.loads(line)
    child = os.fork()
    if child == 0:
        os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        start = time.monotonic()
        status = main(arguments)
        sys.stdout.flush()
        seconds = time.monotonic() - start
        print("\n@", json.dumps([status, seconds, peak()]), file=sys.stderr, flush=True)
        os._exit(0)
    _, code = os.waitpid(child, 0)
    print(code, flush=True)
"""


_server: subprocess.Popen[bytes] | None = None


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """The process that cases are forked from ends with them."""
    yield
    if _server is not None:
        with _server:
            assert _server.stdin is not None
            _server.stdin.close()


def _asked(words: list[str], errors: Path, allowed: float) -> int:
    """The status of the case's process; one that does not answer takes the server with it, not the cases after it."""
    global _server
    if _server is None:
        _server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    server = _server
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(json.dumps([words, str(errors)]).encode() + b"\n")
    server.stdin.flush()
    if not select.select([server.stdout], [], [], 60 + allowed)[0]:
        _server = None
        with server:
            server.kill()
        pytest.fail(f"no answer in {60 + allowed:.0f} s")
    return int(server.stdout.readline())


def check(path: Path) -> tuple[int, str]:
    """Status and errors of `diagrammar check` within the limits."""
    return answer(["check", "--types", str(path)], path.parent)


def answer(words: list[str], folder: Path, allowed: float = SECONDS) -> tuple[int, str]:
    """Status and errors of a command within the limits."""
    errors = folder / "errors.txt"
    code = _asked(words, errors, allowed)
    text, _, end = errors.read_text(encoding="utf-8", errors="replace").rpartition("\n@ ")
    assert code == 0 and end, f"ended with {code}: {text}{end}"
    status, seconds, peak = json.loads(end)
    assert "Traceback" not in text, text[-2000:]
    assert peak < MEBIBYTES, f"{peak} MiB"
    assert seconds < allowed, f"{seconds:.1f} s"
    return status, text


def refused(path: Path, place: str, message: str) -> None:
    """A file is refused with `file:line:col` and a message, and status 1."""
    status, report = check(path)
    assert status == 1, report
    assert report.startswith((f"{path}:{place}: ", f"{path.name}:{place}: ")), report[:500]
    assert message in report.splitlines()[0], report[:500]


def accepted(path: Path) -> None:
    """A file is read."""
    status, report = check(path)
    assert (status, report) == (0, ""), report[:500]


def put(folder: Path, text: str | bytes, name: str = "h.dg") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


# ------------------------------------------------------------------------------------------------------- lexical


LEXICAL_OK: dict[str, str | bytes] = {
    "empty": "",
    "only a comment": "# nothing",
    "crlf": f"dim n\r\n\r\n{ONE}\r\n",
    "cr": "dim n\rdiagram f : R[n] -> R[n] = sin\r",
    "mixed line ends": f"dim n\r\n{ONE}\nlet a = 1",
    "no line end": ONE,
    "a long line": ONE + " " * 5_000_000 + "# end",
    "a long comment": "#" + "x" * 9_000_000,
    "python names": "diagram f(class : R, def : R, self : R, __import__ : R, torch : R, lambda : R) -> R {\n"
    "  None = class + def\n  exec = None * self + __import__ + torch * lambda\n  return exec\n}",
    "dunder weights": "diagram f : R[2] -> R[2] {\n  weight forward : R[2]\n  weight __class__ : R[2]\n"
    "  x -> x + forward * __class__\n}",
    "names of any script": "diagram größe(名前 : R[2]) -> R[2] { return sin(名前) }",
}  # fmt: skip

LEXICAL_BAD: dict[str, tuple[str | bytes, str, str]] = {
    "nul": ("let a = 1\n" + ONE + " \0", "2:32", ""),
    "invalid utf-8": (b"let a = 1\nlet b = \xff", "2:9", "the file is not UTF-8: byte 0xff"),
    "lone surrogate": (b'let a = "\xed\xa0\x80"', "1:10", "the file is not UTF-8"),
    "bidi control": ("let a = 1 \u202e 2", "1:11", ""),
    "bidi in a comment": ("let a = 1 # \u202e\nlet b = c", "1:13", ""),
    "bidi in a string": ('let a = "\u2066"', "1:10", ""),
    "not normal": ("let e\u0301 = 1", "1:5", "normal form"),
    "open string": ('let a = "x', "1:9", "never closed"),
    "open docstring": ('"""x\nlet a = 1', "1:1", "never closed"),
    "tab columns": ("\tlet a = $", "1:10", "`$` means nothing here"),
    "a huge integer": ("let a = " + "9" * 100_000, "1:9", ""),
    "1e999": ("let a = 1e999", "1:9", "out of range"),
    "a huge exponent": ("let a = 1e" + "9" * 5000, "1:9", "out of range"),
    "nan": ("let a = nan", "1:9", "nothing here is called `nan`"),
    "too large": ("#" + "x" * 10_000_001, "", ""),
    "string into code": (
        'diagram f(x : R[2]) -> R[2] = einsum["a -> a\\"); import os; os.system(\\"x"](x)', "1:31", "`\"`"
    ),
    "braces in a string": ('diagram f(x : R[2]) -> R[2] = einsum["a -> a{x}"](x)', "1:31", "`{`"),
}  # fmt: skip


@pytest.mark.parametrize("case", LEXICAL_OK)
def test_strange_texts_are_read(case: str, tmp_path: Path) -> None:
    """Line ends of any system, long lines, names that other languages reserve: all are read."""
    accepted(put(tmp_path, LEXICAL_OK[case]))


@pytest.mark.parametrize("case", LEXICAL_BAD)
def test_broken_texts_are_refused(case: str, tmp_path: Path) -> None:
    """Texts that are no texts are refused where they break."""
    text, place, message = LEXICAL_BAD[case]
    path = put(tmp_path, text)
    if place:
        refused(path, place, message)
    else:
        status, report = check(path)
        assert status == 1 and "10000002 bytes, the limit is 10000000" in report


# ---------------------------------------------------------------------------------------------------- structural

STRUCTURAL_OK = {
    "deep brackets": "diagram f : R[2] -> R[2] = " + "(" * 50_000 + "sin" + ")" * 50_000,
    "a long sum": "diagram f(x : R) -> R = " + " + ".join(["x"] * 30_000),
    "powers of powers": "diagram f(x : R) -> R = " + "^".join(["x"] * 15_000),
    "a ladder of ifs": "diagram f : R -> R = " + "if 1 == 2 then sin else " * 15_000 + "cos",
    "a long list": "let a = [" + ",".join(["1"] * 100_000) + "]\ndiagram f : R[len(a)] -> R[100000] = sin",
    "many names": "\n".join(f"let a{i} = {i}" for i in range(30_000)),
    "many diagrams": "\n".join(f"diagram f{i} : R[2] -> R[2] = sin" for i in range(8_000)),
    "a chain": "diagram f : R[2] -> R[2] = " + " >> ".join(["sin"] * 20_000),
    "diagrams in a chain": "diagram f0 : R[2] -> R[2] = sin\n"
    + "\n".join(f"diagram f{i} : R[2] -> R[2] = f{i - 1} >> cos" for i in range(1, 3000)),
    "diagrams in a chain, last first": "\n".join(
        f"diagram f{i} : R[2] -> R[2] = f{i - 1} >> cos" for i in range(3000, 0, -1)
    )
    + "\ndiagram f0 : R[2] -> R[2] = sin",
}

STRUCTURAL_BAD = {
    "too deep brackets": ("diagram f : R[2] -> R[2] = " + "(" * 200_000 + "sin" + ")" * 200_000, "1:100028", "nested"),
    "open brackets": ("let a = " + "(" * 90_000, "1:90008", "is never closed"),
    "closing brackets": ("let a = 1" + ")" * 90_000, "1:10", "closes nothing"),
    "minus signs": ("let a = " + "-" * 90_000, "1:90009", "expected an expression"),
    "tensor of many": ("diagram f : R -> R = " + " @ ".join(["sin"] * 100_000), "1:22", "side by side"),
    "many wires": ("diagram f : " + " @ ".join(["R"] * 100_000) + " -> R = sin", "1:400018", "other wires"),
    "many lambdas": (
        "diagram f : R -> R = " + "".join(f"x{i} -> " for i in range(3000)) + "x2999", "1:28", "a wire is wanted"
    ),
    "twice": ("diagram f : R -> R = sin\ndiagram f : R -> R = cos", "2:1", "`f` is declared twice"),
    "a wire twice": ("diagram f(x : R, x : R) -> R = x", "1:18", "`x` is bound already"),
    "rebound": ("diagram f(x : R) -> R {\n  y = sin(x)\n  y = cos(y)\n  return y\n}", "3:3", "`y` is bound already"),
    "itself": ("diagram f : R[2] -> R[2] = f >> sin", "1:28", "`f` contains itself"),
    "each other": ("diagram f : R -> R = g\ndiagram g : R -> R = f", "2:22", "contains itself"),
    "a name like it": ("diagram f : R[3] -> R[3] = gelo", "1:28", "nothing here is called `gelo`"),
    "not used": ("diagram f(x : R, y : R) -> R = x", "1:18", "`y` is never used"),
    "argument twice": ("diagram f : R[2] -> R[2] = linear[a = 2, a = 2]", "1:42", "`a` is given twice"),
    "no such parameter": ("diagram f : R[2] -> R[2] = linear[q = 2]", "1:35", "`linear` has no parameter `q`"),
    "wire for a size": ("param a : str = \"x\"\ndiagram f : R[a] -> R[a] = sin", "2:13", "a size is wanted"),
    "numbers that need each other": ("let a = b\nlet b = a", "1:1", "`a` is declared by itself"),
    "types that need each other": ("type A = B\ntype B = A\ndiagram f : A -> A = sin", "2:1", ""),
    "a family without end": ("type A[n] = A[n + 1]\ndiagram f : A[0] -> A[0] = sin", "1:13", "types nested deeper"),
}  # fmt: skip


@pytest.mark.parametrize("case", STRUCTURAL_OK)
def test_large_texts_are_read(case: str, tmp_path: Path) -> None:
    """Deep and long texts within the limits are read."""
    accepted(put(tmp_path, STRUCTURAL_OK[case]))


@pytest.mark.parametrize("case", STRUCTURAL_BAD)
def test_wrong_structure_is_refused(case: str, tmp_path: Path) -> None:
    """What is nested too deep, wired wrongly or declared by itself is refused where it stands."""
    refused(put(tmp_path, STRUCTURAL_BAD[case][0]), *STRUCTURAL_BAD[case][1:])


# what each command is given: a new one takes a line here
COMMANDS = {
    "check": ["check", "--types", "FILE"],
    "show": ["show", "FILE"],
    "show --text": ["show", "--text", "FILE"],
    "compile": ["compile", "--to", "cost", "FILE"],
    "compile -o": ["compile", "--to", "cost", "FILE", "-o", "OUT"],
    "draw": ["draw", "FILE", "-o", "PICTURE"],
    "diff": ["diff", "FILE", "-o", "OUT"],
    "fmt": ["fmt", "FILE"],
    "fmt --check": ["fmt", "--check", "FILE"],
}
MANY = 100_000
LARGE = {
    "brackets": "diagram f : R[2] -> R[2] = " + "(" * MANY + "sin" + ")" * MANY + "\n",
    "definitions": "".join(f"diagram f{i} : R[2] -> R[2] = sin\n" for i in range(MANY)),
    "numbers": "".join(f"let a{i} = {i}\n" for i in range(MANY)) + ONE + "\n",
    "wires": "type T = " + " @ ".join(["R"] * MANY) + "\ndiagram f : T -> T = id\n",
    "scripts": """dim größe
space Пространство = torus(1)
param 宽度 : int = 3
let ひろさ = 宽度 + 1
type مجال = Field[Пространство, 宽度]
diagram שכבה : مجال -> مجال = pointwise >> gelu
diagram ชั้น(की : R[ひろさ], 값' : R[ひろさ]) -> R[ひろさ] {
  weight ծանրություն : R[ひろさ] = zeros
  share ფენა = linear
  ជួរ = ფენა(की) + 값' * ծանրություն
  return ជួរ
}
diagram ᚠᚢᚦ : R[宽度] -> R[宽度] = repeat 2 as ℵ { if ℵ == 0 then linear else (linear as ಪದರ) }
""",
}
# all commands read 100,000 definitions as `check` does; once is enough
SLOW = {"definitions": ("check", "fmt"), "numbers": ("check", "compile")}


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("case", "command"), [(case, command) for case in LARGE for command in SLOW.get(case, tuple(COMMANDS))]
)
def test_every_command_takes_large_texts(case: str, command: str, tmp_path: Path) -> None:
    """100,000 brackets in each other, definitions, or wires of a type, and names in every script."""
    path = put(tmp_path, LARGE[case])
    words = [
        {"FILE": str(path), "OUT": str(tmp_path / "out"), "PICTURE": str(tmp_path / "out.svg")}.get(word, word)
        for word in COMMANDS[command]
    ]
    status, report = answer(words, tmp_path, SECONDS * (6 if case in ("definitions", "wires") else 2))
    # a file that is not laid out yet is no error but of `fmt --check`
    assert report == ""
    assert status == (command == "fmt --check" and formatted(LARGE[case]) != LARGE[case])


# --------------------------------------------------------------------------------------------------------- bombs

F = "diagram f : R[2] -> R[2] = "

BOMBS = {
    "repeat": (F + "repeat 10^9 { sin }", "1:28", "past the budget"),
    "repeat huge": (F + "repeat 10^3000 { sin }", "1:28", "past the budget"),
    "repeats in repeats": (F + "repeat 1000 { repeat 1000 { repeat 1000 { sin } } }", "1:1", "past the budget"),
    "steps in steps": (
        F + "repeat 1000 as i { repeat 1000 as j { repeat 1000 as k { sin } } }", "1:47", "more than the budget"
    ),
    "doubling": (
        "diagram b0 : R[2] -> R[2] = sin\n"
        + "\n".join(f"diagram b{i} : R[2] -> R[2] = b{i - 1} >> b{i - 1}" for i in range(1, 61)),
        "17:1", "`b16` expands to 196606 boxes",
    ),
    "recursion": ("diagram f[l] : R -> R = f[l + 1] >> sin\ndiagram m : R -> R = f[0]", "1:25", "recurses deeper"),
    "recursion twice": (
        "diagram f[l] : R -> R = f[l + 1] >> f[2 * l]\ndiagram m : R -> R = f[1]", "1:25", "recurses deeper"
    ),
    "fibonacci": (
        "diagram f[l : int] : R -> R = if l < 2 then sin else f[l - 1] >> f[l - 2]\ndiagram m : R -> R = f[100]",
        "1:54", "boxes, past the budget",
    ),
    "a grid halved without end": (
        "diagram f[l : int, X : space](u : Field[X, 1]) -> Field[X, 1] = upsample[2](f[-1](pool[2](u)))",
        "1:83", "divisible by more than 2^62",
    ),
    "a grid doubled without end": (
        "diagram f[l : int, X : space](u : Field[X, 1]) -> Field[X, 1] = pool[2](f[-1](upsample[2](u)))",
        "1:79", "a grid of more than 2^62 points",
    ),
    "a tower of powers": ("let a = " + "2^" * 50 + "2", "1:101", "is too large"),
    "a power": ("let a = 3^(10^9)", "1:9", "is too large"),
    "a square of squares": ("let a0 = 10^4000\n" + "\n".join(f"let a{i + 1} = a{i} * a{i}" for i in range(40)), "", ""),
    "a range": ("diagram f : I -> R[10^9] = const[1 .. 10^9]", "1:34", "a range of 1000000000 numbers"),
    "a large weight": ("diagram f : R[10^18] -> R[10^18] = linear", "1:36", "more than 2^40 entries"),
    "a large product": ("diagram f : R[2^40, 2^40] -> R[2^40, 2^40] = sin", "", ""),
    "a large size": ("diagram f : R[10^400] -> R[10^400] = sin", "1:13", "a size of more than 2^62"),
    "derivatives of derivatives": (
        F + "sin\n" + "\n".join(
            f"diagram f{i + 1} : {' @ '.join(['R[2]'] * 2 ** (i + 1))} -> R[2] = jvp[f{i or ''}]" for i in range(16)
        ), "", "",
    ),
    "derivatives in derivatives": (
        "diagram f(u : R[2]) -> R { return sum(tanh(u) * u) }\n"
        f"diagram g(x : R[2]) -> R[2] {{ return {'grad[x -> sum(' * 30}f(x){')](x)' * 30} }}",
        "2:360", "boxes, past the budget",
    ),
    "a repeat unwound": (
        "diagram f(u : R[2], v : R[2]) -> R[2] { return vjp[repeat 10^9 { sin }](u, v) }", "1:52", "past the budget"
    ),
    "size 0": ("diagram f : R[0] -> R[0] = sin", "1:13", "a size must be positive, this is 0"),
    "a negative size": ("diagram f : R[-1] -> R[-1] = sin", "1:13", "a size must be positive, this is -1"),
    "half a size": ("diagram f : R[3/2] -> R[3/2] = sin", "1:13", "a size must be a whole number, this is 3/2"),
    "a torus of no axes": ("space X = torus(0)", "1:11", "torus takes its dimension"),
    "a torus of many axes": ("space X = torus(10^9)", "1:11", "torus takes its dimension"),
    "a stack of many wires": ("type A = R^(10^9)\ndiagram f : A @ A -> A = add", "", ""),
    "text doubled": ('let a = "' + "x" * 100_000 + '"\nlet b = a + a', "2:9", "`+` of the text"),
}  # fmt: skip


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_are_refused(case: str, tmp_path: Path) -> None:
    """What would grow without bound is counted before it is spent."""
    text, place, message = BOMBS[case]
    path = put(tmp_path, text)
    if place:
        refused(path, place, message)
    else:
        # a number that is only large may be read; it costs little either way
        check(path)


# ------------------------------------------------------------------------------------------------------- imports


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder, with a file outside of it."""
    put(tmp_path, "let a = 3", "outside.dg")
    inside = tmp_path / "project"
    inside.mkdir()
    put(inside, "let a = 3\n" + ONE, "good.dg")
    return inside


IMPORTS = {
    "up": ("../outside.dg", "`../outside.dg` leaves the project"),
    "up and down": ("sub/../../outside.dg", "leaves the project"),
    "far up": ("../../../../../../etc/passwd.dg", "leaves the project"),
    "absolute": ("/etc/passwd.dg", "an import is a relative path"),
    "not a dg file": ("/etc/passwd", "an import is a relative path"),
    "a drive": ("C:/good.dg", "an import is a relative path"),
    "link out": ("out.dg", "goes through a link"),
    "link inside": ("in.dg", "goes through a link"),
    "through a linked folder": ("folder/outside.dg", "goes through a link"),
    "a folder": ("real.dg", "is not a regular file"),
    "a pipe": ("pipe.dg", "is not a regular file"),
    "a device": ("zero.dg", "goes through a link"),
    "itself": ("main.dg", "imports itself"),
    "missing": ("goods.dg", "there is no file `goods.dg`"),
    "other capitals": ("GOOD.dg", ""),
    "huge": ("huge.dg", "bytes, the limit is 10000000"),
    "a nul": ("good\\u0000.dg", ""),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_imports_stay_inside(case: str, project: Path) -> None:
    """An import reads regular files of the project, by their own names, and nothing else."""
    text, message = IMPORTS[case]
    (project / "out.dg").symlink_to(project.parent / "outside.dg")
    (project / "in.dg").symlink_to(project / "good.dg")
    (project / "folder").symlink_to(project.parent)
    (project / "zero.dg").symlink_to("/dev/zero")
    (project / "real.dg").mkdir()
    os.mkfifo(project / "pipe.dg")
    with (project / "huge.dg").open("wb") as file:
        file.truncate(20_000_000_000)
    path = put(project, f'import "{text}" as other\n', "main.dg")
    status, report = check(path)
    assert status == 1
    assert report.startswith(f"{path}:1:"), report
    assert message in report.splitlines()[0]


def test_files_given_to_the_command(project: Path) -> None:
    """A folder, a pipe, a device and a missing file are refused by name."""
    os.mkfifo(project / "pipe.dg")
    (project / "zero").symlink_to("/dev/zero")
    for path in (project, project / "pipe.dg", project / "zero", project / "missing.dg"):
        status, report = check(path)
        assert status == 1 and f"`{path.name}`" in report


def test_a_hard_link_is_a_file(project: Path) -> None:
    """A hard link is a file of the project like any other."""
    os.link(project / "good.dg", project / "same.dg")
    accepted(put(project, 'import "same.dg" (f)\ndiagram g : R[2] -> R[2] = f', "main.dg"))


def test_a_diamond_is_read(project: Path) -> None:
    """Two imports of one file are one module."""
    put(project, 'import "good.dg" (f)\ndiagram l : R[2] -> R[2] = f', "left.dg")
    put(project, 'import "./good.dg" (f)\ndiagram r : R[2] -> R[2] = f', "right.dg")
    text = 'import "left.dg" (l)\nimport "right.dg" as right\ndiagram g : R[2] -> R[2] = l >> right.r'
    accepted(put(project, text, "main.dg"))


def test_a_cycle_of_three(project: Path) -> None:
    """A file that is reached from itself is named."""
    put(project, 'import "b.dg" as b', "a.dg")
    put(project, 'import "c.dg" as c', "b.dg")
    put(project, 'import "a.dg" as a', "c.dg")
    status, report = check(project / "a.dg")
    assert status == 1
    assert "c.dg:1:1: import error: `a.dg` imports itself" in report


def test_a_deep_chain(project: Path) -> None:
    """Imports inside imports go a hundred deep, and no deeper."""
    for k in range(3000):
        put(project, f'import "m{k + 1}.dg" as next_', f"m{k}.dg")
    status, report = check(project / "m0.dg")
    assert status == 1
    assert "m100.dg:1:1: import error: imports nested deeper than 100" in report, report
    put(project, "let a = 1", "m90.dg")
    accepted(project / "m0.dg")


def test_an_error_inside_of_an_import(project: Path) -> None:
    """An error in an imported file is reported there."""
    put(project, "let a = 1\nlet b = = 2", "bad.dg")
    status, report = check(put(project, 'import "bad.dg" as bad', "main.dg"))
    assert status == 1
    assert report.startswith("bad.dg:2:9: syntax error"), report


# ----------------------------------------------------------------------------------------------------- semantics

SEMANTICS = {
    "boundaries": (
        "space X = torus(2)\nspace Y = cube(2)\ndiagram f : Field[X, 1] -> Field[Y, 1] = id", "3:42", "other wires"
    ),
    "stride": (
        "space X = torus(2)\ndiagram f : Field[X[7, 7], 1] -> Field[X[3, 3], 1] = conv[3, stride = 2]",
        "2:54", "a size must be a whole number, this is 7/2",
    ),
    "complex into real": ("diagram f : C[2] -> C[2] = linear", "1:28", "`linear` takes other wires"),
    "sizes of two names": ("dim n, m\ndiagram f : R[n] -> R[m] = id", "2:28", "other wires"),
    "a box of two wires": ("diagram f(x : R[3]) -> R[3] = x >> add", "1:33", "`add` takes 2 wires"),
}  # fmt: skip


@pytest.mark.parametrize("case", SEMANTICS)
def test_wires_that_do_not_fit(case: str, tmp_path: Path) -> None:
    """Wires that look alike and are not are refused."""
    text, place, message = SEMANTICS[case]
    refused(put(tmp_path, text), place, message)


def test_a_byte_order_mark(tmp_path: Path) -> None:
    """A byte order mark is read over, or refused in its place: it is in no name."""
    status, report = check(put(tmp_path, b"\xef\xbb\xbf" + ONE.encode()))
    assert status == 0 or report.startswith(f"{tmp_path}/h.dg:1:1: ")


def test_the_command(tmp_path: Path) -> None:
    """`python -m diagrammar check` in a process of its own says where, and ends with status 1."""
    path = put(tmp_path, "let a = b")
    command = [sys.executable, "-m", "diagrammar", "check", str(path)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (made.returncode, made.stdout) == (1, "")
    assert made.stderr.startswith(f"{path}:1:9: name error: nothing here is called `b`")
