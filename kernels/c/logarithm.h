// Logarithms: x is 2^k * (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), and log(1 + f) is f + y.

// for all N
FN f32xN log_parts_f32xN(f32xN x, f32xN *k) {
    m32xN tiny = x < 0x1p-126f;
    i32xN b = bits_f32xN(pick_f32xN(tiny, x * 0x1p+25f, x)) - 0x3f3504f3;
    *k = cast_i32_f32xN(b >> 23) - pick_f32xN(tiny, splat_f32xN(25.0f), splat_f32xN(0.0f));
    return of_bits_f32xN((b & 0x7fffff) + 0x3f3504f3) - 1.0f;
}

FN f64xN log_parts_f64xN(f64xN x, f64xN *k) {
    m64xN tiny = x < 0x1p-1022;
    i64xN b = bits_f64xN(pick_f64xN(tiny, x * 0x1p+54, x)) - 0x3fe6a09e667f3bcdll;
    f64xN whole = of_bits_f64xN((b >> 52) + 0x4338000000000000ll) - 0x1.8p+52;
    *k = whole - pick_f64xN(tiny, splat_f64xN(54.0), splat_f64xN(0.0));
    return of_bits_f64xN((b & 0xfffffffffffffll) + 0x3fe6a09e667f3bcdll) - 1.0;
}

FN f32xN log_rest_f32xN(f32xN f) {
    f32xN square = f * f;
    return poly_log_f32xN(f) * (f * square) - square * 0.5f;
}

FN f64xN log_rest_f64xN(f64xN f) {
    f64xN s = f / (f + 2.0), z = s * s, half = f * f * 0.5;
    return s * (half + z * poly_log_f64xN(z)) - half;
}

FN f32xN log_sum_f32xN(f32xN f, f32xN k, f32xN low) {
    return k * 0x1.62e4p-1f + (f + (k * 0x1.7f7d1cp-20f + (log_rest_f32xN(f) + low)));
}

FN f64xN log_sum_f64xN(f64xN f, f64xN k, f64xN low) {
    return k * 0x1.62e42fefap-1 + (f + (k * 0x1.cf79abc9e3b39p-40 + (log_rest_f64xN(f) + low)));
}

// for all N
// The same by the instruction that some processors have: of zero -infinity, of negative numbers NaN, of infinity itself.
FN f32xN log_edges_at_once_f32xN(f32xN x, f32xN y) {
#if N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_fixupimmps512_mask(y, x, splat_i32xN(0x03530422), 0, -1, 4);
#else
    return y;
#endif
}

FN f64xN log_edges_at_once_f64xN(f64xN x, f64xN y) {
#if N == 8 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_fixupimmpd512_mask(y, x, splat_i64xN(0x03530422), 0, -1, 4);
#else
    return y;
#endif
}

// for all N, T in FLOATS
// y, the logarithm of x, put right where x is 0, negative, infinite or NaN
FN TxN log_edges_TxN(TxN x, TxN y) {
#if defined(__AVX512F__) && !defined(__clang__)
    if (sizeof x == 64) return log_edges_at_once_TxN(x, y);
#endif
    y = pick_TxN(x > 0, y, pick_TxN(x == 0, splat_TxN((T)-__builtin_inf()), splat_TxN((T)-__builtin_nan(""))));
    return pick_TxN(x < (T)__builtin_inf(), y, pick_TxN(x == (T)__builtin_inf(), x, x + x));
}

FN TxN log_TxN(TxN x) {
    TxN k, f = log_parts_TxN(x, &k);
    return log_edges_TxN(x, log_sum_TxN(f, k, splat_TxN(0)));
}

// log(1 + x + low): u = 1 + x, and what was lost by that is added to the logarithm of u
FN TxN log1p_sum_TxN(TxN x, TxN low) {
    TxN u = 1 + x, k, f = log_parts_TxN(u, &k);
    TxN lost = pick_TxN(x > 1, 1 - (u - x), x - (u - 1)) + low;
    lost = pick_TxN(u < (T)(sizeof(T) == 4 ? 0x1p100 : 0x1p1000), lost / u, splat_TxN(0));
    TxN small = pick_TxN(low == 0, splat_TxN(0), low / u);
    m32xN near = eq_TxN(k, splat_TxN(0));
    return log_sum_TxN(select_TxN(near, x, f), k, select_TxN(near, small, lost));
}

FN TxN log1p_TxN(TxN x) {
    TxN y = log_edges_TxN(1 + x, log1p_sum_TxN(x, splat_TxN(0)));
    return pick_TxN(x == 0, x, y);
}

// for all N
FN f32xN log2_f32xN(f32xN x) {
    f32xN k, f = log_parts_f32xN(x, &k), y = log_rest_f32xN(f);
    return log_edges_f32xN(x, k + (f * 0x1.715476p+0f + (f * 0x1.4ae0c00000000p-26f + y * 0x1.715476p+0f)));
}

FN f64xN log2_f64xN(f64xN x) {
    f64xN k, f = log_parts_f64xN(x, &k), y = log_rest_f64xN(f);
    return log_edges_f64xN(x, k + (f * 0x1.71547652b82fep+0 + (f * 0x1.777d0ffda0d24p-56 + y * 0x1.71547652b82fep+0)));
}

FN f32xN log10_f32xN(f32xN x) {
    f32xN k, f = log_parts_f32xN(x, &k), y = log_rest_f32xN(f);
    f32xN rest = -f * 0x1.5b235e0000000p-27f + y * 0x1.bcb7b2p-2f + k * 0x1.3509f80000000p-18f;
    return log_edges_f32xN(x, k * 0x1.3440000000000p-2f + (f * 0x1.bcb7b2p-2f + rest));
}

FN f64xN log10_f64xN(f64xN x) {
    f64xN k, f = log_parts_f64xN(x, &k), y = log_rest_f64xN(f);
    f64xN rest = f * 0x1.95355baaafad3p-57 + y * 0x1.bcb7b1526e50ep-2 + k * 0x1.9fef311f12b36p-42;
    return log_edges_f64xN(x, k * 0x1.34413509f6000p-2 + (f * 0x1.bcb7b1526e50ep-2 + rest));
}

// for all N, T in FLOATS
FN TxN wf_softplus_TxN(TxN x) { return wf_max_TxN(x, splat_TxN(0)) + log1p_TxN(exp_TxN(-wf_abs_TxN(x))); }

FN TxN wf_logaddexp_TxN(TxN x, TxN y) {
    TxN gap = x - y, above = pick_TxN(gap > 0, x, y) + log1p_TxN(exp_TxN(-wf_abs_TxN(gap)));
    return pick_TxN(x == y, x + (T)0.69314718055994530942, pick_TxN(gap != gap, gap, above));
}

FN TxN wf_xlogy_TxN(TxN x, TxN y) { return pick_TxN((x == 0) & (y == y), splat_TxN(0), x * log_TxN(y)); }

FN TxN wf_xlog1py_TxN(TxN x, TxN y) { return pick_TxN((x == 0) & (y == y), splat_TxN(0), x * log1p_TxN(y)); }
