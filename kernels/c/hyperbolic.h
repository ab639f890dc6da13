// Hyperbolic functions and their inverses.

// for all N, T in FLOATS
// y = e / (e + 2) with e = exp(2 |x|) - 1 cancels nothing; then 1 / (e + 2) is (1 - y) / 2, for what e + 2 lost
FN TxN tanh_TxN(TxN x) {
    TxN a = wf_abs_TxN(x), z = smaller_TxN(splat_TxN(40), a + a);
    TxN k, r = exp_rest_TxN(z, &k), q = exp_series_TxN(r), s = scale_TxN(count_TxN(k)), e = q * s + (s - 1);
    TxN d = e + 2, y = e / d, lost = pick_TxN(e < 2, e - (d - 2), splat_TxN(0));
    return copysign_TxN(y - y * lost * ((1 - y) * (T)0.5), x);
}

// exp(|x|) / 2
FN TxN half_exp_TxN(TxN x) {
    TxN k, r = exp_rest_TxN(between_TxN(wf_abs_TxN(x), 0, sizeof(T) == 4 ? 90 : 711), &k);
    return scaled_TxN(exp_series_TxN(r) + 1, k - 1);
}

FN TxN cosh_TxN(TxN x) {
    TxN h = half_exp_TxN(x);
    return h + (T)0.25 / h;
}

FN TxN sinh_TxN(TxN x) {
    TxN h = half_exp_TxN(x), z = x * x, a = wf_abs_TxN(x);
    TxN y = pick_TxN(a < 1, a + a * z * poly_sinh_TxN(z), h - (T)0.25 / h);
    return copysign_TxN(y, x);
}

// log(a + sqrt(a^2 + 1)); of large numbers log(2 a)
FN TxN asinh_TxN(TxN x) {
    const T huge = sizeof(T) == 4 ? 0x1p30 : 0x1p500;
    TxN a = wf_abs_TxN(x), z = x * x, near = a + a * z * poly_asinh_TxN(z);
    m32xN large = mask_M_m32xN(a > huge);
    TxN b = select_TxN(large, splat_TxN(1), a), square = b * b;
    TxN u = select_TxN(large, a, b + square / (1 + sqrt_TxN(1 + square)));
    TxN y = log1p_sum_TxN(u, splat_TxN(0)) + select_TxN(large, splat_TxN((T)0.69314718055994530942), splat_TxN(0));
    y = pick_TxN(a < (T)0.5, near, y);
    return copysign_TxN(pick_TxN(a < (T)__builtin_inf(), y, a), x);
}

FN TxN acosh_TxN(TxN x) {
    const T huge = sizeof(T) == 4 ? 0x1p30 : 0x1p500;
    m32xN large = mask_M_m32xN(x > huge);
    TxN t = select_TxN(large, splat_TxN(1), x - 1), u = select_TxN(large, x, t + sqrt_TxN(2 * t + t * t));
    TxN y = log1p_sum_TxN(u, splat_TxN(0)) + select_TxN(large, splat_TxN((T)0.69314718055994530942), splat_TxN(0));
    y = pick_TxN(x >= 1, y, splat_TxN((T)__builtin_nan("")));
    return pick_TxN(x < (T)__builtin_inf(), y, pick_TxN(x == x, x, x + x));
}

FN TxN atanh_TxN(TxN x) {
    TxN a = wf_abs_TxN(x), z = x * x, near = a + a * z * poly_atanh_TxN(z);
    TxN b = pick_TxN(a < 1, a, splat_TxN(0)), y = log1p_sum_TxN(2 * b / (1 - b), splat_TxN(0)) * (T)0.5;
    y = pick_TxN(a < (T)0.5, near, y);
    y = pick_TxN(a < 1, y, pick_TxN(a == 1, splat_TxN((T)__builtin_inf()), splat_TxN((T)__builtin_nan(""))));
    return copysign_TxN(y, x);
}
