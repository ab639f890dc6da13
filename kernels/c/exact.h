// The rounding errors of sums and products, exactly: what arithmetic with two floats per number is made of.

// for N == 1
FN f32xN fma_f32xN(f32xN x, f32xN y, f32xN z) { return __builtin_fmaf(x, y, z); }

FN f64xN fma_f64xN(f64xN x, f64xN y, f64xN z) { return __builtin_fma(x, y, z); }

// for N > 1
FN f32xN fma_f32xN(f32xN x, f32xN y, f32xN z) {
    f32xN v;
    for (int i = 0; i < N; i++) v[i] = __builtin_fmaf(x[i], y[i], z[i]);
    return v;
}

FN f64xN fma_f64xN(f64xN x, f64xN y, f64xN z) {
    f64xN v;
    for (int i = 0; i < N; i++) v[i] = __builtin_fma(x[i], y[i], z[i]);
    return v;
}

// for all N
// x less what the upper half of its digits say
FN f32xN lower_f32xN(f32xN x) { return x - of_bits_f32xN((bits_f32xN(x) + 0x800) & ~0xfff); }

FN f64xN lower_f64xN(f64xN x) { return x - of_bits_f64xN((bits_f64xN(x) + 0x4000000) & ~0x7ffffffll); }

// for all N, T in FLOATS
FN TxN product_TxN(TxN x, TxN y, TxN *error) {
    TxN p = x * y;
#ifdef HAS_FMA
    *error = fma_TxN(x, y, -p);
#else
    TxN xl = lower_TxN(x), yl = lower_TxN(y), xh = x - xl, yh = y - yl;
    *error = ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
#endif
    return p;
}

// p - q * d, where q is p / d
FN TxN left_by_TxN(TxN p, TxN q, TxN d) {
#ifdef HAS_FMA
    return fma_TxN(-q, d, p);
#else
    TxN error, product = product_TxN(q, d, &error);
    return (p - product) - error;
#endif
}

FN TxN sum_of_two_TxN(TxN x, TxN y, TxN *error) {
    TxN s = x + y, part = s - x;
    *error = (x - (s - part)) + (y - part);
    return s;
}
