// Sine, cosine and tangent: x is n quarter turns and a rest r between -pi/4 and pi/4, of which the polynomials are.
//
// Up to a bound r is x less n times pi/2 in pieces, so short that each product is exact. Beyond it n is found with as
// many digits of 2/pi as the exponent of x calls for, one lane at a time.
//
// Source: Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983).

// for N == 1
TABLE u64 two_over_pi_xN[21] = {
    0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
};

// The rest of |x| >= 2^20, *n quarter turns away, and what is left of it in *low.
SLOW f64 reduce_huge_xN(f64 x, f64 *low, i64 *n) {
    u64 b = (u64)bits_f64xN(x);
    i32 e = (i32)(b >> 52 & 0x7ff) - 1075, first = e - 1 + 63;
    if (e > 971) {
        *n = 0;
        *low = 0.0;
        return x - x;
    }
    u64 m = (b & 0xfffffffffffff) | 0x10000000000000, w[3];
    for (i32 i = 0; i < 3; i++) {
        const u64 *at = two_over_pi_xN + first / 64 + i;
        w[i] = first % 64 ? at[0] << first % 64 | at[1] >> (64 - first % 64) : at[0];
    }
    unsigned __int128 high = (unsigned __int128)(m * w[0]) << 64, part = (unsigned __int128)m * w[2] >> 64;
    high += (unsigned __int128)m * w[1] + part;
    *n = (i64)(high >> 126);
    *n += (i64)(high >> 125 & 1);
    __int128 f = (__int128)(high << 2) >> 2;  // from -1/2 to 1/2 of a quarter turn
    f64 fl, middle = (f64)(u32)(f >> 32) * 0x1p-94, bottom = (f64)(u32)f * 0x1p-126;
    f64 error, s = sum_of_two_f64xN((f64)(i64)(f >> 96) * 0x1p-30, (f64)(u32)(f >> 64) * 0x1p-62, &fl);
    f64 tl, t = sum_of_two_f64xN(s, middle + (fl + bottom), &tl);
    f64 p = product_f64xN(t, 0x1.921fb54442d18p+0, &error);
    f64 rest = error + (tl * 0x1.921fb54442d18p+0 + t * 0x1.1a62633145c07p-54);
    f64 r = p + rest;
    *low = rest - (r - p);
    if (b >> 63) {
        *n = -*n;
        *low = -*low;
        r = -r;
    }
    return r;
}

// for all N
FN f64xN reduce_near_f64xN(f64xN x, f64xN *low, i64xN *n) {
    f64xN shifted = x * 0x1.45f306dc9c883p-1 + 0x1.8p+52, k = shifted - 0x1.8p+52;
    *n = bits_f64xN(shifted);
    f64xN a = x - k * 0x1.921fb544p+0, b = k * 0x1.0b4611a6p-34, c = k * 0x1.3198a2e037073p-69;
    f64xN r = a - b, rest = ((a - r) - b) - c, y = r + rest;
    *low = rest - (y - r);
    return y;
}

// for all N
SLOW void reduce_far_f64xN(const f64 *x, f64 *r, f64 *low, i64 *n) {
    for (i32 i = 0; i < N; i++)
        if (!(x[i] < 0x1p+20 && x[i] > -0x1p+20)) r[i] = reduce_huge_x1(x[i], low + i, n + i);
}

SLOW void reduce_far_f32xN(const f32 *x, f32 *r, f32 *low, i32 *n) {
    for (i32 i = 0; i < N; i++) {
        if (x[i] <= 8192.0f && x[i] >= -8192.0f) continue;
        i64 turns;
        f64 rest, y = x[i];
        y = y < 0x1p+20 && y > -0x1p+20 ? reduce_near_f64x1(y, &rest, &turns) : reduce_huge_x1(y, &rest, &turns);
        r[i] = (f32)y;
        low[i] = (f32)(y - r[i]);
        n[i] = (i32)turns;
    }
}

// for all N
FN f64xN reduce_f64xN(f64xN x, f64xN *low, i64xN *n) {
    f64xN r = reduce_near_f64xN(x, low, n);
    if (__builtin_expect(any_m32xN(ge_f64xN(wf_abs_f64xN(x), splat_f64xN(0x1p+20))), 0)) {
        f64xN from = x, to = r, rest = *low;
        i64xN turns = *n;
        reduce_far_f64xN((f64 *)&from, (f64 *)&to, (f64 *)&rest, (i64 *)&turns);
        r = to;
        *low = rest;
        *n = turns;
    }
    return r;
}

FN f32xN reduce_f32xN(f32xN x, f32xN *low, i32xN *n) {
    f32xN shifted = x * 0x1.45f306p-1f + 0x1.8p+23f, k = shifted - 0x1.8p+23f;
    *n = bits_f32xN(shifted);
    f32xN a = (x - k * 0x1.92p+0f) - k * 0x1.fb4p-12f, b = k * 0x1.444p-24f, r = a - b;
    *low = ((a - r) - b) - k * 0x1.68c234p-39f;
    if (__builtin_expect(any_m32xN(wf_abs_f32xN(x) > 8192.0f), 0)) {
        f32xN from = x, to = r, rest = *low;
        i32xN turns = *n;
        reduce_far_f32xN((f32 *)&from, (f32 *)&to, (f32 *)&rest, (i32 *)&turns);
        r = to;
        *low = rest;
        *n = turns;
    }
    return r;
}

// sin(r) where the bit of `turned` is clear, else cos(r); with a sign
FN f32xN quarter_f32xN(f32xN r, f32xN low, i32xN n, i32xN negative) {
    f32xN z = r * r, s = (poly_sin_f32xN(z) * (z * r) + low) + r;
    f32xN c = 1.0f - (z * 0.5f - (z * z * poly_cos_f32xN(z) - r * low));
    f32xN y = pick_f32xN((n & 1) != 0, c, s);
    return of_bits_f32xN(bits_f32xN(y) ^ ((negative & 2) << 30));
}

FN f64xN quarter_f64xN(f64xN r, f64xN low, i64xN n, i64xN negative) {
    f64xN z = r * r, h = z * 0.5, w = 1.0 - h;
    f64xN s = r + (poly_sin_f64xN(z) * (z * r) + low * w);
    f64xN c = w + (((1.0 - w) - h) + (z * z * poly_cos_f64xN(z) - r * low));
    f64xN y = pick_f64xN((n & 1) != 0, c, s);
    return of_bits_f64xN(bits_f64xN(y) ^ ((negative & 2) << 62));
}

FN f32xN sin_f32xN(f32xN x) {
    i32xN n;
    f32xN low, r = reduce_f32xN(x, &low, &n);
    return pick_f32xN(x == 0.0f, x, quarter_f32xN(r, low, n, n));
}

FN f32xN cos_f32xN(f32xN x) {
    i32xN n;
    f32xN low, r = reduce_f32xN(x, &low, &n);
    return quarter_f32xN(r, low, n + 1, n + 1);
}

FN f32xN tan_f32xN(f32xN x) {
    i32xN n;
    f32xN low, r = reduce_f32xN(x, &low, &n), z = r * r, p = poly_tan_f32xN(z) * (z * r);
    f32xN t = r + (p + low * (1.0f + z));
    return pick_f32xN(x == 0.0f, x, pick_f32xN((n & 1) != 0, -1.0f / t, t));
}

FN f64xN sin_f64xN(f64xN x) {
    i64xN n;
    f64xN low, r = reduce_f64xN(x, &low, &n);
    return pick_f64xN(x == 0.0, x, quarter_f64xN(r, low, n, n));
}

FN f64xN cos_f64xN(f64xN x) {
    i64xN n;
    f64xN low, r = reduce_f64xN(x, &low, &n);
    return quarter_f64xN(r, low, n + 1, n + 1);
}

FN f64xN tan_f64xN(f64xN x) {
    i64xN n;
    f64xN low, r = reduce_f64xN(x, &low, &n), z = r * r, p = poly_tan_f64xN(z) * (z * r), t = r + p;
    t = r + (p + low * (1.0 + t * t));
    return pick_f64xN(x == 0.0, x, pick_f64xN((n & 1) != 0, -1.0 / t, t));
}

// for all N, T in FLOATS
FN TxN wf_sinc_TxN(TxN x) {
    TxN y = (T)3.14159265358979323846 * x;
    return pick_TxN(x == 0, splat_TxN(1), sin_TxN(y) / y);
}
