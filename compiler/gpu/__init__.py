"""Graphs on a GPU: which kernels they become, in which order these run, and eager ops as graphs of one node."""
