// The larger and the smaller as NumPy chooses them, a NaN winning; and the lanes of a vector folded into one scalar,
// in a fixed order: the upper half onto the lower, until one is left.

// x > y ? x : y and x < y ? x : y, so y where one is a NaN: an instruction of many processors.

// for all N
FN f32xN larger_f32xN(f32xN x, f32xN y) {
#if N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_maxps512_mask(x, y, y, -1, 4);
#elif N == 8 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_maxps256(x, y);
#elif N == 4 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_maxps(x, y);
#else
    return pick_f32xN(x > y, x, y);
#endif
}

FN f64xN larger_f64xN(f64xN x, f64xN y) {
#if N == 8 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_maxpd512_mask(x, y, y, -1, 4);
#elif N == 4 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_maxpd256(x, y);
#elif N == 2 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_maxpd(x, y);
#else
    return pick_f64xN(x > y, x, y);
#endif
}

FN f32xN smaller_f32xN(f32xN x, f32xN y) {
#if N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_minps512_mask(x, y, y, -1, 4);
#elif N == 8 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_minps256(x, y);
#elif N == 4 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_minps(x, y);
#else
    return pick_f32xN(x < y, x, y);
#endif
}

FN f64xN smaller_f64xN(f64xN x, f64xN y) {
#if N == 8 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_minpd512_mask(x, y, y, -1, 4);
#elif N == 4 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_minpd256(x, y);
#elif N == 2 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_minpd(x, y);
#else
    return pick_f64xN(x < y, x, y);
#endif
}

// for all N, T in FLOATS
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN(x != x, x, larger_TxN(x, y)); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN(x != x, x, smaller_TxN(x, y)); }

FN TxN wf_peak_TxN(TxN x, TxN y) { return larger_TxN(x, y); }

// for all N, T in INTEGERS
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN(x > y, x, y); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN(x < y, x, y); }

// for all N, T in TYPES
FN TxN add_TxN(TxN x, TxN y) { return x + y; }

FN TxN mul_TxN(TxN x, TxN y) { return x * y; }

// for N == 1, T in TYPES, F in sum prod max min
FN T F_TxN(TxN x) { return x; }

// for N > 1, T in TYPES, F/S in sum/add prod/mul max/wf_max min/wf_min
FN T F_TxN(TxN x) {
#if N == 4
    if (sizeof x == 16) {                    // within one register
        x = S_TxN(x, (TxN){x[2], x[3], x[0], x[1]});
        return S_TxN(x, (TxN){x[1], x[0], x[3], x[2]})[0];
    }
#elif N == 2
    if (sizeof x == 16) return S_TxN(x, (TxN){x[1], x[0]})[0];
#endif
    TxH a, b;
    __builtin_memcpy(&a, &x, sizeof a);
    __builtin_memcpy(&b, (char *)&x + sizeof a, sizeof b);
    return F_TxH(S_TxH(a, b));
}
