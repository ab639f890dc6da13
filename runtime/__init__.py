"""The language of tensors: specs, the op table, eager execution, the tape, models. Needs NumPy only."""
