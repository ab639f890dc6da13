// Calls from Python: programs run on lists of arrays.
//
// A program is a function of Python's own kind, made without Python's headers.

// The parts of Python's and NumPy's objects that a call reads. They have lain so in every CPython 3 and NumPy 2 that has
// a global lock; native.py takes a slower way in the others.
struct list { i64 references; void *type; i64 count; void **items; };
struct array { i64 references; void *type; char *data; int axes; i64 *shape, *strides; void *base, *dtype; int flags; };
enum { IN_ORDER_AND_ALIGNED = 0x101 };

extern void *PyEval_SaveThread(void);
extern void PyEval_RestoreThread(void *);
extern int PyGILState_Ensure(void);
extern void PyGILState_Release(int);
extern int PyErr_CheckSignals(void);
extern void *PyErr_Occurred(void);
extern void *PyCapsule_GetPointer(void *, const char *);
extern void *PyLong_AsVoidPtr(void *);
extern void *PyLong_FromLong(long);

// Let Python see to its signals; not 0 when one raised, Ctrl-C say: the exception waits for the program to return.
int wf_poll(void) {
    int held = PyGILState_Ensure(), raised = PyErr_CheckSignals();
    PyGILState_Release(held);
    return raised;
}

// Whether an operand is what the program was written for: `expected` has its class, dtype, axes and lengths, -1 for any.
static int fits(const struct array *a, const i64 **expected) {
    const i64 *e = *expected;
    *expected = e + 3 + e[2];
    if ((i64)a->type != e[0] || (i64)a->dtype != e[1] || a->axes != e[2]) return 0;
    for (int i = 0; i < a->axes; i++) if (a->shape[i] != e[3 + i] && e[3 + i] >= 0) return 0;
    return 1;
}

struct launcher {
    int (*run)(const void *, void *, void *const *, void *const *, char *);
    const void *table;
    const i64 *expected;
    void *const *constants;
    i64 more;                                // constants
};

static int launch(const struct launcher *l, void *token, const struct list *operands, const struct list *results,
                  char *memory) {
    void *in[operands->count + l->more + 1], *out[results->count + 1];
    const i64 *expected = l->expected;
    for (i64 i = 0; i < operands->count; i++) {
        const struct array *a = operands->items[i];
        if (!fits(a, &expected)) return -2;
        if ((a->flags & IN_ORDER_AND_ALIGNED) != IN_ORDER_AND_ALIGNED) return -1;
        in[i] = a->data;
    }
    for (i64 i = 0; i < l->more; i++) in[operands->count + i] = l->constants[i];
    for (i64 i = 0; i < results->count; i++) out[i] = ((const struct array *)results->items[i])->data;
    void *state = PyEval_SaveThread();
    int failed = l->run(l->table, token, in, out, memory);
    PyEval_RestoreThread(state);
    return failed;
}

// Run a program, without Python's lock, given a token, lists of operands and results, and the address of memory; -1 if an
// operand does not lie in order, -2 if it is another. `self` is a capsule of the launcher.
void *wf_launch(void *self, void *const *given, i64 count) {
    const struct launcher *l = PyCapsule_GetPointer(self, "weft");
    if (!l || count != 4) return 0;
    int failed = launch(l, PyLong_AsVoidPtr(given[0]), given[1], given[2], PyLong_AsVoidPtr(given[3]));
    return failed == 1 && PyErr_Occurred() ? 0 : PyLong_FromLong(failed);
}
