"""Files are written whole or not at all, whatever happens on the way: a kill, a full disk, a file that may not be
written, two processes at once.

Each command that writes a file is tried; a new one takes a line in COMMANDS.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagrammar.__main__ import main
from diagrammar.writing import write

TEXT = "diagram f:R[3]->R[3]=sin\n" + "\n".join(f"diagram f{i}:R[3]->R[3]=sin>>cos" for i in range(40)) + "\n"


def _compile(folder: Path) -> tuple[list[str], Path]:
    (folder / "net.dg").write_text(TEXT)
    # a backend writes through the same door as the others; this one starts soonest
    return ["compile", str(folder / "net.dg"), "--to", "cost", "-o", str(folder / "net.txt")], folder / "net.txt"


def _draw(folder: Path) -> tuple[list[str], Path]:
    (folder / "net.dg").write_text(TEXT)
    return ["draw", str(folder / "net.dg"), "-o", str(folder / "net.svg")], folder / "net.svg"


def _diff(folder: Path) -> tuple[list[str], Path]:
    (folder / "net.dg").write_text(TEXT)
    return ["diff", str(folder / "net.dg"), "f", "-o", str(folder / "out.dg")], folder / "out.dg"


def _fmt(folder: Path) -> tuple[list[str], Path]:
    (folder / "net.dg").write_text(TEXT)
    return ["fmt", str(folder / "net.dg")], folder / "net.dg"


# what is typed in a folder, and the file that it writes
COMMANDS: dict[str, Callable[[Path], tuple[list[str], Path]]] = {
    "compile": _compile,
    "diff": _diff,
    "draw": _draw,
    "fmt": _fmt,
}


@pytest.fixture(params=COMMANDS)
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[list[str], Path, bytes, bytes]]:
    """A command, its file, what is in it before and what it writes."""
    words, target = COMMANDS[request.param](tmp_path)
    old = target.read_bytes() if target.exists() else b"old"
    target.write_bytes(old)
    assert main(words) == 0
    new = target.read_bytes()
    assert new != old
    target.write_bytes(old)
    yield words, target, old, new
    for path in (tmp_path, target):
        path.chmod(0o755)


# runs a command in children that stop before the first, the second, ... step of writing, and kills each there
KILLING = r"""
import os, signal, sys
from diagrammar.__main__ import main
import diagrammar.api, diagrammar.backends.cost, diagrammar.grammar.layout

target, old = sys.argv[1], open(sys.argv[1], "rb").read()
stop = status = 0
while not os.WIFEXITED(status) or not stop:
    stop += 1
    child = os.fork()
    if child == 0:
        steps = 0
        def stopping(step):
            def taken(*given, **named):
                global steps
                steps += 1
                if steps == stop:
                    os.kill(os.getpid(), signal.SIGSTOP)
                return step(*given, **named)
            return taken
        for name in ("fsync", "fchmod", "fchown", "replace"):
            setattr(os, name, stopping(getattr(os, name)))
        os._exit(main(sys.argv[2:]))
    status = os.waitpid(child, os.WUNTRACED)[1]
    if os.WIFSTOPPED(status):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert open(target, "rb").read() == old, stop
print(stop - 1, status)
"""


def test_a_kill_leaves_the_old_file_or_the_new_one(job: tuple[list[str], Path, bytes, bytes]) -> None:
    """`kill -9` before each step of writing: ownership, permissions, the bytes on the disk, the move."""
    words, target, _, new = job
    command = [sys.executable, "-W", "ignore", "-c", KILLING, str(target), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "4 0"
    assert target.read_bytes() == new


def refuses(capsys: pytest.CaptureFixture[str], words: list[str], target: Path, old: bytes) -> str:
    """A command ends with status 1 and one line, and everything is as it was: what it says."""
    before = sorted(target.parent.iterdir())
    capsys.readouterr()
    assert main(words) == 1
    err = capsys.readouterr().err
    assert err.startswith("diagrammar: ") and err.count("\n") == 1, err
    assert str(target) in err
    assert target.read_bytes() == old
    assert sorted(target.parent.iterdir()) == before
    return err


def test_a_full_disk(
    job: tuple[list[str], Path, bytes, bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bytes have no room the file is named, not the one beside it."""
    words, target, old, _ = job

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in refuses(capsys, words, target, old)


def test_a_disk_that_is_full_indeed(job: tuple[list[str], Path, bytes, bytes]) -> None:
    """The system refuses the bytes themselves: a limit on the size of files stands for the disk."""
    words, target, old, new = job
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"
        "from diagrammar.__main__ import main; sys.exit(main(sys.argv[2:]))"
    )
    before = sorted(target.parent.iterdir())
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(len(new) // 2), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr == f"diagrammar: {target}: File too large\n"
    assert target.read_bytes() == old
    assert sorted(target.parent.iterdir()) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a file system can be mounted by root alone; the limit on the size of files is tried above")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_file_system_that_is_full(small_disk: Path) -> None:
    """The old file stays, no other does, and the error names the file."""
    target = small_disk / "net.py"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="No space left") as caught:
        write(target, b"x" * 200_000)
    assert caught.value.filename == str(target)
    assert [path.name for path in small_disk.iterdir()] == ["net.py"]
    assert target.read_bytes() == b"old"


def test_a_file_that_may_not_be_written(
    job: tuple[list[str], Path, bytes, bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only file is not replaced, though the folder would allow it."""
    words, target, old, _ = job
    target.chmod(0o444)
    if os.geteuid() == 0:
        # root may write all: what the system would say to others
        monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK and os.path.samefile(path, target)))
    assert "Permission denied" in refuses(capsys, words, target, old)
    assert target.stat().st_mode & 0o777 == 0o444


def test_a_folder_that_may_not_be_written(
    job: tuple[list[str], Path, bytes, bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file can be made beside the old one."""
    words, target, old, _ = job
    target.parent.chmod(0o555)
    if os.geteuid() == 0:
        system = os.open

        def denied(path: str | Path, flags: int, *rest: int, **named: int) -> int:
            if flags & os.O_CREAT:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            return system(path, flags, *rest, **named)

        monkeypatch.setattr(os, "open", denied)
    assert "Permission denied" in refuses(capsys, words, target, old)


def test_two_processes_at_once(job: tuple[list[str], Path, bytes, bytes]) -> None:
    """Whoever reads meanwhile finds the old file or the new one, whole; in the end it is the new one."""
    words, target, old, new = job
    code = "import sys; from diagrammar.__main__ import main; sys.exit(max(main(sys.argv[1:]) for _ in range(12)))"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    seen = set()
    while any(process.poll() is None for process in processes):
        seen.add(target.read_bytes())
    assert [process.wait() for process in processes] == [0, 0]
    for process in processes:
        assert process.stderr is not None
        process.stderr.close()
    assert seen <= {old, new}
    assert target.read_bytes() == new
    assert not [path for path in target.parent.iterdir() if path.name.startswith(".")]


# ---------------------------------------------------------------------------------------------------- one place


def test_threads_write_whole_files(tmp_path: Path) -> None:
    """Of eight that write one file, each a text of its own, one wins."""
    path = tmp_path / "f"
    texts = [str(number) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=write, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_kept_or_the_usual_ones(tmp_path: Path) -> None:
    """A file that is there keeps its own; a new one has what the umask leaves."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("a")
    old.chmod(0o600)
    mask = os.umask(0o027)
    try:
        write(old, "b")
        write(new, "b")
    finally:
        os.umask(mask)
    assert [path.stat().st_mode & 0o777 for path in (old, new)] == [0o600, 0o640]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is written, also where that is not there yet."""
    (tmp_path / "far").mkdir()
    for name in ("there", "not_yet"):
        link, target = tmp_path / name, tmp_path / "far" / name
        link.symlink_to(target)
        if name == "there":
            target.write_text("old")
        write(link, "new")
        assert link.is_symlink() and target.read_text() == "new"
    assert len(list((tmp_path / "far").iterdir())) == 2


def test_only_files_are_replaced(tmp_path: Path) -> None:
    """A folder, a pipe and a device stay what they are; a name too long and a folder that is not there are errors."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    places = [tmp_path / "folder", tmp_path / "pipe", Path(os.devnull), tmp_path / ("x" * 300), tmp_path / "no" / "f"]
    for place in (*places, tmp_path / "loop"):
        with pytest.raises(OSError) as caught:
            write(place, "x")
        assert caught.value.filename == str(place) and caught.value.strerror
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "loop", "pipe"]
    assert Path(os.devnull).is_char_device()


def test_a_long_name_has_room(tmp_path: Path) -> None:
    """The name of the file beside is short."""
    write(tmp_path / ("x" * 255), "x")
    assert (tmp_path / ("x" * 255)).read_text() == "x"
