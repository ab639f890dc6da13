"""From graphs to native programs: what is fused with what, where values live, and the C that does it."""
