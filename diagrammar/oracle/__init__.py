"""An algebraic oracle: whether two diagrams are equal, by exact arithmetic at random points.

`decide(left, right)` evaluates both modulo random primes, with inputs and weights at random (DeMillo and Lipton 1978;
Zippel 1979; Schwartz 1980). What is different at one point is different; what is equal at all is equal but for a chance
that is bounded and told. There is no tolerance. It needs numpy, and boxes that are polynomials or quotients of
polynomials; where there are others it says which one, and compares both sides in float64 instead.
"""

from __future__ import annotations

from diagrammar.oracle.decide import Verdict, decide

__all__ = ["Verdict", "decide"]
