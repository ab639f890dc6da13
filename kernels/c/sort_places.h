// The places of a sorted row: words are keys above places. Keys of four bytes leave room for them; of longer ones those
// bits go in that differ between the row's least and greatest key, as many as there is room for. Elements whose words
// agree in them are sorted again, by the bits that were left out.

struct wf_words { i64 least; int drop, bits; }; // what is taken from a key, how many of its last bits; those of a place

static struct wf_words wf_words_of(const struct wf_sort *s, i64 least, i64 most) {
    if (s->size <= 4) return (struct wf_words){0, 0, 32};
    u64 range = (u64)most - (u64)least;
    int bits = s->n > 1 ? 64 - __builtin_clzll((u64)s->n - 1) : 0, longest = 63 - bits;
    int length = range ? 64 - __builtin_clzll(range) : 0;
    return (struct wf_words){least, length > longest ? length - longest : 0, bits};
}

static const char *wf_place(const struct wf_sort *s, i64 row, i64 at) {
    return (const char *)s->x + (wf_start(s, row, s->n) + at * s->inner) * s->size;
}

// n keys from a place of a row on; the words of keys that leave room.
static void wf_read_keys(const struct wf_sort *s, i64 row, i64 first, i64 n, i64 *w) {
    i32 keys[WF_BLOCK];
    if (s->size > 4) {
        read_keys_i64(s, wf_place(s, row, first), n, w);
        return;
    }
    for (i64 at = 0; at < n; at += WF_BLOCK) {
        i64 count = n - at < WF_BLOCK ? n - at : WF_BLOCK;
        read_keys_i32(s, wf_place(s, row, first + at), count, keys);
        for (i64 i = 0; i < count; i++) w[at + i] = (i64)((u64)(i64)keys[i] << 32 | (u64)(first + at + i));
    }
}

static void wf_bounds(const struct wf_sort *s, const i64 *w, i64 n, i64 *least, i64 *most) {
    i64 low = w[0], high = w[0];
    for (i64 i = 1; i < n; i++) {
        low = w[i] < low ? w[i] : low;
        high = w[i] > high ? w[i] : high;
    }
    *least = low, *most = high;
}

// Long keys become words.
static void wf_add_places(const struct wf_sort *s, struct wf_words words, i64 first, i64 n, i64 *w) {
    if (s->size <= 4) return;
    for (i64 i = 0; i < n; i++)
        w[i] = (i64)(((u64)w[i] - (u64)words.least) >> words.drop << words.bits | (u64)(first + i));
}

// Sort words that agree in their bits of keys by the others.
static void wf_sort_alike(const struct wf_sort *s, i64 row, struct wf_words words, i64 *w, i64 n, i64 *room) {
    u64 places = ((u64)1 << words.bits) - 1, left_out = ((u64)1 << words.drop) - 1;
    for (i64 i = 0, end; words.drop && i < n; i = end) {
        for (end = i + 1; end < n && w[end] >> words.bits == w[i] >> words.bits;) end++;
        if (end == i + 1) continue;
        for (i64 j = i; j < end; j++) {
            i64 key, place = (i64)((u64)w[j] & places);
            wf_read_keys(s, row, place, 1, &key);
            w[j] = (i64)((((u64)key - (u64)words.least) & left_out) << words.bits | (u64)place);
        }
        sort_all_i64(w + i, end - i, end - i, room);
    }
}

// Of a row the elements in sorted order from one to another, given their words.
static void wf_put_sorted(const struct wf_sort *s, i64 row, i64 bits, const i64 *w, i64 from, i64 to) {
    i64 start = wf_start(s, row, s->k), mask = bits < 63 ? ((i64)1 << bits) - 1 : -1;
    for (i64 at = from; at < to; at++) {
        i64 place = w[at] & mask, y = start + at * s->inner;
        if (s->places) s->places[y] = place;
        if (s->values) wf_put(s->size, (char *)s->values + y * s->size, wf_bits(s->size, wf_place(s, row, place)));
    }
}

static void wf_sort_places(const void *given, i64 begin, i64 end) {
    const struct wf_sort *s = given;
    i64 n = s->n, apart = wf_apart(n), few[WF_FEW], least = 0, most = 0;
    i64 *w = wf_room(WF_WORDS, 2 * apart * (i64)sizeof(i64));
    for (i64 row = begin; row < end; row++) {
        if (wf_are_few(s)) {
            (s->size > 4 ? take_few_i64 : take_few_i32)(s, row, few);
            wf_put_sorted(s, row, 63, few, 0, s->k);
            continue;
        }
        wf_read_keys(s, row, 0, n, w);
        if (s->size > 4) wf_bounds(s, w, n, &least, &most);
        struct wf_words words = wf_words_of(s, least, most);
        wf_add_places(s, words, 0, n, w);
        sort_all_i64(w, n, words.drop ? n : s->k, w + apart);
        wf_sort_alike(s, row, words, w, n, w + apart);
        wf_put_sorted(s, row, words.bits, w, 0, s->k);
    }
}
