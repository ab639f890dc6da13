// The rounding errors of sums and products, exactly: what arithmetic with two floats per number is made of.

// for N == 1
FN f64xN fma_f64xN(f64xN x, f64xN y, f64xN z) { return __builtin_fma(x, y, z); }

// for N > 1
FN f64xN fma_f64xN(f64xN x, f64xN y, f64xN z) {
    f64xN v;
    for (int i = 0; i < N; i++) v[i] = __builtin_fma(x[i], y[i], z[i]);
    return v;
}

// for all N
// x less what the upper 26 bits of it say
FN f64xN lower_f64xN(f64xN x) { return x - of_bits_f64xN((bits_f64xN(x) + 0x4000000) & ~0x7ffffffll); }

FN f64xN product_f64xN(f64xN x, f64xN y, f64xN *error) {
    f64xN p = x * y;
#ifdef HAS_FMA
    *error = fma_f64xN(x, y, -p);
#else
    f64xN xl = lower_f64xN(x), yl = lower_f64xN(y), xh = x - xl, yh = y - yl;
    *error = ((xh * yh - p) + xh * yl + xl * yh) + xl * yl;
#endif
    return p;
}

// for all N, T in FLOATS
FN TxN sum_of_two_TxN(TxN x, TxN y, TxN *error) {
    TxN s = x + y, part = s - x;
    *error = (x - (s - part)) + (y - part);
    return s;
}
