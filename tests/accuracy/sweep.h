// Measuring functions of the prelude: the largest error over many arguments, and the time per element.
#include <math.h>

struct worst { double ulp, x, y; i64 wrong; };

// The distance of a result from the true value in units of the last place; special values must be met exactly.
static double ulp_of(double got, long double want, int digits, int least) {
    int e;
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    double nearest = digits == 24 ? (double)(float)want : (double)want;
    if (isinf(nearest) || isnan(got) || isinf(got)) return got == nearest ? 0 : INFINITY;
    if (want == 0) return got == 0 ? 0 : INFINITY;
    frexpl(want, &e);
    return fabsl(got - want) / ldexpl(1, (e < least ? least : e) - digits);
}

static void note(struct worst *w, double ulp, double x, double y) {
    if (isinf(ulp)) { if (!w->wrong++) { w->x = x; w->y = y; } return; }
    if (ulp > w->ulp && !w->wrong) { w->ulp = ulp; w->x = x; w->y = y; }
}

static u64 drawn(u64 *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

// A double: any bit pattern, or one of ordinary size.
static double double_of(u64 bits, int ordinary) {
    double x;
    if (ordinary) bits = (bits & 0x800fffffffffffff) | (1008 + (bits >> 52) % 24) << 52;
    __builtin_memcpy(&x, &bits, 8);
    return x;
}

enum { BLOCK = 1024 };

#define SWEEP_f32(name, f, want)                                                                             \
    void sweep_##name##_f32(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        float x[BLOCK], y[BLOCK];                                                                            \
        for (u64 at = first; at < stop; at += BLOCK * step) {                                                \
            for (int i = 0; i < BLOCK; i++) {                                                                \
                u32 bits = (u32)(at + i * step + (step > 1 ? drawn(&seed) % step : 0));                      \
                __builtin_memcpy(x + i, &bits, 4);                                                           \
            }                                                                                                \
            for (int i = 0; i < BLOCK; i += LANES_f32) VECTOR(store, f32)(y + i, VECTOR(f, f32)(VECTOR(load, f32)(x + i))); \
            for (int i = 0; i < BLOCK; i++) { double v = x[i]; note(w, ulp_of(y[i], want, 24, -125), v, 0); } \
        }                                                                                                    \
    }                                                                                                        \
    TIME(name, f, f32, float)

#define SWEEP_f64(name, f, want)                                                                             \
    void sweep_##name##_f64(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        double x[BLOCK], y[BLOCK];                                                                           \
        for (u64 at = first; at < stop; at += BLOCK) {                                                       \
            for (int i = 0; i < BLOCK; i++) x[i] = double_of(drawn(&seed), i & 1);                           \
            for (int i = 0; i < BLOCK; i += LANES_f64) VECTOR(store, f64)(y + i, VECTOR(f, f64)(VECTOR(load, f64)(x + i))); \
            for (int i = 0; i < BLOCK; i++) { long double v = x[i]; note(w, ulp_of(y[i], want, 53, -1021), x[i], 0); } \
        }                                                                                                    \
    }                                                                                                        \
    TIME(name, f, f64, double)

#define SWEEP2(name, f, want, T, C, digits, least, R)                                                        \
    void sweep_##name##_##T(u64 first, u64 stop, u64 step, u64 seed, struct worst *w) {                      \
        C x[BLOCK], z[BLOCK], y[BLOCK];                                                                      \
        for (u64 at = first; at < stop; at += BLOCK) {                                                       \
            for (int i = 0; i < BLOCK; i++) {                                                                \
                x[i] = (C)double_of(drawn(&seed), i & 1);                                                    \
                z[i] = (C)double_of(drawn(&seed), i & 3);                                                    \
            }                                                                                                \
            for (int i = 0; i < BLOCK; i += LANES_##T)                                                       \
                VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i), VECTOR(load, T)(z + i)));       \
            for (int i = 0; i < BLOCK; i++) { R v = x[i], u = z[i]; note(w, ulp_of(y[i], want, digits, least), x[i], z[i]); } \
        }                                                                                                    \
    }                                                                                                        \
    void time_##name##_##T(C *y, const C *x, i64 n, i64 rounds) {                                            \
        for (i64 r = 0; r < rounds; r++)                                                                     \
            for (i64 i = 0; i < n; i += LANES_##T)                                                           \
                VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i), VECTOR(load, T)(x + n - LANES_##T - i))); \
    }

#define TIME(name, f, T, C)                                                                                  \
    void time_##name##_##T(C *y, const C *x, i64 n, i64 rounds) {                                            \
        for (i64 r = 0; r < rounds; r++)                                                                     \
            for (i64 i = 0; i < n; i += LANES_##T) VECTOR(store, T)(y + i, VECTOR(f, T)(VECTOR(load, T)(x + i))); \
    }
