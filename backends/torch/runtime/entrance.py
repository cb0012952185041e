"""The way into the root module: checks of shapes and dtypes, one batch axis in, the caller's batch axes out."""

from __future__ import annotations

from typing import Any

import torch


def _called(row: Any) -> str:
    return f"{row[0]} : {row[1]}"


def _dtype(x: Any, row: Any, module: Any) -> Any:
    """The input with the dtype that the module computes in, or an error."""
    kind = row[2]
    if kind == "Bool":
        if x.dtype != torch.bool:
            raise TypeError(f"{_called(row)} has dtype {x.dtype}, torch.bool is wanted")
        return x
    if kind == "Tokens":
        if x.dtype == torch.bool or x.is_floating_point() or x.is_complex():
            raise TypeError(f"{_called(row)} has dtype {x.dtype}, integers are wanted")
        return x if x.dtype == torch.int64 else x.long()
    if kind == "C" and x.is_complex():
        x = torch.view_as_real(x)
    if not x.is_floating_point():
        raise TypeError(f"{_called(row)} has dtype {x.dtype}, real numbers are wanted")
    if not row[4] or x.dtype == module._like.dtype:
        return x
    # functional_call may bring weights of another dtype, autocast brings its own
    if any(x.dtype == p.dtype for p in module.parameters()) or torch.is_autocast_enabled(x.device.type):
        return x
    raise TypeError(
        f"{_called(row)} has dtype {x.dtype}, the module has {module._like.dtype}:"
        f" convert the input, or the module by .to({x.dtype})"
    )


def _arrive(inputs: Any, rows: Any, module: Any) -> tuple[list[Any], list[Any]]:
    """Inputs of the right dtype and the shapes of one sample of each."""
    if len(inputs) != len(rows):
        raise TypeError(f"{len(rows)} inputs are wanted ({', '.join(map(_called, rows))}), {len(inputs)} are given")
    ready, tails = [], []
    for x, row in zip(inputs, rows, strict=True):
        x = _dtype(x, row, module)
        if x.dim() < row[3]:
            raise ValueError(
                f"{_called(row)} has shape {tuple(x.shape)}: {row[3]} axes, after any batch axes, are wanted"
            )
        ready.append(x)
        tails.append(x.shape[x.dim() - row[3] :])
    return ready, tails


def _check(x: Any, tail: Any, wanted: Any, row: Any) -> None:
    """The shape of one sample is the declared one. None in `wanted`: not known here."""
    for axis, (got, want) in enumerate(zip(tail, wanted, strict=True)):
        if want is not None and got != want:
            raise ValueError(
                f"{_called(row)} has shape {tuple(x.shape)}: axis {axis - len(wanted)} is {got}, {want} is wanted"
            )


def _merge(inputs: Any, rows: Any, expand: bool) -> tuple[list[Any], Any]:
    """One batch axis for each input (of size 1 where it has none), and the batch shape of them all."""
    leads = [x.shape[: x.dim() - row[3]] for x, row in zip(inputs, rows, strict=True)]
    try:
        batch = torch.broadcast_shapes(*leads)  # type: ignore[no-untyped-call]  # torch leaves it so
    except RuntimeError:
        shown = ", ".join(f"{_called(row)} has {tuple(lead)}" for row, lead in zip(rows, leads, strict=True))
        raise ValueError(f"batch axes do not fit together: {shown}") from None
    count = 1
    for size in batch:
        count *= size
    merged = []
    for x, row, lead in zip(inputs, rows, leads, strict=True):
        tail = x.shape[x.dim() - row[3] :]
        wide = expand or len(lead)
        merged.append(x.expand((*batch, *tail)).reshape((count, *tail)) if wide else x.unsqueeze(0))
    return merged, batch


def _leave(outputs: Any, flags: Any, batch: Any) -> Any:
    """Outputs with the caller's batch axes."""
    single = not isinstance(outputs, tuple)
    count = 1
    for size in batch:
        count *= size
    done = []
    for x, flag in zip((outputs,) if single else outputs, flags, strict=True):
        if not flag:
            done.append(x.expand((*batch, *x.shape)))
            continue
        if x.shape[0] != count:
            x = x.expand(count, *x.shape[1:])
        done.append(x.reshape((*batch, *x.shape[1:])))
    return done[0] if single else tuple(done)


def _divides(value: int, by: int, text: str) -> None:
    """A condition on sizes holds for the caller's numbers."""
    if value % by != 0:
        raise ValueError(f"{text} is to be divisible by {by}; here it is {value}")
