"""From Python source to a graph, a better graph, and a program of kernels."""
