// Sorting words, WORD, which are signed: a row is cut in two around a word of its middle until the pieces fit registers,
// where networks sort them. Included once for each width of a word, with LANES to a vector; EACH_LANE lists f(lane, by).
//
// Source: Batcher, "Sorting networks and their applications", AFIPS 32 (1968), for the networks; Bramas, "A novel hybrid
// quicksort algorithm vectorized using AVX-512 on Intel Skylake", IJACSA 8(10), 2017, for cutting by compression.

typedef WORD WF_NAME(words) __attribute__((vector_size(LANES * sizeof(WORD))));
typedef WORD WF_NAME(loose) __attribute__((vector_size(LANES * sizeof(WORD)), aligned(1), may_alias));

#define WORDS WF_NAME(words)
#define BLOCK (16 * LANES)                   // words that a network sorts
#define LEAF (WF_BLOCKS * BLOCK)
#define LOAD(p) (*(const WF_NAME(loose) *)(p))
#define STORE(p, v) (*(WF_NAME(loose) *)(p) = (v))
#define TOP ((WORD)(~0ull >> (64 - 8 * sizeof(WORD)) >> 1)) // the greatest word

FN WORDS WF_NAME(lesser)(WORDS a, WORDS b) {
#ifdef LESSER
    return LESSER(a, b);
#else
    WORDS m = a < b;
    return (a & m) | (b & ~m);
#endif
}

FN WORDS WF_NAME(greater)(WORDS a, WORDS b) {
#ifdef GREATER
    return GREATER(a, b);
#else
    WORDS m = a < b;
    return (b & m) | (a & ~m);
#endif
}

// Words are the lanes of some vectors, one lane after the other, each from the first vector to the last. A stage compares
// words whose places differ in one bit, or mirrors those where a sorted run ends and the next begins.

// Two vectors become the lesser and the greater of their lanes.
FN void WF_NAME(part)(WORDS *a, WORDS *b) {
    WORDS x = *a, y = *b;
    *a = WF_NAME(lesser)(x, y);
    *b = WF_NAME(greater)(x, y);
}

// Each loop is one that compilers unroll, so that vectors stay in registers.
FN void WF_NAME(stage)(WORDS *v, const int count, const int by) {
#pragma GCC unroll 8
    for (int p = 0; p < count / 2; p++) WF_NAME(part)(v + p / by * 2 * by + p % by, v + p / by * 2 * by + p % by + by);
}

FN void WF_NAME(mirrored)(WORDS *v, const int count, const int run) {
#pragma GCC unroll 8
    for (int p = 0; p < count / 2; p++)
        WF_NAME(part)(v + p / run * 2 * run + p % run, v + p / run * 2 * run + 2 * run - 1 - p % run);
}

// From half of `count` vectors down to neighbours.
FN void WF_NAME(stages)(WORDS *v, const int count, const int within) {
    if (within > 8) WF_NAME(stage)(v, count, 8);
    if (within > 4) WF_NAME(stage)(v, count, 4);
    if (within > 2) WF_NAME(stage)(v, count, 2);
    if (within > 1) WF_NAME(stage)(v, count, 1);
}

FN void WF_NAME(merge_runs)(WORDS *v, const int count, const int run) {
    if (count <= run) return;
    WF_NAME(mirrored)(v, count, run);
    WF_NAME(stages)(v, count, run);
}

FN void WF_NAME(sort_lanes)(WORDS *v, const int count) {
    WF_NAME(merge_runs)(v, count, 1);
    WF_NAME(merge_runs)(v, count, 2);
    WF_NAME(merge_runs)(v, count, 4);
    WF_NAME(merge_runs)(v, count, 8);
}

// Lanes without the bit `by` hold the lesser, those with it the greater of v and what they are compared with.
#ifdef LESSER_AT
#define CHOOSE(v, with, by) v = LESSER_AT(v, with, WF_NAME(greater)(v, with), WITHOUT(by))
#else
#define CHOOSE(v, with, by) v = ARRANGED(WORDS, WF_NAME(lesser)(v, with), WF_NAME(greater)(v, with), EACH_LANE(CHOSEN, by))
#endif
#define WITHOUT(by) (by == 1 ? 0x5555 : by == 2 ? 0x3333 : by == 4 ? 0x0f0f : 0x00ff)
#define STAGE(by)                                                                                            \
    _Pragma("GCC unroll 16") for (int i = 0; i < count; i++) {                                               \
        WORDS with = ARRANGED(WORDS, v[i], v[i], EACH_LANE(PARTNER, by));                                    \
        CHOOSE(v[i], with, by);                                                                              \
    }
#define MIRRORED(by)                                                                                         \
    _Pragma("GCC unroll 8") for (int i = 0; i < (count + 1) / 2; i++) {                                      \
        WORDS a = v[i], b = v[count - 1 - i];                                                                \
        WORDS with_a = ARRANGED(WORDS, b, b, EACH_LANE(PARTNER, (2 * (by) - 1)));                            \
        WORDS with_b = ARRANGED(WORDS, a, a, EACH_LANE(PARTNER, (2 * (by) - 1)));                            \
        CHOOSE(a, with_a, by);                                                                               \
        CHOOSE(b, with_b, by);                                                                               \
        v[i] = a, v[count - 1 - i] = b;                                                                      \
    }

FN void WF_NAME(merge_lanes)(WORDS *v, const int count) {
    MIRRORED(1)
    WF_NAME(stages)(v, count, count);
#if LANES >= 4
    MIRRORED(2)
    STAGE(1)
    WF_NAME(stages)(v, count, count);
#endif
#if LANES >= 8
    MIRRORED(4)
    STAGE(2)
    STAGE(1)
    WF_NAME(stages)(v, count, count);
#endif
#if LANES >= 16
    MIRRORED(8)
    STAGE(4)
    STAGE(2)
    STAGE(1)
    WF_NAME(stages)(v, count, count);
#endif
}

// Put lanes one after the other, by dealing the vectors like two halves of a pack of cards as often as they can be halved.
FN void WF_NAME(deal_once)(WORDS *v, const int count) {
    WORDS then[16];
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; i++) {
        then[2 * i] = ARRANGED(WORDS, v[i], v[i + count / 2], EACH_LANE(DEALT, 0));
        then[2 * i + 1] = ARRANGED(WORDS, v[i], v[i + count / 2], EACH_LANE(DEALT, LANES / 2));
    }
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) v[i] = then[i];
}

FN void WF_NAME(deal)(WORDS *v, const int count) {
    if (count > 1) WF_NAME(deal_once)(v, count);
    if (count > 2) WF_NAME(deal_once)(v, count);
    if (count > 4) WF_NAME(deal_once)(v, count);
    if (count > 8) WF_NAME(deal_once)(v, count);
}

#ifdef COMPRESSED
#define ALL ((1u << (LANES - 1) << 1) - 1)
#define FIRST_OF(n) ((n) >= LANES ? ALL : (n) > 0 ? (1u << (n)) - 1 : 0)
#endif

// The first n words and the greatest one, and how they are put back: whole vectors plainly, as loads wait for what was
// stored by a mask.
FN WORDS WF_NAME(load_first)(const WORD *w, i64 n) {
    if (n >= LANES) return LOAD(w);
    WORDS v = (WORDS){} + TOP;
#ifdef COMPRESSED
    v = READ(w, FIRST_OF(n));
#else
    for (i64 i = 0; i < n; i++) v[i] = w[i];
#endif
    return v;
}

FN void WF_NAME(store_first)(WORD *w, WORDS v, i64 n) {
    if (n >= LANES) {
        STORE(w, v);
        return;
    }
#ifdef COMPRESSED
    WRITE(w, v, FIRST_OF(n));
#else
    for (i64 i = 0; i < n; i++) w[i] = v[i];
#endif
}

// Sort n words of no more than `count` vectors, and put the first m of them and of greatest words somewhere.
FN void WF_NAME(network)(const WORD *w, i64 n, WORD *to, i64 m, const int count) {
    WORDS v[16];
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) v[i] = WF_NAME(load_first)(w + i * LANES, n - i * LANES);
    WF_NAME(sort_lanes)(v, count);
    WF_NAME(merge_lanes)(v, count);
    WF_NAME(deal)(v, count);
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) WF_NAME(store_first)(to + i * LANES, v[i], m - i * LANES);
}

#define NETWORK(count)                                                                                       \
    static __attribute__((noinline)) void WF_NAME(sort_##count)(const WORD *w, i64 n, WORD *to, i64 m) {     \
        WF_NAME(network)(w, n, to, m, count);                                                                \
    }
NETWORK(16)
NETWORK(8)
NETWORK(4)
NETWORK(1)

static void WF_NAME(sort_block)(const WORD *w, i64 n, WORD *to, i64 m) {
    if (n > 8 * LANES) WF_NAME(sort_16)(w, n, to, m);
    else if (n > 4 * LANES) WF_NAME(sort_8)(w, n, to, m);
    else if (n > LANES) WF_NAME(sort_4)(w, n, to, m);
    else WF_NAME(sort_1)(w, n, to, m);
}

// The last stages of a merge, within a block: n words from one place to m at another.
static __attribute__((noinline)) void WF_NAME(finish)(const WORD *w, i64 n, WORD *to, i64 m) {
    const int count = 16;
    WORDS v[16];
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) v[i] = WF_NAME(load_first)(w + i * LANES, n - i * LANES);
    WF_NAME(stages)(v, count, count);
#if LANES >= 16
    STAGE(8)
#endif
#if LANES >= 8
    STAGE(4)
#endif
#if LANES >= 4
    STAGE(2)
#endif
    STAGE(1)
#pragma GCC unroll 16
    for (int i = 0; i < count; i++) WF_NAME(store_first)(to + i * LANES, v[i], m - i * LANES);
}

// The first stages of a merge of two runs, of which the second may be shorter: what it lacks would be the greatest words,
// which stay where they are.
static void WF_NAME(begin_merge)(WORD *w, i64 n, i64 run) {
    for (i64 i = 2 * run - n; i < run; i += LANES) {
        WORD *low = w + i, *high = w + 2 * run - LANES - i;
        WORDS a = LOAD(low), b = LOAD(high);
        b = ARRANGED(WORDS, b, b, EACH_LANE(PARTNER, (LANES - 1)));
        WORDS most = WF_NAME(greater)(a, b);
        STORE(low, WF_NAME(lesser)(a, b));
        STORE(high, ARRANGED(WORDS, most, most, EACH_LANE(PARTNER, (LANES - 1))));
    }
    for (i64 by = run / 2; by >= BLOCK; by /= 2)
        for (i64 start = 0; start + by < n; start += 2 * by)
            for (i64 i = start; i < start + by && i + by < n; i += LANES) {
                WORDS a = LOAD(w + i), b = LOAD(w + i + by);
                STORE(w + i, WF_NAME(lesser)(a, b));
                STORE(w + i + by, WF_NAME(greater)(a, b));
            }
}

// Sort what fits some blocks, with room for as many words and a vector: the blocks, and then twice as many at a time.
static void WF_NAME(sort_few)(WORD *w, i64 n, WORD *room) {
    if (n <= BLOCK) {
        WF_NAME(sort_block)(w, n, w, n);
        return;
    }
    i64 whole = (n + LANES - 1) / LANES * LANES;
    for (i64 i = 0; i < n; i += BLOCK)
        WF_NAME(sort_block)(w + i, n - i < BLOCK ? n - i : BLOCK, room + i, whole - i < BLOCK ? whole - i : BLOCK);
    for (i64 run = BLOCK; run < n; run *= 2)
        for (i64 start = 0; start + (2 * run < n ? run : 0) < n; start += 2 * run) {
            i64 here = whole - start < 2 * run ? whole - start : 2 * run;
            int last = 2 * run >= n;
            WF_NAME(begin_merge)(room + start, here, run);
            for (i64 i = start; i < start + here; i += BLOCK)
                WF_NAME(finish)(room + i, start + here - i, last ? w + i : room + i, last ? n - i : start + here - i);
        }
}

// Put words less than a limit before the others, in order both; how many they are. There is room for n words and a vector.
static i64 WF_NAME(cut)(WORD *w, i64 n, WORD limit, WORD *room) {
    i64 less = 0, others = 0, i = 0;
#ifdef COMPRESSED
    WORDS limits = (WORDS){} + limit;
    for (; i < n; i += LANES) {
        unsigned there = FIRST_OF(n - i);
        WORDS v = READ(w + i, there);
        unsigned below = wf_settled_mask(BELOW(v, limits)) & there, above = ~below & there;
        if (n - i < LANES) WRITE(w + less, COMPRESSED(v, below), (1u << __builtin_popcount(below)) - 1);
        else STORE(w + less, COMPRESSED(v, below));
        STORE(room + others, COMPRESSED(v, above));
        less += __builtin_popcount(below);
        others += __builtin_popcount(above);
    }
#else
    for (; i < n; i++) {
        WORD word = w[i];
        int below = word < limit;
        w[less] = room[others] = word;
        less += below;
        others += !below;
    }
#endif
    __builtin_memcpy(w + less, room, others * sizeof(WORD));
    return less;
}

// A word from the middle of what a sample of the row has.
static WORD WF_NAME(middle)(const WORD *w, i64 n) {
    WORD sample[BLOCK];
    int count = n < 16384 ? 4 * LANES : BLOCK;
    for (int i = 0; i < count; i++) sample[i] = w[(n - 1) * (2 * i + 1) / (2 * count)];
    WF_NAME(sort_block)(sample, count, sample, count);
    return sample[count / 2];
}

// Halfway from the least to the greatest word, rounded up: what is between bounds is cut no more than 64 times so.
static WORD WF_NAME(halfway)(const WORD *w, i64 n) {
    WORD least = w[0], most = w[0];
    for (i64 i = 1; i < n; i++) {
        least = w[i] < least ? w[i] : least;
        most = w[i] > most ? w[i] : most;
    }
    return (least | most) - ((least ^ most) >> 1);
}

// Sort words so that the first `need` of them are in their places; `depth` cuts may go by samples.
static void WF_NAME(sort)(WORD *w, i64 n, i64 need, WORD *room, int depth) {
    while (n > LEAF) {
        WORD limit = depth-- > 0 ? WF_NAME(middle)(w, n) : WF_NAME(halfway)(w, n);
        i64 less = WF_NAME(cut)(w, n, limit, room);
        if (!less) {                         // the limit is the least word: those like it are in their places
            less = limit == TOP ? n : WF_NAME(cut)(w, n, limit + 1, room);
        } else WF_NAME(sort)(w, less, need, room, depth);
        if (less >= need) return;
        w += less, n -= less, need -= less;
    }
    WF_NAME(sort_few)(w, n, room);
}

static void WF_NAME(sort_all)(WORD *w, i64 n, i64 need, WORD *room) {
    int depth = 0;
    for (i64 left = n; left > LEAF; left /= 2) depth += 2;
    WF_NAME(sort)(w, n, need, room, depth);
}

static i64 WF_NAME(count_less)(const WORD *w, i64 n, WORD limit) {
    i64 less = 0;
    for (i64 i = 0; i < n; i++) less += w[i] < limit;
    return less;
}

// Copy the words from `least` to `most`, in order.
static void WF_NAME(take)(const WORD *w, i64 n, WORD least, WORD most, WORD *to) {
    i64 i = 0;
#ifdef COMPRESSED
    WORDS lowest = (WORDS){} + least, highest = (WORDS){} + most;
    for (; i + LANES <= n; i += LANES) {
        WORDS v = LOAD(w + i);
        unsigned within = ~wf_settled_mask(BELOW(v, lowest) | BELOW(highest, v)) & ALL;
        int count = __builtin_popcount(within);
        WRITE(to, COMPRESSED(v, within), (1u << count) - 1);
        to += count;
    }
#endif
    for (; i < n; i++)
        if (w[i] >= least && w[i] <= most) *to++ = w[i];
}

#undef WORDS
#undef LEAF
#undef BLOCK
#undef NETWORK
#undef LOAD
#undef STORE
#undef CHOOSE
#undef WITHOUT
#undef STAGE
#undef MIRRORED
#undef TOP
#undef ALL
#undef FIRST_OF
