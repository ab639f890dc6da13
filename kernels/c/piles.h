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

// Memory that is released at the end of the call, none being none: then the call fails.
static inline struct wf_pile *wf_hold(struct wf_call *call, char *data, i64 element) {
    struct wf_pile *pile = call->rt->allocate(sizeof *pile);
    if (!pile) {
        call->exhausted = 1;
        return 0;
    }
    *pile = (struct wf_pile){call->piles, data, 0, 0, element, call, 0};
    return call->piles = pile;
}

static inline struct wf_stack wf_empty(struct wf_call *call, i64 element) {
    return (struct wf_stack){wf_hold(call, 0, element), 0};
}

// Make room for so many. What was there stays until the call ends: a top that was popped may still be read.
static inline int wf_grow(struct wf_call *call, struct wf_pile *pile, i64 count) {
    i64 room = pile->room ? pile->room : 16;
    while (room < count) room *= 2;
    if (room == pile->room) return 1;
    char *data = call->rt->allocate(room * pile->element + 64);
    if (!data || (pile->data && !wf_hold(call, pile->data, 0))) {
        call->rt->release(data);
        call->exhausted = 1;
        return 0;
    }
    if (pile->high) __builtin_memcpy(data, pile->data, pile->high * pile->element);
    pile->data = data;
    pile->room = room;
    return 1;
}

// A stack of so many elements, which are to be written.
static inline struct wf_stack wf_pile(struct wf_call *call, i64 element, i64 count) {
    struct wf_stack made = wf_empty(call, element);
    if (made.pile && count && wf_grow(call, made.pile, count)) made.count = made.pile->high = count;
    return made;
}

// The same elements in a pile of the call's own.
static inline struct wf_stack wf_copy(struct wf_call *call, struct wf_stack stack) {
    struct wf_stack copy = wf_pile(call, stack.pile->element, stack.count);
    if (copy.count) __builtin_memcpy(copy.pile->data, stack.pile->data, copy.count * stack.pile->element);
    return copy;
}

// The place of a new element on top of a stack, which becomes the longer one; none if memory is exhausted.
static inline void *wf_push(struct wf_call *call, struct wf_stack *stack) {
    if (stack->count < stack->pile->high || stack->pile->call != call) *stack = wf_copy(call, *stack);
    struct wf_pile *pile = stack->pile;
    if (call->exhausted || !wf_grow(call, pile, stack->count + 1)) return 0;
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
    if (stack.pile->call != call) stack = wf_copy(call, stack);
    if (call->exhausted) return stack;
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
        if (pile->handed && !call->exhausted) {
            pile->next = handed;
            pile->call = 0;
            handed = pile;
        } else {
            call->rt->release(pile->data);
            call->rt->release(pile);
        }
    }
    return handed;
}
