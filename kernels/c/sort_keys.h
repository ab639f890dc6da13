// Elements of a row as keys, WORD, that are in their order, and back. Included once for the elements of up to four bytes,
// once for those of eight. A NaN is the largest number, and both zeros are one.

// The bits of the sign of an element and of what comes above it in a word; what is turned in a key, which is none but
// these in whole numbers.
FN WORD WF_NAME(sign)(int size) { return (WORD)(~0ull << (8 * size - 1)); }

FN WORD WF_NAME(flip)(const struct wf_sort *s) {
    return (s->descending ? -1 : 0) ^ (s->kind == WF_UNSIGNED ? WF_NAME(sign)(s->size) : 0);
}

// Floats below zero are in the order of their bits reversed, but for the sign.
FN WORD WF_NAME(turned)(WORD x) { return x ^ ((x >> (8 * sizeof(WORD) - 1)) & ~WF_NAME(sign)(sizeof(WORD))); }

FN WORD WF_NAME(element)(const void *x, i64 i, const int size) {
    return size == 1 ? ((const i8 *)x)[i] : size == 2 ? ((const i16 *)x)[i] : size == 4 ? ((const i32 *)x)[i] : (WORD)((const i64 *)x)[i];
}

FN void WF_NAME(put)(void *y, i64 i, WORD x, const int size) {
    if (size == 1) ((i8 *)y)[i] = (i8)x;
    if (size == 2) ((i16 *)y)[i] = (i16)x;
    if (size == 4) ((i32 *)y)[i] = (i32)x;
    if (size == 8) ((i64 *)y)[i] = (i64)x;
}

FN int WF_NAME(keys_of)(const struct wf_sort *s, const void *x, i64 n, WORD *w, const int size, const int is_float) {
    WORD infinity = (WORD)s->infinity, flip = WF_NAME(flip)(s), sign = WF_NAME(sign)(size), found = 0;
    for (i64 i = 0; i < n; i++) {
        WORD v = WF_NAME(element)(x, i, size), magnitude = v & ~sign;
        WORD none = -(WORD)(magnitude > infinity), some = -(WORD)(magnitude != 0);
        WORD key = (WF_NAME(turned)(v) & some & ~none) | ((infinity | infinity >> 1) & none);
        w[i] = (is_float ? key : v) ^ flip;
        found |= v == sign;
    }
    return is_float && found;
}

FN int WF_NAME(put_keys)(const struct wf_sort *s, void *y, i64 n, const WORD *w, const int size, const int is_float) {
    WORD flip = WF_NAME(flip)(s);
    for (i64 i = 0; i < n; i++) {
        WORD v = w[i] ^ flip;
        WF_NAME(put)(y, i, is_float ? WF_NAME(turned)(v) : v, size);
    }
    return 0;
}

// What is written for the elements of each form.
#define BY_FORM(f, x, n, w)                                                                                  \
    int is_float = s->kind == WF_FLOAT;                                                                      \
    if (sizeof(WORD) == 8) return is_float ? f(s, x, n, w, 8, 1) : f(s, x, n, w, 8, 0);                      \
    if (s->size == 1) return f(s, x, n, w, 1, 0);                                                            \
    if (s->size == 2) return is_float ? f(s, x, n, w, 2, 1) : f(s, x, n, w, 2, 0);                           \
    return is_float ? f(s, x, n, w, 4, 1) : f(s, x, n, w, 4, 0)

static int WF_NAME(read_neighbours)(const struct wf_sort *s, const void *x, i64 n, WORD *w) {
    BY_FORM(WF_NAME(keys_of), x, n, w);
}

static int WF_NAME(put_neighbours)(const struct wf_sort *s, void *y, i64 n, const WORD *w) {
    BY_FORM(WF_NAME(put_keys), y, n, w);
}

// The keys of n elements along the axis; whether there are negative zeros.
static int WF_NAME(read_keys)(const struct wf_sort *s, const char *x, i64 n, WORD *w) {
    if (s->inner == 1) return WF_NAME(read_neighbours)(s, x, n, w);
    WORD block[WF_BLOCK];
    int negative = 0;
    for (i64 at = 0; at < n; at += WF_BLOCK) {
        i64 count = n - at < WF_BLOCK ? n - at : WF_BLOCK;
        wf_copy(s->size, block, 1, x + at * s->inner * s->size, s->inner, count);
        negative |= WF_NAME(read_neighbours)(s, block, count, w + at);
    }
    return negative;
}

static void WF_NAME(put_elements)(const struct wf_sort *s, char *y, i64 n, const WORD *w) {
    if (s->inner == 1) {
        WF_NAME(put_neighbours)(s, y, n, w);
        return;
    }
    WORD block[WF_BLOCK];
    for (i64 at = 0; at < n; at += WF_BLOCK) {
        i64 count = n - at < WF_BLOCK ? n - at : WF_BLOCK;
        WF_NAME(put_neighbours)(s, block, count, w + at);
        wf_copy(s->size, y + at * s->inner * s->size, s->inner, block, 1, count);
    }
}

// Rows of elements, sorted by keys alone.
static void WF_NAME(sort_values)(const void *given, i64 begin, i64 end) {
    const struct wf_sort *s = given;
    i64 n = s->n, apart = wf_apart(n);
    WORD *w = wf_room(WF_KEYS, 2 * apart * (i64)sizeof(WORD));
    for (i64 row = begin; row < end; row++) {
        i64 start = wf_start(s, row, n) * s->size;
        int negative = WF_NAME(read_keys)(s, (const char *)s->x + start, n, w);
        WF_NAME(sort_all)(w, n, n, w + apart);
        WF_NAME(put_elements)(s, (char *)s->values + start, n, w);
        if (negative) wf_put_zeros(s, row);
    }
}

// The k first of a row, which are few: who is before the last of those is put among them.
static void WF_NAME(take_few)(const struct wf_sort *s, i64 row, i64 *places) {
    WORD keys[WF_BLOCK], best[WF_FEW];
    i64 held = 0, k = s->k, start = wf_start(s, row, s->n);
    for (i64 at = 0; at < s->n; at += WF_BLOCK) {
        i64 count = s->n - at < WF_BLOCK ? s->n - at : WF_BLOCK;
        WF_NAME(read_keys)(s, (const char *)s->x + (start + at * s->inner) * s->size, count, keys);
        for (i64 i = 0; i < count; i++) {
            if (held == k) {
                i64 next = i + 16 < count ? i + 16 : count;
                WORD last = best[k - 1], any = 0;
                for (i64 j = i; j < next; j++) any |= keys[j] < last;
                if (!any) { i = next - 1; continue; }
                if (!(keys[i] < last)) continue;
            }
            i64 j = held < k ? held++ : k - 1;
            for (; j > 0 && best[j - 1] > keys[i]; j--) best[j] = best[j - 1], places[j] = places[j - 1];
            best[j] = keys[i], places[j] = at + i;
        }
    }
}

#undef BY_FORM
