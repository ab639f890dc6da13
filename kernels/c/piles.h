// Stacks of values that loops save: the elements of a pile lie one after the other, and stacks are its beginnings.
//
// Piles belong to the call that made them. Those that a call hands over belong to Python, with the piles in them; a later
// call may read them, and copies what it goes on writing.

struct wf_pile {
    struct wf_pile *next;                    // another pile of the same call
    char *data;
    i64 room, high, element;                 // elements there is room for, and that are there; the bytes of one
    struct wf_call *call;                    // whose it is; none: Python's
    i64 handed;
};
struct wf_stack { struct wf_pile *pile; i64 count; };

static inline struct wf_stack wf_empty(struct wf_call *call, i64 element) {
    struct wf_pile *pile = call->rt->allocate(sizeof *pile);
    *pile = (struct wf_pile){call->piles, 0, 0, 0, element, call, 0};
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
        *before = (struct wf_pile){call->piles, pile->data, 0, 0, 0, call, 0};
        call->piles = before;
    }
    pile->data = data;
    pile->room = room;
}

// A stack of so many elements, which are to be written.
static inline struct wf_stack wf_pile(struct wf_call *call, i64 element, i64 count) {
    struct wf_stack made = wf_empty(call, element);
    while (made.pile->room < count) wf_grow(call, made.pile);
    made.count = made.pile->high = count;
    return made;
}

// The same elements in a pile of the call's own.
static inline struct wf_stack wf_copy(struct wf_call *call, struct wf_stack stack) {
    struct wf_stack copy = wf_pile(call, stack.pile->element, stack.count);
    if (stack.count) __builtin_memcpy(copy.pile->data, stack.pile->data, stack.count * stack.pile->element);
    return copy;
}

// The place of a new element on top of a stack, which becomes the longer one.
static inline void *wf_push(struct wf_call *call, struct wf_stack *stack) {
    if (stack->count < stack->pile->high || stack->pile->call != call) *stack = wf_copy(call, *stack);
    struct wf_pile *pile = stack->pile;
    if (stack->count == pile->room) wf_grow(call, pile);
    pile->high = ++stack->count;
    return pile->data + (stack->count - 1) * pile->element;
}

// The top of a stack; the stack becomes the one below it.
static inline void *wf_pop(struct wf_stack *stack) {
    stack->count--;
    return stack->pile->data + stack->count * stack->pile->element;
}

// A stack that outlives the call, with the stacks in it, so many deep.
static inline struct wf_stack wf_handed(struct wf_call *call, struct wf_stack stack, i64 depth) {
    if (!stack.pile || stack.pile->call != call) stack = wf_copy(call, stack);
    for (i64 i = 0; depth && i < stack.count; i++) {
        struct wf_stack *inner = (struct wf_stack *)stack.pile->data + i;
        *inner = wf_handed(call, *inner, depth - 1);
    }
    stack.pile->handed = 1;
    return stack;
}

// Release the piles of a call; those that it handed over are given, as a list.
static inline struct wf_pile *wf_end(struct wf_call *call) {
    struct wf_pile *handed = 0;
    while (call->piles) {
        struct wf_pile *pile = call->piles;
        call->piles = pile->next;
        if (pile->handed) {
            pile->next = handed;
            pile->call = 0;
            handed = pile;
        } else {
            if (pile->data) call->rt->release(pile->data);
            call->rt->release(pile);
        }
    }
    return handed;
}
