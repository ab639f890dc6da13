"""Optimizers, learning rate schedules and gradient clipping."""

from . import schedules
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from .optimizer import Optimizer
from .rules import SGD, Adagrad, Adam, AdamW, Lion, RMSProp

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "Lion", "Optimizer", "RMSProp", "clip_by_global_norm", "clip_by_norm",
    "clip_by_value", "global_norm", "schedules",
]  # fmt: skip
