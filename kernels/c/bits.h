// Floats as bits, and what needs only those: signs, neighbours, and which are no ordinary numbers.

// for N == 1, T in FLOATS
FN IxN bits_TxN(TxN x) { IxN b; __builtin_memcpy(&b, &x, sizeof b); return b; }

FN TxN of_bits_TxN(IxN b) { TxN x; __builtin_memcpy(&x, &b, sizeof x); return x; }

// for N > 1, T in FLOATS
FN IxN bits_TxN(TxN x) { return (IxN)x; }

FN TxN of_bits_TxN(IxN b) { return (TxN)b; }

// for all N, T in FLOATS
FN TxN wf_abs_TxN(TxN x) { return of_bits_TxN(bits_TxN(x) & (I)((W)-1 >> 1)); }

FN TxN copysign_TxN(TxN x, TxN y) {
    const I rest = (W)-1 >> 1;
    return of_bits_TxN((bits_TxN(x) & rest) | (bits_TxN(y) & ~rest));
}

FN TxN wf_sign_TxN(TxN x) {
    return pick_TxN(x > 0, splat_TxN(1), pick_TxN(x < 0, splat_TxN(-1), pick_TxN(x == 0, splat_TxN(0), x)));
}

FN m32xN wf_isnan_TxN(TxN x) { return mask_M_m32xN(x != x); }

FN m32xN wf_isinf_TxN(TxN x) { return mask_M_m32xN(wf_abs_TxN(x) == (T)__builtin_inf()); }

FN m32xN wf_isfinite_TxN(TxN x) { return mask_M_m32xN(wf_abs_TxN(x) < (T)__builtin_inf()); }

FN m32xN wf_signbit_TxN(TxN x) { return mask_M_m32xN(bits_TxN(x) < 0); }

// The bits of positive floats grow with them, by one from neighbour to neighbour.
FN TxN nextafter_TxN(TxN x, TxN y) {
    IxN b = bits_TxN(x), outwards = b + 1, inwards = b - 1;
    TxN next = of_bits_TxN(pick_IxN((x < y) ^ (x < 0), outwards, inwards));
    next = pick_TxN(x == 0, copysign_TxN(of_bits_TxN(splat_IxN(1)), y), next);
    next = pick_TxN(x == y, y, next);
    return pick_TxN((x != x) | (y != y), x + y, next);
}

FN TxN wf_conj_TxN(TxN x) { return x; }

FN TxN wf_real_TxN(TxN x) { return x; }

// The square root is the machine's.

// for N == 1
FN f32xN sqrt_f32xN(f32xN x) { return __builtin_sqrtf(x); }

FN f64xN sqrt_f64xN(f64xN x) { return __builtin_sqrt(x); }

// for N > 1, T in FLOATS
FN TxN sqrt_TxN(TxN x) {
    TxN y;
    for (int i = 0; i < N; i++) y[i] = sqrt_Tx1(x[i]);
    return y;
}
