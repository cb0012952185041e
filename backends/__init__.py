"""The meanings: each room makes something else of a diagram. None is imported before it is asked for."""
