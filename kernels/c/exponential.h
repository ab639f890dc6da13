// Exponentials, logarithms, and what is made of them.

// The exponential of x is 2^k * (1 + q): k is the nearest integer to x / ln 2, and q = exp(r) - 1 for the rest r.

// for N == 1
FN i32xN bits_f32xN(f32xN x) { i32xN b; __builtin_memcpy(&b, &x, sizeof b); return b; }

FN f32xN of_bits_f32xN(i32xN b) { f32xN x; __builtin_memcpy(&x, &b, sizeof x); return x; }

FN i64xN bits_f64xN(f64xN x) { i64xN b; __builtin_memcpy(&b, &x, sizeof b); return b; }

FN f64xN of_bits_f64xN(i64xN b) { f64xN x; __builtin_memcpy(&x, &b, sizeof x); return x; }

FN f32xN f32_of_i32xN(i32xN n) { return n; }

FN f64xN f64_of_i64xN(i64xN n) { return n; }

FN f32xN sqrt_f32xN(f32xN x) { return __builtin_sqrtf(x); }

FN f64xN sqrt_f64xN(f64xN x) { return __builtin_sqrt(x); }

// for N > 1
FN i32xN bits_f32xN(f32xN x) { return (i32xN)x; }

FN f32xN of_bits_f32xN(i32xN b) { return (f32xN)b; }

FN i64xN bits_f64xN(f64xN x) { return (i64xN)x; }

FN f64xN of_bits_f64xN(i64xN b) { return (f64xN)b; }

FN f32xN f32_of_i32xN(i32xN n) { return __builtin_convertvector(n, f32xN); }

FN f64xN f64_of_i64xN(i64xN n) { return __builtin_convertvector(n, f64xN); }

FN f32xN sqrt_f32xN(f32xN x) {
    f32xN y;
    for (int i = 0; i < N; i++) y[i] = __builtin_sqrtf(x[i]);
    return y;
}

FN f64xN sqrt_f64xN(f64xN x) {
    f64xN y;
    for (int i = 0; i < N; i++) y[i] = __builtin_sqrt(x[i]);
    return y;
}

// for all N
FN f32xN scale_f32xN(i32xN n) { return of_bits_f32xN((n + 127) << 23); }

FN f64xN scale_f64xN(i64xN n) { return of_bits_f64xN((n + 1023) << 52); }

FN f32xN wf_abs_f32xN(f32xN x) { return of_bits_f32xN(bits_f32xN(x) & 0x7fffffff); }

FN f64xN wf_abs_f64xN(f64xN x) { return of_bits_f64xN(bits_f64xN(x) & 0x7fffffffffffffffll); }

FN f32xN copysign_f32xN(f32xN x, f32xN y) {
    return of_bits_f32xN((bits_f32xN(x) & 0x7fffffff) | (bits_f32xN(y) & (i32)0x80000000));
}

FN f64xN copysign_f64xN(f64xN x, f64xN y) {
    return of_bits_f64xN((bits_f64xN(x) & 0x7fffffffffffffffll) | (bits_f64xN(y) & (i64)0x8000000000000000ull));
}

FN f32xN exp_rest_f32xN(f32xN x, i32xN *n) {
    f32xN shifted = x * 0x1.715476p+0f + 0x1.8p+23f;
    *n = bits_f32xN(shifted) - 0x4b400000;
    f32xN k = shifted - 0x1.8p+23f;
    f32xN r = (x - k * 0x1.62e4p-1f) - k * 0x1.7f7d1cp-20f;
    return poly_exp_f32xN(r) * (r * r) + r;
}

FN f64xN exp_rest_f64xN(f64xN x, i64xN *n) {
    f64xN shifted = x * 0x1.71547652b82fep+0 + 0x1.8p+52;
    *n = bits_f64xN(shifted) - 0x4338000000000000ll;
    f64xN k = shifted - 0x1.8p+52;
    f64xN r = (x - k * 0x1.62e42fefap-1) - k * 0x1.cf79abc9e3b39p-40;
    return poly_exp_f64xN(r) * (r * r) + r;
}

FN f32xN exp_f32xN(f32xN x) {
    f32xN bound = pick_f32xN(x < -104.0f, splat_f32xN(-104.0f), pick_f32xN(x > 89.0f, splat_f32xN(89.0f), x));
    i32xN n;
    f32xN q = exp_rest_f32xN(bound, &n);
    i32xN half = n >> 1;
    return (q + 1.0f) * scale_f32xN(half) * scale_f32xN(n - half);
}

FN f64xN exp_f64xN(f64xN x) {
    f64xN bound = pick_f64xN(x < -746.0, splat_f64xN(-746.0), pick_f64xN(x > 710.0, splat_f64xN(710.0), x));
    i64xN n;
    f64xN q = exp_rest_f64xN(bound, &n);
    i64xN half = n >> 1;
    return (q + 1.0) * scale_f64xN(half) * scale_f64xN(n - half);
}

// The hyperbolic tangent is e / (e + 2) with e = exp(2 |x|) - 1, which cancels nothing.
FN f32xN tanh_f32xN(f32xN x) {
    f32xN a = wf_abs_f32xN(x), z = pick_f32xN(a > 10.0f, splat_f32xN(20.0f), a + a);
    i32xN n;
    f32xN q = exp_rest_f32xN(z, &n), s = scale_f32xN(n), e = q * s + (s - 1.0f);
    f32xN y = pick_f32xN(a < 1e-4f, a, e / (e + 2.0f));
    return copysign_f32xN(pick_f32xN(x != x, x, y), x);
}

FN f64xN tanh_f64xN(f64xN x) {
    f64xN a = wf_abs_f64xN(x), z = pick_f64xN(a > 20.0, splat_f64xN(40.0), a + a);
    i64xN n;
    f64xN q = exp_rest_f64xN(z, &n), s = scale_f64xN(n), e = q * s + (s - 1.0);
    f64xN y = pick_f64xN(a < 1e-9, a, e / (e + 2.0));
    return copysign_f64xN(pick_f64xN(x != x, x, y), x);
}

FN f32xN wf_sigmoid_f32xN(f32xN x) {
    f32xN e = exp_f32xN(-wf_abs_f32xN(x)), d = 1.0f / (1.0f + e);
    return pick_f32xN(x >= 0.0f, d, pick_f32xN(x < 0.0f, e * d, x));
}

FN f64xN wf_sigmoid_f64xN(f64xN x) {
    f64xN e = exp_f64xN(-wf_abs_f64xN(x)), d = 1.0 / (1.0 + e);
    return pick_f64xN(x >= 0.0, d, pick_f64xN(x < 0.0, e * d, x));
}

// The logarithm of x = 2^k * (1 + f), with 1 + f between sqrt(1/2) and sqrt(2).
FN f32xN log_f32xN(f32xN x) {
    m32xN tiny = x < 0x1p-126f;
    f32xN scaled = pick_f32xN(tiny, x * 0x1p+25f, x);
    i32xN bits = bits_f32xN(scaled) - 0x3f3504f3, e = bits >> 23;
    f32xN f = of_bits_f32xN((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
    f32xN k = f32_of_i32xN(e) - pick_f32xN(tiny, splat_f32xN(25.0f), splat_f32xN(0.0f));
    f32xN square = f * f, y = poly_log_f32xN(f) * (f * square);
    y = (k * 0x1.62e4p-1f + (f + (k * 0x1.7f7d1cp-20f + (y - square * 0.5f))));
    y = pick_f32xN(x == 0.0f, splat_f32xN(-__builtin_inff()), y);
    y = pick_f32xN(x < 0.0f, splat_f32xN(__builtin_nanf("")), y);
    return pick_f32xN(x < __builtin_inff(), y, x);
}

FN f64xN log_f64xN(f64xN x) {
    m64xN tiny = x < 0x1p-1022;
    f64xN scaled = pick_f64xN(tiny, x * 0x1p+54, x);
    i64xN bits = bits_f64xN(scaled) - 0x3fe6a09e667f3bcdll, e = bits >> 52;
    f64xN f = of_bits_f64xN((bits & 0xfffffffffffffll) + 0x3fe6a09e667f3bcdll) - 1.0;
    f64xN k = f64_of_i64xN(e) - pick_f64xN(tiny, splat_f64xN(54.0), splat_f64xN(0.0));
    f64xN s = f / (f + 2.0), z = s * s, half = f * f * 0.5;
    f64xN y = s * (half + z * poly_log_f64xN(z));
    y = k * 0x1.62e42fefap-1 + (f - (half - (y + k * 0x1.cf79abc9e3b39p-40)));
    y = pick_f64xN(x == 0.0, splat_f64xN(-__builtin_inf()), y);
    y = pick_f64xN(x < 0.0, splat_f64xN(__builtin_nan("")), y);
    return pick_f64xN(x < __builtin_inf(), y, x);
}

// The error function: x + x P(x^2) up to 1, above 1 - exp(Q(x)).
FN f32xN erf_f32xN(f32xN x) {
    f32xN a = wf_abs_f32xN(x), b = pick_f32xN(a < 3.93f, a, splat_f32xN(3.93f));
    f32xN low = poly_erf_f32xN(x * x) * x + x;
    f32xN high = 1.0f - exp_f32xN(poly_log_erfc_f32xN(pick_f32xN(b < 1.0f, splat_f32xN(1.0f), b)));
    return pick_f32xN(a < 1.0f, low, pick_f32xN(x != x, x, copysign_f32xN(high, x)));
}

FN f64xN erf_f64xN(f64xN x) {
    f64xN a = wf_abs_f64xN(x), b = pick_f64xN(a < 6.0, a, splat_f64xN(6.0));
    f64xN low = poly_erf_f64xN(x * x) * x + x;
    f64xN high = 1.0 - exp_f64xN(poly_log_erfc_f64xN(pick_f64xN(b < 1.0, splat_f64xN(1.0), b)));
    return pick_f64xN(a < 1.0, low, pick_f64xN(x != x, x, copysign_f64xN(high, x)));
}
