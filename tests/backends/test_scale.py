"""Large and deep diagrams."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import pytest
import torch

from diagrammar.backends.torch import emit
from diagrammar.diagram import Box, Builder, Diagram

from .build import R, alone, chain, frame, linear, make, prim, weight


def row(count: int) -> Diagram:
    """sin and add by turns."""
    wire = R(4)
    sin, add = prim("sin", [wire], [wire]), prim("add", [wire, wire], [wire])
    b = Builder([wire])
    at = 0
    for number in range(count):
        (at,) = b.add(add, [at, 0]) if number % 2 else b.add(sin, [at])
    return b.build([at])


def test_chunks() -> None:
    """A function of over 1,000 statements comes in pieces, with the same result; weights are read where used."""
    x = torch.randn(2, 4)
    want = x
    for number in range(5000):
        want = want + x if number % 2 else torch.sin(want)
    module = make(row(5000))
    assert torch.equal(module(x), want)
    sizes = [len(part.splitlines()) for part in module.source.split("def ")]
    assert max(sizes) < 1500
    b = Builder([R(3)])
    wire, early = 0, 0
    for number in range(1500):
        (w,) = b.add(weight(f"W{number}", R(3), "normal"), [])
        (wire,) = b.add(prim("add", [R(3)] * 2, [R(3)]), [wire, w])
        if number == 3:
            early = wire
        (wire,) = b.add(prim("tanh", [R(3)], [R(3)]), [wire])
    d = b.build(b.add(prim("add", [R(3)] * 2, [R(3)]), [wire, early]))
    module = make(d)
    y = torch.randn(2, 3)
    kept, now = y, y
    for number, w in enumerate(module.parameters()):
        now = now + w
        if number == 3:
            kept = now
        now = torch.tanh(now)
    assert torch.allclose(module(y), now + kept, atol=1e-6)
    assert len(module.state_dict()) == 1500


def test_source_of_10000_boxes_is_quick() -> None:
    """10,000 boxes become source in less than 0.4 s of processor time."""
    d = row(10000)
    times = []
    for _ in range(3):
        start = time.process_time()
        emit(d)
        times.append(time.process_time() - start)
    assert min(times) < 0.4, times


@pytest.mark.heavy
def test_memory_of_100000_boxes() -> None:
    """100,000 boxes are written and compiled within 1 GiB, torch included."""
    code = (
        "import resource, torch\n"
        "from tests.backends.test_scale import row\n"
        "from diagrammar.backends.torch import compile\n"
        "module = compile(row(100000))\n"
        "module(torch.zeros(1, 4))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert int(done.stdout) < 1024 * 1024
    assert resource.RUSAGE_SELF == 0


def nested(depth: int, box: Box) -> Diagram:
    """A box inside so many frames."""
    inside = alone(box)
    for _ in range(depth):
        inside = alone(Box("f", inside.dom, inside.cod, origin="test:f", key="f", insides=(inside,)))
    return inside


@pytest.mark.heavy
def test_deep_frames() -> None:
    """100,000 frames inside one another are no deeper than one."""
    module = make(nested(100_000, prim("sin", [R(3)], [R(3)])))
    x = torch.randn(2, 3)
    assert torch.equal(module(x), torch.sin(x))


def test_deep_modules() -> None:
    """Modules 300 deep are written into fewer forwards, and run."""
    module = make(nested(300, linear(3, 3)))
    (key, *_) = module.state_dict()
    assert key == "f." * 300 + "linear.W"
    assert module(torch.randn(2, 3)).shape == (2, 3)


def test_equal_classes_are_one() -> None:
    """Definitions of one source are one class."""
    module = make(chain(*[linear(3, 3, key=f"l{i}") for i in range(20)]))
    assert module.source.count("class Linear") == 1
    assert type(module.l3) is type(module.l7)
    two = make(chain(frame("a", chain(linear(3, 3))), frame("b", chain(linear(3, 4)))))
    assert type(two.a.linear) is not type(two.b.linear)
