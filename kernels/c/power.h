// Powers of floats: exp(y * log|x|), with the logarithm to more digits than the result has; then the sign and the
// cases that IEEE 754 names.

// for all N
// log2 of an f32 that is not negative, in f64
FN f64xN log2_exact_f64xN(f64xN a) {
    f64xN k, f = log_parts_f64xN(a, &k), s = f / (f + 2.0), z = s * s;
    f64xN y = (s + s) + s * z * poly_log_short_f64xN(z);
    y = pick_f64xN(a < __builtin_inf(), k + y * 0x1.71547652b82fep+0, a);
    return pick_f64xN(a == 0.0, splat_f64xN(-__builtin_inf()), y);
}

FN f32xN power_whole_f32xN(f32xN a, f32xN y) {
    f64xN l = log2_exact_f64xN(cast_f32_f64xN(a)), t = cast_f32_f64xN(y) * l;
    t = between_f64xN(pick_f64xN(l == 0.0, splat_f64xN(0.0), t), -160.0, 160.0);
    f64xN whole = (t + 0x1.8p+52) - 0x1.8p+52;
    f32xN r = cast_f64_f32xN(t - whole);
    return scaled_f32xN(poly_exp2_f32xN(r) * r + 1, cast_f64_f32xN(whole) + 0x1.8p+23f);
}

// log(a) as y + *low
FN f64xN log_long_f64xN(f64xN a, f64xN *low) {
    f64xN k, f = log_parts_f64xN(a, &k), d = f + 2.0, dl = f - (d - 2.0), inverse = 1.0 / d, s = f * inverse, pl;
    f64xN p = product_f64xN(s, d, &pl), sl = (((f - p) - pl) - s * dl) * inverse;
    f64xN zl, z = product_f64xN(s, s, &zl), cl, ql, tl, ul, vl;
    zl += 2.0 * s * sl;
    f64xN c = product_f64xN(z, s, &cl);
    cl += z * sl + zl * s;
    f64xN q = product_f64xN(c, splat_f64xN(0x1.5555555555555p-1), &ql);
    ql += cl * 0x1.5555555555555p-1 + c * 0x1.5555555555555p-55 + z * c * poly_log_tail_f64xN(z);
    f64xN t = sum_of_two_f64xN(s + s, q, &tl);
    f64xN u = sum_of_two_f64xN(k * 0x1.62e42fefa38p-1, t, &ul);
    f64xN rest = ul + (tl + (ql + (2.0 * sl + k * 0x1.ef35793c7673p-45)));
    f64xN v = sum_of_two_f64xN(u, rest, &vl);
    *low = vl;
    return v;
}

FN f64xN power_f64xN(f64xN a, f64xN y) {
    f64xN low, error, l = log_long_f64xN(a, &low);
    f64xN by = between_f64xN(y, -0x1p+70, 0x1p+70), p = product_f64xN(by, l, &error);
    f64xN z = times_exp_f64xN(splat_f64xN(1), p, error + by * low);
    m64xN none = a == 0.0, all = a == __builtin_inf();
    z = pick_f64xN((none & (y < 0.0)) | (all & (y > 0.0)), splat_f64xN(__builtin_inf()), z);
    z = pick_f64xN((none & (y > 0.0)) | (all & (y < 0.0)), splat_f64xN(0.0), z);
    z = pick_f64xN((a != a) | (y != y), a + y, z);
    return pick_f64xN(a == 1.0, splat_f64xN(1.0), z);
}

// for all N, T in FLOATS
FN TxN wf_pow_TxN(TxN x, TxN y) {
    TxN a = wf_abs_TxN(x), z = power_TxN(a, y), half = y * (T)0.5;
    MxN whole = wf_round_TxN(y) == y, odd = whole & (wf_round_TxN(half) != half);
    z = pick_TxN(odd & (bits_TxN(x) < 0), -z, z);
    z = pick_TxN((x < 0) & (a < (T)__builtin_inf()) & (whole == 0), splat_TxN((T)__builtin_nan("")), z);
    z = pick_TxN((x != x) | ((y != y) & (x != 1)), x + y, z);
    return pick_TxN(y == 0, splat_TxN(1), z);
}
