// Inverse sine, cosine and tangent.

// for all N, T in FLOATS
// asin of a between 0 and 1 is s + s z P(z), or pi/2 less twice that with z = (1 - a) / 2 where a is above 1/2
FN TxN asin_TxN(TxN x) {
    const T high = (T)0x1.921fb54442d18p+0, low = sizeof(T) == 4 ? -0x1.777a5cp-25 : 0x1.1a62633145c07p-54;
    TxN a = wf_abs_TxN(x);
    MxN far = a > (T)0.5;
    TxN z = pick_TxN(far, (1 - a) * (T)0.5, a * a), s = pick_TxN(far, sqrt_TxN(z), a);
    TxN y = s * z * poly_asin_TxN(z) + s;
    return copysign_TxN(pick_TxN(far, high - (2 * y - low), y), x);
}

FN TxN acos_TxN(TxN x) {
    const T high = (T)0x1.921fb54442d18p+0, low = sizeof(T) == 4 ? -0x1.777a5cp-25 : 0x1.1a62633145c07p-54;
    TxN a = wf_abs_TxN(x);
    MxN far = a > (T)0.5;
    TxN z = pick_TxN(far, (1 - a) * (T)0.5, a * a), s = pick_TxN(far, sqrt_TxN(z), x);
    TxN rest = s * z * poly_asin_TxN(z), y = rest + s;
    return pick_TxN(far, pick_TxN(x < 0, 2 * high - (2 * y - 2 * low), 2 * y), high - (s - (low - rest)));
}

// for all N
// atan(y / x) of y and x that are not negative
FN f32xN angle_f32xN(f32xN y, f32xN x) {
    m32xN steep = y > x;
    f32xN t = pick_f32xN(steep, x, y) / pick_f32xN(steep, y, x);
    t = pick_f32xN(y == x, pick_f32xN(y == 0.0f, y, splat_f32xN(1.0f)), t);
    f32xN z = t * t, a = z * t * poly_atan_f32xN(z) + t;
    return pick_f32xN(steep, 0x1.921fb6p+0f - (a + 0x1.777a5cp-25f), a);
}

FN f64xN angle_f64xN(f64xN y, f64xN x) {
    f64xN shrink = pick_f64xN((y > 0x1p+1020) | (x > 0x1p+1020), splat_f64xN(0.25), splat_f64xN(1.0));
    y *= shrink;
    x *= shrink;
    m64xN steep = y > x * 0x1.3504f333f9de6p+1, middle = y > x * 0x1.a827999fcef32p-2;
    f64xN over = pick_f64xN(steep, -x, pick_f64xN(middle, y - x, y));
    f64xN under = pick_f64xN(steep, y, pick_f64xN(middle, x + y, x));
    f64xN t = pick_f64xN(y == x, splat_f64xN(0.0), over / under), z = t * t;
    f64xN eighth = pick_f64xN(middle, splat_f64xN(0x1.921fb54442d18p-1), splat_f64xN(0.0));
    f64xN high = pick_f64xN(steep, splat_f64xN(0x1.921fb54442d18p+0), eighth);
    f64xN low = high * 0x1.678afae35cdd1p-55;
    high = pick_f64xN((y == x) & (y != 0.0), splat_f64xN(0x1.921fb54442d18p-1), high);
    return high + (t + (z * t * poly_atan_f64xN(z) + low));
}

// for all N, T in FLOATS
FN TxN atan_TxN(TxN x) { return copysign_TxN(angle_TxN(wf_abs_TxN(x), splat_TxN(1)), x); }

FN TxN atan2_TxN(TxN y, TxN x) {
    const T high = (T)0x1.921fb54442d18p+1, low = sizeof(T) == 4 ? -0x1.777a5cp-24 : 0x1.1a62633145c07p-53;
    TxN a = angle_TxN(wf_abs_TxN(y), wf_abs_TxN(x));
    a = pick_TxN(bits_TxN(x) < 0, high - (a - low), a);
    return pick_TxN((x != x) | (y != y), x + y, copysign_TxN(a, y));
}

// for all N
FN f32xN hypot_f32xN(f32xN x, f32xN y) {
    f64xN a = cast_f32_f64xN(x), b = cast_f32_f64xN(y);
    f32xN z = cast_f64_f32xN(sqrt_f64xN(a * a + b * b));
    return pick_f32xN((wf_abs_f32xN(x) == __builtin_inff()) | (wf_abs_f32xN(y) == __builtin_inff()), splat_f32xN(__builtin_inff()), z);
}

FN f64xN hypot_f64xN(f64xN x, f64xN y) {
    f64xN a = wf_abs_f64xN(x), b = wf_abs_f64xN(y), most = wf_max_f64xN(a, b);
    m64xN large = most > 0x1p+500, small = most < 0x1p-400;
    f64xN by = pick_f64xN(large, splat_f64xN(0x1p-600), pick_f64xN(small, splat_f64xN(0x1p+600), splat_f64xN(1.0)));
    f64xN back = pick_f64xN(large, splat_f64xN(0x1p+600), pick_f64xN(small, splat_f64xN(0x1p-600), splat_f64xN(1.0)));
    a *= by;
    b *= by;
    f64xN z = sqrt_f64xN(a * a + b * b) * back;
    return pick_f64xN((a == __builtin_inf()) | (b == __builtin_inf()), splat_f64xN(__builtin_inf()), z);
}
