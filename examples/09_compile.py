"""Compile: the same Python as a graph. A solver whose number of steps depends on its data, and its gradient.

The function is written, and debugged, as plain Python; `wf.compile` makes one graph of it, loops and branches included,
and the gradient of the graph is a graph again.
"""

import weft as wf


def newton(a, tolerance=1e-6):
    """The square root of `a` by Newton's method, and the number of steps it took."""
    x, steps = a, 0
    while True:
        if wf.abs(x * x - a) < tolerance * a:
            return x, steps
        x = 0.5 * (x + a / x)
        steps += 1


def main() -> None:
    """Run the solver as Python and compiled, and differentiate through its loop."""
    compiled = wf.compile(newton)
    for value in (2.0, 9.0, 1e4):
        a = wf.tensor(value)
        root, steps = compiled(a)
        same = float(root) == float(newton(a)[0]) and steps == newton(a)[1]
        print(f"sqrt({value:g}) = {float(root):.6f} after {steps} steps; as in plain Python: {same}")

    slope = wf.grad(lambda a: compiled(a)[0])(wf.tensor(9.0))
    print(f"its derivative at 9: {float(slope):.6f}, which should be 1/6 = {1 / 6:.6f}")
    print(f"traced {compiled.cache_info().misses} time(s), called {compiled.cache_info().hits + 1} times")
    print(compiled.graph(wf.tensor(2.0)))


if __name__ == "__main__":
    main()
