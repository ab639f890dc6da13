// Pooling for a number of lanes: the result of a pixel, for the channels from `c` on that fill vectors of WF_BYTES.

typedef REAL WF_LANED(reals) __attribute__((vector_size(WF_BYTES)));
typedef REAL WF_LANED(loose_reals) __attribute__((vector_size(WF_BYTES), aligned(sizeof(REAL)), may_alias));
typedef WHOLE WF_LANED(mask) __attribute__((vector_size(WF_BYTES)));
typedef int WF_LANED(taps) __attribute__((vector_size(WF_BYTES / sizeof(REAL) * 4)));
typedef int WF_LANED(loose_taps) __attribute__((vector_size(WF_BYTES / sizeof(REAL) * 4), aligned(4), may_alias));
#define REALS WF_LANED(reals)
#define MASK WF_LANED(mask)
#define READ(x, at) ((REALS) * (const WF_LANED(loose_reals) *)((const REAL *)(x) + (at)))
#define TAPS(x, at) __builtin_convertvector((WF_LANED(taps)) * (const WF_LANED(loose_taps) *)((x) + (at)), MASK)
#define PICK(m, x, y) ((REALS)(((m) & (MASK)(x)) | (~(m) & (MASK)(y))))
#define LOWEST ((REALS){} - (REAL)__builtin_inf())

#define EACH_SEEN for (const struct wf_seen *e = s->seen; e < s->end; e++)

static REALS WF_LANED(largest)(const struct wf_pixel *s, i64 c) {
    REALS y = LOWEST;
    EACH_SEEN {
        REALS x = READ(s->p->x, e->from + c);
        y = PICK((x > y) | (x != x), x, y);
    }
    return y;
}

static REALS WF_LANED(mean)(const struct wf_pixel *s, i64 c) {
    REALS y = {};
    EACH_SEEN y += READ(s->p->x, e->from + c);
    return y / (REAL)s->averaged;
}

static REALS WF_LANED(mean_dx)(const struct wf_pixel *s, i64 c) {
    REALS dx = {};
    EACH_SEEN dx += READ(s->p->x, e->from + c) / (REAL)e->averaged;
    return dx;
}

static REALS WF_LANED(unpooled)(const struct wf_pixel *s, i64 c) {
    REALS dx = {};
    EACH_SEEN dx += PICK(TAPS(s->p->winners, e->from + c) == e->tap, READ(s->p->x, e->from + c), (REALS){});
    return dx;
}

static REALS WF_LANED(picked)(const struct wf_pixel *s, i64 c) {
    REALS y = {};
    MASK winner = TAPS(s->p->winners, s->to + c);
    EACH_SEEN y = PICK(winner == e->tap, READ(s->p->x, e->from + c), y);
    return y;
}

// The first position of the largest element, or of NaN. Padding counts as -inf: it may come first where all is that.
static void WF_LANED(winners)(const struct wf_pixel *s, i64 c) {
    REALS y = READ(s->p->y, s->to + c);
    MASK lost = (MASK){} == 0, winner = {};
    EACH_SEEN {
        REALS x = e->from < 0 ? LOWEST : READ(s->p->x, e->from + c);
        MASK here = ((x == y) | (x != x)) & lost;
        winner = (here & (WHOLE)e->tap) | (~here & winner);
        lost &= ~here;
    }
    *(WF_LANED(loose_taps) *)((int *)s->p->result + s->to + c) = __builtin_convertvector(winner, WF_LANED(taps));
}

static i64 WF_LANED(pool)(const struct wf_pixel *s, enum wf_pool_kind kind, i64 c) {
    for (; c + (i64)(WF_BYTES / sizeof(REAL)) <= s->p->channels; c += WF_BYTES / sizeof(REAL)) {
        if (kind == WF_WINNERS) {
            WF_LANED(winners)(s, c);
            continue;
        }
        REALS y = kind == WF_MAX      ? WF_LANED(largest)(s, c)
                   : kind == WF_MEAN    ? WF_LANED(mean)(s, c)
                   : kind == WF_MEAN_DX ? WF_LANED(mean_dx)(s, c)
                   : kind == WF_UNPOOL  ? WF_LANED(unpooled)(s, c)
                                        : WF_LANED(picked)(s, c);
        *(WF_LANED(loose_reals) *)((REAL *)s->p->result + s->to + c) = y;
    }
    return c;
}

#undef REALS
#undef MASK
#undef READ
#undef TAPS
#undef PICK
#undef LOWEST
#undef EACH_SEEN
