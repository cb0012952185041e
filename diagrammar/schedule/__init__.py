"""What a reverse pass keeps and what it computes again: a diagram and its cotangent as an optic, whose residual is
chosen by a schedule.

A diagram is flattened to one body whose weights are inputs (`flattened`); a reverse pass puts the cotangent of each box
after it (`reverse`); a schedule says in what order the backward runs forward and backward boxes, and what is left to
read from the forward is the residual (`optic`).
"""

from diagrammar.schedule.flattened import Flattened, Mark, flattened
from diagrammar.schedule.optic import Optic, split
from diagrammar.schedule.reverse import Joint, joint

__all__ = ["Flattened", "Joint", "Mark", "Optic", "flattened", "joint", "split"]
