// The error function, its complement and its inverse.
//
// Source: Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", Math. Comp. 36 (1981), for
// the variable of erfc; Giles, "Approximating the erfinv function", GPU Computing Gems (2011), for that of erfinv.

// for all N, T in FLOATS
// x + x P(x^2) up to 1, above it 1 - exp(Q(x))
FN TxN erf_TxN(TxN x) {
    TxN a = wf_abs_TxN(x), b = between_TxN(a, 1, sizeof(T) == 4 ? (T)3.93 : 6);
    TxN near = poly_erf_TxN(x * x) * x + x, far = 1 - exp_between_TxN(poly_log_erfc_TxN(b));
    return copysign_TxN(pick_TxN(a < 1, near, far), x);
}

// 1 - x - x P(x^2) up to 0.5, above it exp(-x^2) p / d with d = 1 + 2 x; what rounding takes from p, d and p / d goes into
// the exponential, by the size of p, which is about 1.16. So does what an upper half lacks of x, whose square is exact.
FN TxN erfc_TxN(TxN x) {
    TxN a = smaller_TxN(splat_TxN(sizeof(T) == 4 ? (T)10.6 : 28), wf_abs_TxN(x));
    TxN high = of_bits_TxN(bits_TxN(a) & (I)(sizeof(T) == 4 ? ~0xfffll : ~0x7ffffffll));
    TxN t = (a - (T)3.75) / (a + (T)3.75) + (sizeof(T) == 4 ? (T)0.25 : (T)0.125);
    TxN first = splat_TxN(sizeof(T) == 4 ? (T)0x1.455ef0p+0 : (T)0x1.4141ad7fc7d03p+0), s = t * poly_erfcx_TxN(t);
    TxN p = first + s, d = 1 + 2 * a, q = p / d;
    TxN lost = (s - (p - first)) + left_by_TxN(p, q, d) - q * (1 - (d - 2 * a));
    TxN y = times_exp_TxN(q, -(high * high), (high - a) * (high + a) + lost * (T)0.86);
    TxN near = 1 - (poly_erf_TxN(x * x) * x + x);
    return pick_TxN(a < (T)0.5, near, pick_TxN(x < 0, 2 - y, y));
}

// for all N
// x P(w) with w = -log(1 - x^2), or its root where that is large
FN f32xN wf_erfinv_f32xN(f32xN x) {
    f32xN a = wf_abs_f32xN(x), w = -log_f32xN((1.0f - a) * (1.0f + a)), s = sqrt_f32xN(w);
    f32xN y = x * pick_f32xN(w < 5.0f, poly_erfinv_near_f32xN(w - 2.5f), poly_erfinv_far_f32xN(s - 3.125f));
    return pick_f32xN(a == 1.0f, copysign_f32xN(splat_f32xN(__builtin_inff()), x), y);
}

FN f64xN wf_erfinv_f64xN(f64xN x) {
    f64xN a = wf_abs_f64xN(x), w = -log_f64xN((1.0 - a) * (1.0 + a)), s = sqrt_f64xN(w);
    f64xN far = pick_f64xN(s < 4.0, poly_erfinv_far_f64xN(s - 3.25), poly_erfinv_tail_f64xN(s - 5.0));
    f64xN y = x * pick_f64xN(w < 6.25, poly_erfinv_near_f64xN(w - 3.125), far);
    return pick_f64xN(a == 1.0, copysign_f64xN(splat_f64xN(__builtin_inf()), x), y);
}
