"""Staging: rewritten Python runs on symbolic tensors and leaves a graph behind.

The operators of rewritten functions come here when a condition or an iterable is symbolic.
"""
