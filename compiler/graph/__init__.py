"""The static graph: symbolic tensors, nodes in order, control flow as ops whose attributes are graphs."""
