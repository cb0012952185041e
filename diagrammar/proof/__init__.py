"""Proofs that two diagrams are equal.

* `prove(left, right, equations=...)` finds a proof, or gives None, which says nothing;
* `Proof` is its steps, `proof.text()` a derivation to read, `check_proof` verifies it step by step;
* `Equation` is an equation between diagrams of pure boxes, to rewrite with.

See docs/proofs.md.
"""

from __future__ import annotations

from diagrammar.proof.derivation import Step
from diagrammar.proof.equation import Equation, Instance
from diagrammar.proof.prove import Budget, Proof, check_proof, prove

__all__ = ["Budget", "Equation", "Instance", "Proof", "Step", "check_proof", "prove"]
