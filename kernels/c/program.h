// What a generated program may ask of the runtime library (runtime.c), and what it is made of.

typedef struct { f64 real, imaginary; } c128;

struct wf_gemm {                             // strides in elements; the columns of C are neighbours
    i64 batch, m, n, k;
    const void *a;
    i64 a_batch, a_row, a_column;
    const void *b;
    i64 b_batch, b_row, b_column;
    void *c;
    i64 c_batch, c_row;
};

struct wf_runtime {
    // Run work(context, begin, end) over ranges that together are 0..count; ns is the cost of one, in nanoseconds.
    void (*parallel)(void (*work)(const void *, i64, i64), const void *context, i64 count, double ns);
    void *(*allocate)(i64 bytes);            // 64-byte aligned
    void (*release)(void *memory);
    // Have Python run a node of the program on buffers; nonzero when it raised.
    int (*host)(void *call, i64 node, void *const *buffers);
    int (*poll)(void);                       // nonzero when the user interrupts, which Python raises then
    void (*gemm_f32)(const struct wf_gemm *);
    void (*gemm_f64)(const struct wf_gemm *);
};

// A stack of values that a loop saves: its elements lie one after the other, and older stacks are its beginnings.
struct wf_pile { char *data; i64 room, high, element; struct wf_pile *next; };
struct wf_stack { struct wf_pile *pile; i64 count; };

struct wf_call {
    const struct wf_runtime *rt;
    void *token;                             // what Python knows the call by
    struct wf_pile *piles;                   // every pile of the call, released at its end
};

static inline struct wf_stack wf_empty(struct wf_call *call, i64 element) {
    struct wf_pile *pile = call->rt->allocate(sizeof *pile);
    *pile = (struct wf_pile){0, 0, 0, element, call->piles};
    call->piles = pile;
    return (struct wf_stack){pile, 0};
}

// Make room for more. What was there stays until the call ends: a top that was popped may still be read.
static inline void wf_grow(struct wf_call *call, struct wf_pile *pile) {
    i64 room = pile->room ? pile->room * 2 : 16;
    char *data = call->rt->allocate(room * pile->element + 64);
    if (pile->data) {
        __builtin_memcpy(data, pile->data, pile->high * pile->element);
        struct wf_pile *before = call->rt->allocate(sizeof *before);
        *before = (struct wf_pile){pile->data, 0, 0, 0, call->piles};
        call->piles = before;
    }
    pile->data = data;
    pile->room = room;
}

// The place of a new element on top of a stack, which becomes the longer one.
static inline void *wf_push(struct wf_call *call, struct wf_stack *stack) {
    struct wf_pile *pile = stack->pile;
    if (stack->count < pile->high) {         // another stack goes on from here: this one needs its own
        struct wf_stack copy = wf_empty(call, pile->element);
        while (copy.pile->room <= stack->count) wf_grow(call, copy.pile);
        __builtin_memcpy(copy.pile->data, pile->data, stack->count * pile->element);
        copy.count = copy.pile->high = stack->count;
        *stack = copy;
        pile = copy.pile;
    }
    if (stack->count == pile->room) wf_grow(call, pile);
    pile->high = ++stack->count;
    return pile->data + (stack->count - 1) * pile->element;
}

// A stack of so many elements, which are to be written.
static inline struct wf_stack wf_pile(struct wf_call *call, i64 element, i64 count) {
    struct wf_stack made = wf_empty(call, element);
    while (made.pile->room < count) wf_grow(call, made.pile);
    made.count = made.pile->high = count;
    return made;
}

// The top of a stack; the stack becomes the one below it.
static inline void *wf_pop(struct wf_stack *stack) {
    stack->count--;
    return stack->pile->data + stack->count * stack->pile->element;
}

static inline void wf_end(struct wf_call *call) {
    while (call->piles) {
        struct wf_pile *pile = call->piles;
        call->piles = pile->next;
        if (pile->data) call->rt->release(pile->data);
        call->rt->release(pile);
    }
}
