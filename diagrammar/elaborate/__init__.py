"""From tree to diagram: inference, static evaluation, and definitions made once for each set of static arguments."""
