// log |gamma| and its derivative, in f64 for both types.
//
// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.1.17, 6.1.40, 6.3.7 and 6.3.18.

// for all N
// sin(pi d) and cos(pi d), d between 0 and 1/2
FN f64xN sin_pi_f64xN(f64xN d, f64xN *cosine) {
    m64xN far = d > 0.25;
    f64xN r = 3.14159265358979323846 * pick_f64xN(far, 0.5 - d, d), z = r * r;
    f64xN s = poly_sin_f64xN(z) * (z * r) + r, c = 1.0 - (z * 0.5 - z * z * poly_cos_f64xN(z));
    *cosine = pick_f64xN(far, s, c);
    return pick_f64xN(far, c, s);
}

// log gamma of v > 0: moved into [1.5, 2.5], or Stirling's formula from 8 on
FN f64xN lgamma_positive_f64xN(f64xN v) {
    f64xN w = pick_f64xN(v < 8.0, v, splat_f64xN(2.0)), factor = splat_f64xN(1.0);
    for (int i = 0; i < 6; i++) {
        m64xN above = w >= 2.5;
        w = pick_f64xN(above, w - 1.0, w);
        factor = pick_f64xN(above, factor * w, factor);
    }
    m64xN low = v < 0.5, middle = v < 1.5, large = v >= 8.0;
    f64xN r = pick_f64xN(low, w, pick_f64xN(middle, w - 1.0, w - 2.0));
    f64xN argument = pick_f64xN(low, v * (1.0 + v), pick_f64xN(middle, v, pick_f64xN(large, v, factor)));
    f64xN log = log_f64xN(argument), near = r * (r + 1.0) * poly_lgamma_f64xN(r) + pick_f64xN(middle, -log, log);
    f64xN inverse = 1.0 / pick_f64xN(large, v, splat_f64xN(8.0)), tail = inverse * poly_stirling_f64xN(inverse * inverse);
    f64xN far = (v - 0.5) * (log - 1.0) + (0x1.acfe390c97d6ap-2 + tail);
    return pick_f64xN(large, pick_f64xN(v < __builtin_inf(), far, v), near);
}

FN f64xN lgamma_f64xN(f64xN x) {
    f64xN v = wf_abs_f64xN(x), whole = wf_round_f64xN(v), cosine, y = lgamma_positive_f64xN(v);
    if (any_m32xN(le_f64xN(x, splat_f64xN(0.0)))) {
        f64xN mirror = log_f64xN(3.14159265358979323846 / (v * sin_pi_f64xN(wf_abs_f64xN(v - whole), &cosine))) - y;
        mirror = pick_f64xN((v == whole) | (v > 0x1p+52), splat_f64xN(__builtin_inf()), mirror);
        mirror = pick_f64xN(v < 0x1p-60, -log_f64xN(v), mirror);
        y = pick_f64xN(x <= 0.0, mirror, y);
    }
    return pick_f64xN(x == x, y, x);
}

// digamma of v > 0: moved into [1, 2), where it is the distance of its root times a polynomial, or the series from 8 on
FN f64xN digamma_positive_f64xN(f64xN v) {
    m64xN large = v >= 8.0, small = v < 1.0;
    f64xN w = pick_f64xN(large, splat_f64xN(1.0), pick_f64xN(small, v + 1.0, v)), over = splat_f64xN(0.0), under = splat_f64xN(1.0);
    for (int i = 0; i < 6; i++) {
        m64xN above = w >= 2.0;
        w = pick_f64xN(above, w - 1.0, w);
        over = pick_f64xN(above, over * w + under, over);
        under = pick_f64xN(above, under * w, under);
    }
    over = pick_f64xN(small, splat_f64xN(-1.0), pick_f64xN(large, splat_f64xN(1.0), over));
    under = pick_f64xN(small | large, v, under);
    f64xN inverse = over / under, z = inverse * inverse;
    f64xN near = ((w - 0x1.762d86356be3fp+0) - 0x1.b86a722197829p-54) * poly_digamma_f64xN(w - 1.5) + inverse;
    f64xN far = log_f64xN(pick_f64xN(large, v, splat_f64xN(8.0))) - (0.5 * inverse + z * poly_digamma_tail_f64xN(z));
    return pick_f64xN(large, far, near);
}

FN f64xN wf_digamma_f64xN(f64xN x) {
    f64xN y = digamma_positive_f64xN(pick_f64xN(x < 0.0, 1.0 - x, x));
    if (any_m32xN(le_f64xN(x, splat_f64xN(0.0)))) {
        f64xN whole = wf_round_f64xN(x), d = x - whole, cosine, sine = sin_pi_f64xN(wf_abs_f64xN(d), &cosine);
        f64xN mirror = y - 3.14159265358979323846 * cosine / copysign_f64xN(sine, d);
        mirror = pick_f64xN((x == whole) | (x < -0x1p+52), splat_f64xN(__builtin_nan("")), mirror);
        mirror = pick_f64xN(x == 0.0, copysign_f64xN(splat_f64xN(__builtin_inf()), -x), mirror);
        y = pick_f64xN(x <= 0.0, mirror, y);
    }
    return y;
}
