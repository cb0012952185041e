"""A law as a constraint: its defect is kept under a bound while something else is minimised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Bound:
    """Keeps a scalar under a bound while a loss falls: gradient ascent in the multiplier of an augmented Lagrangian
    (Arrow, Hurwicz and Uzawa, 1958; Bertsekas, 1982).

    Add `term(defect)` to the loss of each step. The multiplier grows by `rate` times what the defect is above the
    bound, and falls as it is below, never under 0; `stiffness` is the weight of the square of what is above.

    >>> import torch
    >>> x = torch.tensor(3.0, requires_grad=True)
    >>> optimiser, bound = torch.optim.SGD([x], lr=0.01), Bound(0.25)
    >>> for _ in range(2000):
    ...     loss = (x - 3) ** 2 + bound.term(x**2)
    ...     optimiser.zero_grad()
    ...     loss.backward()
    ...     _ = optimiser.step()
    >>> round(x.item() ** 2, 2)
    0.25
    """

    def __init__(self, bound: float, stiffness: float = 10.0, rate: float = 0.1) -> None:
        if bound < 0 or stiffness < 0 or rate <= 0:
            raise ValueError("a bound and its stiffness are not negative, and its rate is positive")
        self.bound = bound
        self.rate = rate
        self.stiffness = stiffness
        self.multiplier = 0.0

    def term(self, defect: torch.Tensor) -> torch.Tensor:
        """What is added to the loss; the multiplier moves with it."""
        over = defect - self.bound
        made = self.multiplier * over + 0.5 * self.stiffness * over.clamp(min=0.0).square()
        self.multiplier = max(0.0, self.multiplier + self.rate * float(over.detach()))
        return made
