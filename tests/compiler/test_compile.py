"""A compiled function gives what the plain one gives, and is traced as often as it must be."""

import dataclasses
import gc
import linecache
import threading
import weakref

import numpy as np
import pytest

import weft as wf
from weft.runtime.errors import SourceError

SCALE = 2.0
CALLS: list[int] = []


@wf.opaque
def count():
    CALLS.append(1)


def defined(text):
    """The function `f` of a text that has a source, as one typed at a prompt has."""
    path = f"<test {len(linecache.cache)}>"
    linecache.cache[path] = (len(text), None, text.splitlines(True), path)
    names = {"__name__": "typed", "wf": wf}
    exec(compile(text, path, "exec"), names)
    return names["f"]


def equal(actual, expected):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), rtol=1e-5, atol=1e-6)


@wf.compile
def grown(x):
    n = 0
    while wf.sum(x) < 100.0:
        x = x * 2.0
        n += 1
    return wf.sum(x) * n


def test_a_loop_on_tensors_is_one_graph():
    equal(grown(wf.tensor([1.0, 2.0])), grown.function(wf.tensor([1.0, 2.0])))
    assert [node.op.name for node in grown.graph(wf.tensor([1.0, 2.0])).nodes].count("while") == 1


def test_a_call_under_a_tape_is_one_node_with_a_gradient_of_any_order():
    x = wf.tensor([1.0, 2.0])
    with wf.GradientTape() as tape:
        tape.watch(x)
        y = grown(x)
    equal(tape.gradient(y, x), [6 * 64.0, 6 * 64.0])

    @wf.compile
    def cube(x):
        return x * x * x if x > 0.0 else -x

    equal(wf.grad(cube)(2.0), 12.0)
    equal(wf.grad(wf.grad(cube))(wf.tensor(2.0)), 12.0)
    equal(wf.grad(cube)(-2.0), -1.0)


def test_gradients_are_taken_inside():
    @wf.compile
    def slope(x):
        with wf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(3):
                y = y * x
        return tape.gradient(y, x), wf.grad(wf.sin)(x)

    first, second = slope(wf.tensor(2.0))
    equal(first, 32.0)
    equal(second, np.cos(2.0))


@pytest.mark.parametrize(
    "make", [lambda: wf.optim.SGD(0.1, momentum=0.9), lambda: wf.optim.Adam(0.01)], ids=["sgd", "adam"]
)
def test_a_training_step_is_one_graph(make):
    rng = np.random.default_rng(0)
    x, y = wf.tensor(rng.normal(size=(32, 8)).astype(np.float32)), wf.tensor(np.arange(32) % 3)

    def train(compiled):
        wf.seed(0)
        model = wf.nn.Sequential([wf.nn.Dense(16, activation=wf.relu), wf.nn.Dense(3)])
        optimizer = make()
        model(x)

        def step(x, y):
            with wf.GradientTape() as tape:
                loss = wf.softmax_cross_entropy(model(x), y)
            variables = model.trainable_variables
            optimizer.apply_gradients(tape.gradient(loss, variables), variables)
            return loss

        run = wf.compile(step) if compiled else step
        return [float(run(x, y)) for _ in range(6)], [v.numpy() for v in model.trainable_variables]

    losses, weights = train(compiled=True)
    expected, plain = train(compiled=False)
    equal(losses, expected)
    for actual, wanted in zip(weights, plain, strict=True):
        equal(actual, wanted)


def test_random_numbers_and_dropout_are_drawn_anew_and_as_in_eager_code():
    @wf.compile
    def draw(x):
        return x + wf.random.normal((3,)), wf.dropout(wf.ones((8,)), 0.5)

    wf.seed(7)
    compiled = [draw(wf.zeros((3,))) for _ in range(3)]
    wf.seed(7)
    eager = [draw.function(wf.zeros((3,))) for _ in range(3)]
    for actual, expected in zip(compiled, eager, strict=True):
        equal(actual[0], expected[0])
        equal(actual[1], expected[1])


def test_each_kind_of_arguments_is_traced_once():
    CALLS.clear()

    @wf.compile
    def f(x, k):
        count()
        return x * k

    for x, k in [
        (wf.ones((2,)), 1),
        (wf.zeros((2,)), 1),
        (wf.ones((3,)), 1),
        (wf.ones((2,)), 2),
        (wf.ones((2,)), True),
    ]:
        equal(f(x, k), x.numpy() * k)
    assert (f.cache_info().hits, f.cache_info().misses) == (1, 4)
    f(wf.ones((2,)), 0.5)
    f(wf.ones((2,)), 0.25)  # floats are data
    assert f.cache_info().misses == len(CALLS) == 5
    assert "argument 1: it was True, it is a float" in f.explain_retrace()


def test_a_global_that_changes_is_noticed():
    global SCALE

    @wf.compile
    def f(x):
        return x * SCALE

    equal(f(wf.tensor(1.0)), 2.0)
    try:
        SCALE = 3.0
        equal(f(wf.tensor(1.0)), 3.0)
        assert f.explain_retrace() == "global 'SCALE' changed: it was 2.0, it is 3.0"
    finally:
        SCALE = 2.0


def test_attributes_are_read_and_set_as_the_program_says():
    class Counter:
        step = 2.0

        @wf.compile
        def add(self, x):
            self.total = x * self.step
            return self.total

    counter = Counter()
    equal(counter.add(wf.tensor(1.0)), 2.0)
    equal(counter.total, 2.0)
    equal(counter.add(wf.tensor(5.0)), 10.0)
    equal(counter.total, 10.0)
    counter.step = 3.0
    equal(counter.add(wf.tensor(5.0)), 15.0)


def test_a_user_module_with_control_flow_is_compiled_where_it_is_called():
    class Switch(wf.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = wf.nn.Dense(4)

        def call(self, x):
            if wf.sum(x) > 0.0:
                return self.dense(x)
            return -self.dense(x)

    model = Switch()
    compiled = wf.compile(model)
    for x in (wf.ones((2, 3)), -wf.ones((2, 3))):
        equal(compiled(x), model(x))


def test_trees_go_in_and_come_out_as_they_are():
    @dataclasses.dataclass
    class State:
        position: object
        name: str

    @wf.compile
    def f(state, parts):
        first, *rest = parts
        return State(state.position + first, state.name + "!"), {"rest": rest, "none": None}

    state, others = f(State(wf.tensor(1.0), "a"), [wf.tensor(2.0), wf.tensor(3.0)])
    equal(state.position, 3.0)
    assert (state.name, others["none"]) == ("a!", None)
    equal(others["rest"][0], 3.0)


def test_prints_and_assertions_happen_in_order_with_values(capsys):
    @wf.compile
    def f(n):
        for i in range(n):
            print("i", i, f"{i * 2:3d}")
        assert n < 3, f"too many: {n}"
        return n

    f(wf.tensor(1))
    assert capsys.readouterr().out == "i 0   0\n"
    f(wf.tensor(2))
    assert capsys.readouterr().out == "i 0   0\ni 1   2\n"
    with pytest.raises(AssertionError, match="too many: 3"):
        f(wf.tensor(3))


def test_compiled_functions_call_each_other():
    @wf.compile
    def inner(x):
        while x < 10.0:
            x = x * 2.0
        return x

    @wf.compile
    def outer(x):
        return inner(x) + inner(x + 1.0)

    equal(outer(wf.tensor(3.0)), 12.0 + 16.0)
    assert inner.cache_info().misses == 0


def test_compilation_is_switched_off_for_debugging():
    CALLS.clear()

    @wf.compile
    def f(x):
        count()
        return x + 1.0

    with wf.eagerly():
        f(wf.tensor(1.0))
        f(wf.tensor(1.0))
    assert (len(CALLS), f.cache_info().misses) == (2, 0)


def test_compilation_is_switched_off_after_calls_that_were_compiled():
    CALLS.clear()

    @wf.compile
    def f(x):
        count()
        return x + 1.0

    x = wf.tensor(1.0)
    with wf.options(executor="native"):
        for _ in range(3):
            f(x)
        traced = len(CALLS)
        with wf.eagerly():
            f(x)
            f(x)
        assert len(CALLS) == traced + 2
        wf.run_eagerly(True)
        try:
            f(x)
        finally:
            wf.run_eagerly(False)
        assert len(CALLS) == traced + 3
        f(x)
        assert len(CALLS) == traced + 3


def test_what_dies_is_not_kept_alive_by_the_cache():
    @wf.compile
    def f(owner, x):
        return x + 1.0

    class Owner:
        pass

    owner = Owner()
    f(owner, wf.tensor(1.0))
    alive = weakref.ref(owner)
    del owner
    gc.collect()
    assert alive() is None
    assert f.cache_info().size == 0


def test_source_and_graph_are_there_to_be_read():
    assert "wf_.while_(test_1, body_1, ('x', 'n'))" in grown.source()
    assert "while (" in str(grown.graph(wf.tensor([1.0, 2.0])))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda log: lambda x: log.append(x), "the function changes the length of"),
        (lambda log: lambda x: float(x.numpy()), r"numpy\(\) of f32\[\] needs its values"),
    ],
)
def test_what_a_graph_cannot_repeat_is_refused(make, message):
    with pytest.raises(SourceError, match=message):
        wf.compile(make([]))(wf.tensor(1.0))


def test_generators_and_async_functions_are_refused_at_once():
    def generate(x):
        yield x

    async def wait(x):
        return x

    with pytest.raises(SourceError, match="generate is a generator, which cannot be compiled"):
        wf.compile(generate)
    with pytest.raises(SourceError, match="wait is an async function, which cannot be compiled"):
        wf.compile(wait)


def test_variables_keep_their_values_out_of_reach_while_tracing():
    v = wf.Variable(1.0, name="v")
    with pytest.raises(SourceError, match="the values of variable 'v' are not known while a function is compiled"):
        wf.compile(lambda: v.numpy())()
    equal(wf.compile(lambda: v + 1.0)(), 2.0)


@pytest.mark.parametrize("handler", ["except ValueError", "except Exception", "except"])
def test_a_handler_never_takes_a_refusal_for_its_own(handler):
    text = f"""
def f(x):
    try:
        if x > 0.0:
            raise ValueError("positive")
        y = 1.0
    {handler}:
        y = 2.0
    return y
"""
    compiled = wf.compile(defined(text))
    with pytest.raises(SourceError, match="a `raise` that depends on a tensor stands in a `try`"):
        compiled(wf.tensor(1.0))


def test_an_index_that_may_fail_inside_a_try_is_refused():
    @wf.compile
    def f(v, i):
        try:
            return v[i]
        except IndexError:
            return v[0]

    with pytest.raises(SourceError, match="may raise because of values that are not known yet"):
        f(wf.tensor([1.0, 2.0]), wf.tensor(5))


def test_a_tuple_that_is_returned_from_inside_a_loop_comes_out_as_one():
    @wf.compile
    def f(x):
        steps = 0
        while True:
            if x > 10.0:
                return x, {"steps": steps}
            x = x * 2.0
            steps += 1

    x, others = f(wf.tensor(3.0))
    equal(x, 12.0)
    assert others == {"steps": 2}


def test_none_and_a_tensor_come_out_as_what_they_were():
    @wf.compile
    def f(x):
        if x > 0.0:
            return x

    equal(f(wf.tensor(2.0)), 2.0)
    assert f(wf.tensor(-2.0)) is None


def test_what_the_only_branch_that_goes_on_has_made_is_carried_out():
    @wf.compile
    def f(x):
        if x > 0.0:
            y, pair = x * 2.0, [x + 1.0, "name"]
        else:
            raise ValueError("not positive")
        return y + pair[0], pair[1]

    y, name = f(wf.tensor(2.0))
    equal(y, 7.0)
    assert name == "name"
    with pytest.raises(ValueError, match="not positive"):
        f(wf.tensor(-2.0))


def test_what_a_program_wrote_is_left_alone_even_where_the_prompt_has_lines(monkeypatch):
    monkeypatch.setitem(linecache.cache, "<string>", (1, None, ["import weft\n"], "<string>"))

    @dataclasses.dataclass
    class State:
        position: object

    @wf.compile
    def f(x):
        return State(x + 1.0).position

    equal(f(wf.tensor(1.0)), 2.0)


def test_a_tensor_made_inside_comes_out_anew_from_each_call():
    @wf.compile
    def f(x):
        return x, wf.zeros((2,))

    made = f(wf.tensor(1.0))[1]
    made[0] = 5.0
    equal(f(wf.tensor(1.0))[1], [0.0, 0.0])


class Box:
    def __init__(self, value):
        self.value = value


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda x: Box(x * 2.0), "Box"),
        (lambda x: Box(1), "Box"),
        (lambda x: {1, 2}, "set"),
        (lambda x: lambda: x, "function"),
    ],
    ids=["tensor_in_object", "object", "set", "closure"],
)
def test_an_object_that_every_call_would_have_to_make_is_refused(make, kind):
    with pytest.raises(SourceError, match=f"the function gives back or keeps a {kind} that it made"):
        wf.compile(make)(wf.tensor(1.0))


def test_an_object_that_was_there_comes_out_as_itself():
    box = Box(1)
    assert wf.compile(lambda given, x: (given, x + 1.0))(box, wf.tensor(1.0))[0] is box
    assert wf.compile(lambda x: (box, x + 1.0))(wf.tensor(1.0))[0] is box


def test_an_array_argument_that_is_overwritten_does_not_change_the_gradient():
    f = wf.compile(lambda batch, w: (batch * w * w).sum())
    batch, w = np.ones(2, np.float32), wf.tensor([1.0, 1.0])
    with wf.GradientTape() as tape:
        tape.watch(w)
        y = f(batch, w)
    batch[:] = 100.0
    equal(tape.gradient(y, w), [2.0, 2.0])


@pytest.mark.parametrize("divide", ["1 / k", "1 // k", "1 % k"])
def test_a_number_of_a_loop_that_is_divided_by_zero_raises_as_in_python(divide):
    f = wf.compile(
        defined(
            f"def f(n):\n    k = 3\n    s = 0.0\n    while k >= n:\n        s = s + {divide}\n        k = k - 1\n    return s\n"
        )
    )
    equal(f(wf.tensor(1)), f.function(wf.tensor(1)))
    with pytest.raises(ZeroDivisionError):
        f(wf.tensor(0))


def test_compilation_is_switched_off_in_every_thread():
    CALLS.clear()

    @wf.compile
    def f(x):
        count()
        return x + 1.0

    wf.run_eagerly(True)
    try:
        threads = [threading.Thread(target=f, args=(wf.tensor(1.0),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with wf.eagerly(False):
            f(wf.tensor(1.0))
    finally:
        wf.run_eagerly(False)
    assert (len(CALLS), f.cache_info().misses) == (3, 1)


def test_control_flow_in_code_without_a_source_is_refused_with_the_reason() -> None:
    names = {}
    exec("def f(x):\n    while x < 3.0:\n        x = x + 1\n    return x\n", names)
    with pytest.raises(SourceError, match="The source of this code is not to be found"):
        wf.compile(names["f"])(wf.tensor(1.0))


@pytest.mark.parametrize("op", [wf.nonzero, wf.argwhere, wf.unique_values])
def test_ops_that_give_as_many_results_as_the_values_say_are_refused(op):
    with pytest.raises(SourceError, match="how many results there are depends on the values"):
        wf.compile(lambda x: op(x))(wf.tensor([1.0, 0.0, 2.0]))
