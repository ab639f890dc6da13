// Floor division and remainder of floats, exactly as NumPy defines them by fmod.
//
// The remainder of x = |x| by y = |y| is x less a whole multiple of y. The multiple is exact while the quotient has few
// enough bits; a larger quotient is worked off from its upper end, by multiples of y * 2^k.

// for all N
// x less the multiple of y nearest below, for quotients that are small enough; in f64 for f32, so all is exact
FN f64xN step_f32xN(f64xN x, f64xN y) {
    f64xN r = x - floor_f64xN(x / y) * y;
    r = pick_f64xN(r < 0.0, r + y, r);
    return pick_f64xN(r >= y, r - y, r);
}

FN f64xN step_f64xN(f64xN x, f64xN y) {
    f64xN low, p = product_f64xN(floor_f64xN(x / y), y, &low), r = (x - p) - low;
    r = pick_f64xN(r < 0.0, r + y, r);
    return pick_f64xN(r >= y, r - y, r);
}

// y * 2^k so that x is less than 2^bits of it, and y itself where it already is
FN f64xN lifted_f64xN(f64xN x, f64xN y, i64 bits) {
    f64xN big = pick_f64xN(y < 0x1p-900, y * 0x1p+54, y);
    i64xN k = (bits_f64xN(x) >> 52) - (bits_f64xN(big) >> 52) - bits;
    i64xN half = k >> 1;
    f64xN z = big * scale_f64xN(half) * scale_f64xN(k - half);
    return pick_f64xN((z > y) & (x >= y), z, y);
}

// for all N, T in FLOATS
FN f64xN whole_part_TxN(f64xN x, f64xN y) {
    const i64 bits = sizeof(T) == 4 ? 27 : 50;
    const f64 most = sizeof(T) == 4 ? 0x1p+28 : 0x1p+51;
    while (__builtin_expect(any_m32xN(ge_f64xN(x, y * most)), 0)) x = step_TxN(x, lifted_f64xN(x, y, bits));
    return step_TxN(x, y);
}

FN TxN fmod_whole_TxN(TxN x, TxN y) {
    const T inf = (T)__builtin_inf();
    TxN a = wf_abs_TxN(x), b = wf_abs_TxN(y);
    MxN ordinary = (a < inf) & (b > 0) & (b < inf);
    f64xN top = cast_T_f64xN(pick_TxN(ordinary, a, splat_TxN(0))), under = cast_T_f64xN(pick_TxN(ordinary, b, splat_TxN(1)));
    TxN r = cast_f64_TxN(whole_part_TxN(top, under));
    r = pick_TxN(ordinary, r, pick_TxN((a < inf) & (b == inf), a, splat_TxN((T)__builtin_nan(""))));
    return copysign_TxN(r, x);
}

FN TxN wf_mod_TxN(TxN x, TxN y) {
    TxN r = fmod_TxN(x, y);
    r = pick_TxN(r == 0, copysign_TxN(r, y), pick_TxN((r < 0) ^ (y < 0), r + y, r));
    return pick_TxN((x != x) | (y != y), x + y, r);
}

FN TxN wf_floor_div_TxN(TxN x, TxN y) {
    TxN r = fmod_TxN(x, y), q = (x - r) / y;
    q = pick_TxN((r != 0) & ((r < 0) ^ (y < 0)), q - 1, q);
    TxN whole = floor_TxN(q);
    whole = pick_TxN(q - whole > (T)0.5, whole + 1, whole);
    TxN z = pick_TxN(q == 0, copysign_TxN(splat_TxN(0), x / y), whole);
    return pick_TxN(y == 0, x / y, pick_TxN((x != x) | (y != y), x + y, z));
}
