"""The module as one function of torch's reverse mode: a forward that leaves a residual, and a backward that is code."""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor


def _plainly() -> bool:
    """Whether torch is to see the boxes themselves: while it compiles, exports, traces or transforms functions, in
    forward mode, under autocast, and without gradients."""
    return (
        torch.compiler.is_compiling()
        or not torch.is_grad_enabled()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
        or torch._C._get_tracing_state() is not None
        or torch._C._is_any_autocast_enabled()
    )


def _unlike(*inputs: Tensor) -> bool:
    """Whether inputs are not of one number of samples: some stand for all samples of others."""
    return any(x.shape[0] != inputs[0].shape[0] for x in inputs)


class _Optic(torch.autograd.Function):
    """A module on its inputs and weights, as `_ends` of its class tells: how many inputs and results there are, which
    results the backward reads, and which have cotangents."""

    @staticmethod
    def forward(ctx: Any, module: Any, *wires: Tensor) -> Any:
        _, results, reads, ends = module._ends
        made = module._there(*wires)
        made = made if isinstance(made, tuple) else (made,)
        ctx.module = module
        # what is made in between belongs to this call alone: it is let go step by step in the backward
        ctx.kept = made[results:]
        if reads:
            wires += tuple([made[at] for at in reads])
        ctx.save_for_backward(*wires)
        if len(ends) < results:
            ctx.mark_non_differentiable(*(made[at] for at in range(results) if at not in ends))
        return made[0] if results == 1 else made[:results]

    @staticmethod
    def backward(ctx: Any, *seeds: Any) -> Any:
        module, needs = ctx.module, ctx.needs_input_grad
        inputs, results, _, ends = module._ends
        kept, ctx.kept = ctx.kept, None
        if kept is None or torch.is_grad_enabled():
            # a derivative of the backward needs the boxes; and a second backward finds the residual used up
            kept = None
            return None, *_again(module, ctx.saved_tensors[: len(needs) - 1], needs[1:], seeds)
        given = seeds if len(ends) == results else [seeds[at] for at in ends]
        wires = [*ctx.saved_tensors, *kept, *given]
        del kept, given
        if True not in needs[inputs + 1 :]:
            return None, *module._back_inputs(wires)
        return None, *(module._back(wires) if True in needs[1 : inputs + 1] else module._back_weights(wires))


def _again(module: Any, wires: Any, needs: Any, seeds: Any) -> list[Any]:
    """The cotangents by torch's own reverse mode, from the start."""
    create = torch.is_grad_enabled()
    *_, ends = module._ends
    with torch.enable_grad():
        # each input by itself: one may have come of another
        fresh = [x.view_as(x) if need else x for x, need in zip(wires, needs, strict=True)]
        made = module._there(*fresh)
        made = made if isinstance(made, tuple) else (made,)
        pairs = [(made[at], seeds[at]) for at in ends if made[at].requires_grad]
        asked = [x for x, need in zip(fresh, needs, strict=True) if need]
        outs, cots = [y for y, _ in pairs], [dy for _, dy in pairs]
        found = iter(torch.autograd.grad(outs, asked, cots, create_graph=create, allow_unused=True))
    return [next(found) if need else None for need in needs]


def _through(module: Any, wires: Any, inputs: int) -> Any:
    """The module on its inputs and weights."""
    if any(x.requires_grad for x in wires):
        return _Optic.apply(module, *wires)  # type: ignore[no-untyped-call]  # torch leaves it so
    return module._plain(*wires[:inputs])
