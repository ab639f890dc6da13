// Sorting words, WORD, whose keys begin at bit HIGH: short rows by insertion, longer ones by merging, long ones digit by
// digit. Included once for each width of a key.

static void WF_NAME(wf_insertion)(WORD *w, i64 n) {
    for (i64 i = 1; i < n; i++) {
        WORD x = w[i];
        i64 j = i;
        for (; j > 0 && w[j - 1] > x; j--) w[j] = w[j - 1];
        w[j] = x;
    }
}

// Sorted runs of a length, merged two by two into another place.
static void WF_NAME(wf_merge)(const WORD *w, WORD *to, i64 n, i64 run) {
    for (i64 start = 0; start < n; start += 2 * run) {
        i64 i = start, middle = start + run < n ? start + run : n, j = middle, end = middle + run < n ? middle + run : n;
        for (i64 at = start; at < end; at++) to[at] = j >= end || (i < middle && w[i] < w[j]) ? w[i++] : w[j++];
    }
}

// One digit of so many bits: how often each occurs was counted before.
static void WF_NAME(wf_distribute)(const WORD *w, WORD *to, i64 n, int shift, int bits, unsigned *count) {
    unsigned at = 0, mask = (1u << bits) - 1;
    for (unsigned d = 0; d <= mask; d++) {
        unsigned here = count[d];
        count[d] = at;
        at += here;
    }
    for (i64 i = 0; i < n; i++) to[count[(unsigned)(w[i] >> shift) & mask]++] = w[i];
}

static WORD *WF_NAME(wf_sort_long)(WORD *w, WORD *room, i64 n, int bits) {
    static __thread unsigned counts[8][1 << WF_DIGIT];
    int digit = n < WF_LONG ? 8 : WF_DIGIT, passes = (bits + digit - 1) / digit;
    unsigned mask = (1u << digit) - 1;
    for (int p = 0; p < passes; p++) __builtin_memset(counts[p], 0, sizeof(unsigned) << digit);
    for (i64 i = 0; i < n; i++)
        for (int p = 0; p < passes; p++) counts[p][(unsigned)(w[i] >> (HIGH + p * digit)) & mask]++;
    for (int p = 0; p < passes; p++) {
        int shift = HIGH + p * digit;
        if (counts[p][(unsigned)(w[0] >> shift) & mask] == n) continue; // the same digit everywhere
        WF_NAME(wf_distribute)(w, room, n, shift, digit, counts[p]);
        WORD *t = w; w = room; room = t;
    }
    return w;
}

// Sort words, with room for as many; where they are then.
static WORD *WF_NAME(wf_sort_words)(WORD *w, WORD *room, i64 n, int bits) {
    if (n >= WF_SHORT) return WF_NAME(wf_sort_long)(w, room, n, bits);
    for (i64 i = 0; i < n; i += WF_RUN) WF_NAME(wf_insertion)(w + i, n - i < WF_RUN ? n - i : WF_RUN);
    for (i64 run = WF_RUN; run < n; run *= 2) {
        WF_NAME(wf_merge)(w, room, n, run);
        WORD *t = w; w = room; room = t;
    }
    return w;
}

#if HIGH
// The k smallest of words that come one by one, in order.
static void WF_NAME(wf_take_in)(WORD *best, i64 k, i64 *held, WORD x) {
    if (*held == k && best[k - 1] < x) return;
    i64 j = *held < k ? (*held)++ : k - 1;
    for (; j > 0 && best[j - 1] > x; j--) best[j] = best[j - 1];
    best[j] = x;
}

static void WF_NAME(wf_sort_rows)(const void *given, i64 begin, i64 end) {
    const struct wf_sort s = *(const struct wf_sort *)given;
    i64 n = s.n, k = s.k, step = s.inner, held = 0;
    WORD *w = wf_room(WF_WORDS, 2 * n * (i64)sizeof(WORD));
    int few = k <= WF_TOP && 8 * k <= n;
    for (i64 row = begin; row < end; row++) {
        i64 o = row / step, i = row % step;
        const char *x = (const char *)s.x + (o * n * step + i) * s.size;
        held = 0;
        for (i64 at = 0; at < n; at++) {
            WORD word = (WORD)wf_key(s, wf_bits(s.size, x + at * step * s.size)) << HIGH | (WORD)at;
            if (few) WF_NAME(wf_take_in)(w, k, &held, word); else w[at] = word;
        }
        WORD *found = few ? w : WF_NAME(wf_sort_words)(w, w + n, n, 8 * s.size);
        for (i64 at = 0; at < k; at++) {
            i64 place = (i64)(found[at] & (((WORD)1 << HIGH) - 1)), to = (o * k + at) * step + i;
            if (s.places) s.places[to] = place;
            if (s.values) wf_put(s.size, (char *)s.values + to * s.size, wf_bits(s.size, x + place * step * s.size));
        }
    }
}
#else
// Keys alone are sorted quicker, and say what the elements were, unless there are negative zeros.
static void WF_NAME(wf_sort_rows)(const void *given, i64 begin, i64 end) {
    const struct wf_sort s = *(const struct wf_sort *)given;
    i64 n = s.n, step = s.inner;
    unsigned long long minus_zero = 1ull << (8 * s.size - 1);
    WORD *w = wf_room(WF_KEYS, 2 * n * (i64)sizeof(WORD));
    for (i64 row = begin; row < end; row++) {
        i64 start = (row / step * n * step + row % step) * s.size;
        const char *x = (const char *)s.x + start;
        int negative = 0;
        for (i64 at = 0; at < n; at++) {
            unsigned long long bits = wf_bits(s.size, x + at * step * s.size);
            w[at] = (WORD)wf_key(s, bits);
            negative |= bits == minus_zero;
        }
        if (s.kind == WF_FLOAT && negative) {
            wf_sort_with_places(given, row, row + 1);
            continue;
        }
        WORD *found = WF_NAME(wf_sort_words)(w, w + n, n, 8 * s.size);
        for (i64 at = 0; at < n; at++) {
            wf_put(s.size, (char *)s.values + start + at * step * s.size, wf_element(s, found[at]));
        }
    }
}
#endif
