"""Models: modules, layers, and the first values of their variables."""

from . import initializers
from .attention import MultiHeadAttention, TransformerBlock
from .containers import Activation, Flatten, Lambda, Sequential
from .convolution import Conv1D, Conv2D, Conv3D, ConvTranspose1D, ConvTranspose2D, ConvTranspose3D
from .dense import Dense, Embedding
from .dropout import Dropout
from .layer import Layer
from .module import Module
from .normalization import BatchNorm, GroupNorm, LayerNorm, RMSNorm
from .pooling import (
    AvgPool1D,
    AvgPool2D,
    AvgPool3D,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
)
from .recurrent import GRU, LSTM, Bidirectional, GRUCell, LSTMCell, Recurrent, SimpleRNN, SimpleRNNCell

__all__ = [
    "GRU", "LSTM", "Activation", "AvgPool1D", "AvgPool2D", "AvgPool3D", "BatchNorm", "Bidirectional", "Conv1D", "Conv2D",
    "Conv3D", "ConvTranspose1D", "ConvTranspose2D", "ConvTranspose3D", "Dense", "Dropout", "Embedding", "Flatten", "GRUCell",
    "GlobalAvgPool", "GlobalMaxPool", "GroupNorm", "LSTMCell", "Lambda", "Layer", "LayerNorm", "MaxPool1D", "MaxPool2D",
    "MaxPool3D", "Module", "MultiHeadAttention", "RMSNorm", "Recurrent", "Sequential", "SimpleRNN", "SimpleRNNCell",
    "TransformerBlock", "initializers",
]  # fmt: skip
