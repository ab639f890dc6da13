"""From a Python function to a rewritten one: its source, its tree, the rewrites, and the operators they call."""
