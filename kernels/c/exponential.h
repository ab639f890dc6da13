// Exponentials. exp(x) is 2^k * (1 + q): k is the whole number nearest to x / ln 2, and q = exp(r) - 1 for the rest r.

// for all N
FN f32xN scale_f32xN(i32xN n) { return of_bits_f32xN((n + 127) << 23); }

FN f64xN scale_f64xN(i64xN n) { return of_bits_f64xN((n + 1023) << 52); }

// q and k of exp(x + low), where low is far smaller than x
FN f32xN exp_parts_f32xN(f32xN x, f32xN low, i32xN *n) {
    f32xN shifted = x * 0x1.715476p+0f + 0x1.8p+23f, k = shifted - 0x1.8p+23f;
    *n = bits_f32xN(shifted) - 0x4b400000;
    f32xN r = ((x - k * 0x1.62e4p-1f) - k * 0x1.7f7d1cp-20f) + low;
    return poly_exp_f32xN(r) * (r * r) + r;
}

FN f64xN exp_parts_f64xN(f64xN x, f64xN low, i64xN *n) {
    f64xN shifted = x * 0x1.71547652b82fep+0 + 0x1.8p+52, k = shifted - 0x1.8p+52;
    *n = bits_f64xN(shifted) - 0x4338000000000000ll;
    f64xN r = ((x - k * 0x1.62e42fefap-1) - k * 0x1.cf79abc9e3b39p-40) + low;
    return poly_exp_f64xN(r) * (r * r) + r;
}

FN f32xN exp2_parts_f32xN(f32xN x, i32xN *n) {
    f32xN shifted = x + 0x1.8p+23f, r = x - (shifted - 0x1.8p+23f);
    *n = bits_f32xN(shifted) - 0x4b400000;
    return poly_exp2_f32xN(r) * r;
}

FN f64xN exp2_parts_f64xN(f64xN x, i64xN *n) {
    f64xN shifted = x + 0x1.8p+52, r = x - (shifted - 0x1.8p+52);
    *n = bits_f64xN(shifted) - 0x4338000000000000ll;
    return poly_exp2_f64xN(r) * r;
}

// for all N
FN f32xN scaled_at_once_f32xN(f32xN q, i32xN n) {
#if N == 16 && defined(__AVX512DQ__) && !defined(__clang__)
    return __builtin_ia32_scalefps512_mask(q + 1, __builtin_convertvector(n, f32xN), q, -1, 4);
#else
    return q;
#endif
}

FN f64xN scaled_at_once_f64xN(f64xN q, i64xN n) {
#if N == 8 && defined(__AVX512DQ__) && !defined(__clang__)
    return __builtin_ia32_scalefpd512_mask(q + 1, __builtin_convertvector(n, f64xN), q, -1, 4);
#else
    return q;
#endif
}

// for all N, T in FLOATS
// x within bounds beyond which exp is 0 or infinite; a NaN stays
FN TxN between_TxN(TxN x, T low, T high) {
    return smaller_TxN(splat_TxN(high), larger_TxN(splat_TxN(low), x));
}

// (1 + q) * 2^n, in two steps as 2^n itself may not exist, or by the instruction that some processors have
FN TxN scaled_TxN(TxN q, IxN n) {
#if defined(__AVX512DQ__) && !defined(__clang__)
    if (sizeof q == 64) return scaled_at_once_TxN(q, n);
#endif
    IxN half = n >> 1;
    return (q + 1) * scale_TxN(half) * scale_TxN(n - half);
}

// exp(x) of what is within those bounds
FN TxN exp_between_TxN(TxN x) {
    IxN n;
    TxN q = exp_parts_TxN(x, splat_TxN(0), &n);
    return scaled_TxN(q, n);
}

FN TxN exp_TxN(TxN x) { return exp_between_TxN(between_TxN(x, sizeof(T) == 4 ? -104 : -746, sizeof(T) == 4 ? 89 : 710)); }

// exp(x + low)
FN TxN exp_of_sum_TxN(TxN x, TxN low) {
    IxN n;
    TxN bound = between_TxN(x, sizeof(T) == 4 ? -104 : -746, sizeof(T) == 4 ? 89 : 710);
    TxN q = exp_parts_TxN(bound, pick_TxN(bound == x, low, splat_TxN(0)), &n);
    return scaled_TxN(q, n);
}

FN TxN exp2_TxN(TxN x) {
    IxN n;
    TxN q = exp2_parts_TxN(between_TxN(x, sizeof(T) == 4 ? -151 : -1076, sizeof(T) == 4 ? 129 : 1025), &n);
    return scaled_TxN(q, n);
}

FN TxN expm1_TxN(TxN x) {
    IxN n;
    TxN q = exp_parts_TxN(between_TxN(x, -40, sizeof(T) == 4 ? 89 : 710), splat_TxN(0), &n), s = scale_TxN(n - 1);
    return copysign_TxN((q * s + (s - (T)0.5)) * 2, x);
}

FN TxN wf_sigmoid_TxN(TxN x) {
    TxN e = exp_TxN(-wf_abs_TxN(x));
    return pick_TxN(x < 0, e, splat_TxN(1)) / (1 + e);
}
