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

static REALS WF_LANED(largest)(const struct wf_pixel *s, i64 c) {
    REALS y = LOWEST;
    WF_EACH_SEEN(s, {
        REALS x = READ(s->p->x, from + c);
        y = PICK((x > y) | (x != x), x, y);
    })
    return y;
}

static REALS WF_LANED(mean)(const struct wf_pixel *s, i64 c) {
    REALS y = {};
    WF_EACH_SEEN(s, { y += READ(s->p->x, from + c); })
    return y / (REAL)wf_averaged(s->p, s->place[0], s->place[1], s->place[2]);
}

static REALS WF_LANED(mean_dx)(const struct wf_pixel *s, i64 c) {
    REALS dx = {};
    WF_EACH_SEEN(s, {
        dx += READ(s->p->x, from + c) / (REAL)wf_averaged(s->p, s->first[0] - i, s->first[1] - j, s->first[2] - k);
    })
    return dx;
}

static REALS WF_LANED(unpooled)(const struct wf_pixel *s, i64 c) {
    REALS dx = {};
    WF_EACH_SEEN(s, { dx += PICK(TAPS(s->p->winners, from + c) == tap, READ(s->p->x, from + c), (REALS){}); })
    return dx;
}

static REALS WF_LANED(picked)(const struct wf_pixel *s, i64 c) {
    REALS y = {};
    MASK winner = TAPS(s->p->winners, s->to + c);
    WF_EACH_SEEN(s, { y = PICK(winner == tap, READ(s->p->x, from + c), y); })
    return y;
}

// The first position of the largest element, or of NaN. Padding counts as -inf: it may come first where all is that.
static void WF_LANED(winners)(const struct wf_pixel *s, i64 c) {
    REALS y = READ(s->p->y, s->to + c);
    MASK lost = (MASK){} == 0, winner = {};
    WF_EACH_POSITION(s, {
        REALS x = from < 0 ? LOWEST : READ(s->p->x, from + c);
        MASK here = ((x == y) | (x != x)) & lost;
        winner = (here & (WHOLE)tap) | (~here & winner);
        lost &= ~here;
    })
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
