// One long row, sorted by all threads: each takes the words between two limits, which a sample of the row gives, and sorts
// them. Included once for each width of a word.

struct WF_NAME(long_row) {
    const struct wf_sort *s;
    i64 row, start[WF_PARTS + 1];
    int parts, negative[WF_PARTS];
    i64 least[WF_PARTS], most[WF_PARTS];
    struct wf_words words;
    WORD *w, *v, limit[WF_PARTS + 1];        // part i has the words from limit i to what is before limit i + 1
};

#define LONG_ROW const struct WF_NAME(long_row) *r = given; const struct wf_sort *s = r->s
#define FIRST(i) (s->n * (i) / r->parts)

static void WF_NAME(read_part)(const void *given, i64 begin, i64 end) {
    struct WF_NAME(long_row) *r = (struct WF_NAME(long_row) *)given;
    const struct wf_sort *s = r->s;
    for (i64 i = begin; i < end; i++) {
        i64 first = FIRST(i), n = FIRST(i + 1) - first;
        if (!s->places) {
            r->negative[i] = WF_NAME(read_keys)(s, wf_place(s, r->row, first), n, r->w + first);
        } else {
            wf_read_keys(s, r->row, first, n, (i64 *)r->w + first);
            wf_bounds(s, (i64 *)r->w + first, n, &r->least[i], &r->most[i]);
        }
    }
}

static void WF_NAME(add_places_part)(const void *given, i64 begin, i64 end) {
    LONG_ROW;
    for (i64 i = begin; i < end; i++) wf_add_places(s, r->words, FIRST(i), FIRST(i + 1) - FIRST(i), (i64 *)r->w + FIRST(i));
}

// Limits that leave together what has the same key.
static void WF_NAME(find_limits)(struct WF_NAME(long_row) *r) {
    i64 n = r->s->n, count = 16 * r->parts;
    WORD sample[16 * WF_PARTS + WF_MARGIN], room[16 * WF_PARTS + WF_MARGIN], lowest = WF_NAME(sign)(sizeof(WORD));
    for (i64 i = 0; i < count; i++) sample[i] = r->w[(n - 1) * (2 * i + 1) / (2 * count)];
    WF_NAME(sort_all)(sample, count, count, room);
    r->limit[0] = lowest;
    for (int i = 1; i < r->parts; i++) {
        WORD limit = r->s->places ? sample[16 * i] >> r->words.bits << r->words.bits : sample[16 * i];
        r->limit[i] = limit == lowest ? limit + 1 : limit;
    }
    r->limit[r->parts] = lowest;             // what is before it is the greatest word
}

static void WF_NAME(take_part)(const void *given, i64 begin, i64 end) {
    struct WF_NAME(long_row) *r = (struct WF_NAME(long_row) *)given;
    for (i64 i = begin; i < end; i++)
        r->start[i] = WF_NAME(count_less)(r->w, r->s->n, r->limit[i]),
        WF_NAME(take)(r->w, r->s->n, r->limit[i], (WORD)((u64)r->limit[i + 1] - 1), r->v + r->start[i]);
}

static void WF_NAME(sort_part)(const void *given, i64 begin, i64 end) {
    LONG_ROW;
    for (i64 i = begin; i < end; i++) {
        i64 start = r->start[i], n = r->start[i + 1] - start, all = !s->places || r->words.drop;
        WORD *room = r->w + start + i * WF_MARGIN;
        if (start < s->k) WF_NAME(sort_all)(r->v + start, n, all || s->k - start > n ? n : s->k - start, room);
        if (s->places) wf_sort_alike(s, r->row, r->words, (i64 *)r->v + start, n, (i64 *)room);
    }
}

static void WF_NAME(put_part)(const void *given, i64 begin, i64 end) {
    LONG_ROW;
    for (i64 i = begin; i < end; i++) {
        i64 from = s->k * i / r->parts, to = s->k * (i + 1) / r->parts;
        i64 y = (wf_start(s, r->row, s->k) + from * s->inner) * s->size;
        if (s->places) wf_put_sorted(s, r->row, r->words.bits, (i64 *)r->v, from, to);
        else WF_NAME(put_elements)(s, (char *)s->values + y, to - from, r->v + from);
    }
}

static void WF_NAME(sort_long)(const struct wf_sort *s, i64 row) {
    int parts = wf_threads() < WF_PARTS ? wf_threads() : WF_PARTS, negative = 0;
    i64 size = (s->n + (WF_PARTS + 1) * WF_MARGIN) * (i64)sizeof(WORD);
    double each = 4.0 * (double)s->n;
    struct WF_NAME(long_row) r = {.s = s, .row = row, .parts = parts, .w = wf_allocate(size), .v = wf_allocate(size)};
    if (!r.w || !r.v) abort();
    wf_parallel(WF_NAME(read_part), &r, parts, each);
    if (s->places) {
        i64 least = r.least[0], most = r.most[0];
        for (int i = 1; i < parts; i++) {
            least = r.least[i] < least ? r.least[i] : least;
            most = r.most[i] > most ? r.most[i] : most;
        }
        r.words = wf_words_of(s, least, most);
        wf_parallel(WF_NAME(add_places_part), &r, parts, each);
    }
    WF_NAME(find_limits)(&r);
    r.start[parts] = s->n;
    wf_parallel(WF_NAME(take_part), &r, parts, each);
    wf_parallel(WF_NAME(sort_part), &r, parts, each);
    wf_parallel(WF_NAME(put_part), &r, parts, each);
    for (int i = 0; i < parts; i++) negative |= r.negative[i];
    if (negative) wf_put_zeros(s, row);
    wf_release(r.w);
    wf_release(r.v);
}

#undef LONG_ROW
#undef FIRST
