// Exponentials. exp(x) is 2^k * (1 + q): k is the whole number nearest to x / ln 2, and q = exp(r) - 1 for the rest r.

// for all N
FN f32xN scale_f32xN(i32xN n) { return of_bits_f32xN((n + 127) << 23); }

FN f64xN scale_f64xN(i64xN n) { return of_bits_f64xN((n + 1023) << 52); }

// r of exp(x), and k: a sum with 1.5 * 2^23 or 2^52 ends in the bits of a whole number
FN f32xN exp_rest_f32xN(f32xN x, f32xN *k) {
    *k = x * 0x1.715476p+0f + 0x1.8p+23f;
    f32xN whole = whole_f32xN(*k);
    return (x - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f;
}

FN f64xN exp_rest_f64xN(f64xN x, f64xN *k) {
    *k = x * 0x1.71547652b82fep+0 + 0x1.8p+52;
    f64xN whole = whole_f64xN(*k);
    return (x - whole * 0x1.62e42fefap-1) - whole * 0x1.cf79abc9e3b39p-40;
}

FN f32xN exp2_rest_f32xN(f32xN x, f32xN *k) {
    *k = x + 0x1.8p+23f;
    return x - whole_f32xN(*k);
}

FN f64xN exp2_rest_f64xN(f64xN x, f64xN *k) {
    *k = x + 0x1.8p+52;
    return x - whole_f64xN(*k);
}

// k as a number, and 2^k of what lies within the exponents of the type
FN f32xN whole_f32xN(f32xN k) { return k - 0x1.8p+23f; }

FN f64xN whole_f64xN(f64xN k) { return k - 0x1.8p+52; }

FN i32xN count_f32xN(f32xN k) { return bits_f32xN(k) - 0x4b400000; }

FN i64xN count_f64xN(f64xN k) { return bits_f64xN(k) - 0x4338000000000000ll; }

// for all N, T in FLOATS
// q of exp(r)
FN TxN exp_series_TxN(TxN r) { return poly_exp_TxN(r) * (r * r) + r; }

// for all N
FN f32xN scaled_at_once_f32xN(f32xN y, f32xN k) {
#if N == 16 && defined(__AVX512DQ__) && !defined(__clang__)
    return __builtin_ia32_scalefps512_mask(y, whole_f32xN(k), y, -1, 4);
#else
    return y;
#endif
}

FN f64xN scaled_at_once_f64xN(f64xN y, f64xN k) {
#if N == 8 && defined(__AVX512DQ__) && !defined(__clang__)
    return __builtin_ia32_scalefpd512_mask(y, whole_f64xN(k), y, -1, 4);
#else
    return y;
#endif
}

// for all N, T in FLOATS
// x within bounds beyond which exp is 0 or infinite; a NaN stays
FN TxN between_TxN(TxN x, T low, T high) {
    return smaller_TxN(splat_TxN(high), larger_TxN(splat_TxN(low), x));
}

// y * 2^k, in two steps as 2^k itself may not exist, or by the instruction that some processors have
FN TxN scaled_TxN(TxN y, TxN k) {
#if defined(__AVX512DQ__) && !defined(__clang__)
    if (sizeof y == 64) return scaled_at_once_TxN(y, k);
#endif
    IxN n = count_TxN(k), half = n >> 1;
    return y * scale_TxN(half) * scale_TxN(n - half);
}

// exp(x) of what is within those bounds
FN TxN exp_between_TxN(TxN x) {
    TxN k, r = exp_rest_TxN(x, &k);
    return scaled_TxN(exp_series_TxN(r) + 1, k);
}

FN TxN exp_TxN(TxN x) { return exp_between_TxN(between_TxN(x, sizeof(T) == 4 ? -104 : -746, sizeof(T) == 4 ? 89 : 710)); }

// y * exp(x + low), where low is far smaller than x
FN TxN times_exp_TxN(TxN y, TxN x, TxN low) {
    TxN bound = between_TxN(x, sizeof(T) == 4 ? -104 : -746, sizeof(T) == 4 ? 89 : 710);
    TxN k, r = exp_rest_TxN(bound, &k) + pick_TxN(bound == x, low, splat_TxN(0));
    return scaled_TxN(exp_series_TxN(r) * y + y, k);
}

FN TxN exp2_TxN(TxN x) {
    TxN k, r = exp2_rest_TxN(between_TxN(x, sizeof(T) == 4 ? -151 : -1076, sizeof(T) == 4 ? 129 : 1025), &k);
    return scaled_TxN(poly_exp2_TxN(r) * r + 1, k);
}

FN TxN expm1_TxN(TxN x) {
    TxN k, r = exp_rest_TxN(between_TxN(x, -40, sizeof(T) == 4 ? 89 : 710), &k);
    TxN q = exp_series_TxN(r), s = scale_TxN(count_TxN(k) - 1);
    return copysign_TxN((q * s + (s - (T)0.5)) * 2, x);
}

FN TxN wf_sigmoid_TxN(TxN x) {
    TxN e = exp_TxN(-wf_abs_TxN(x));
    return pick_TxN(x < 0, e, splat_TxN(1)) / (1 + e);
}
