"""Passes: pure functions from a graph to a better graph, one in each file."""
