// Whole numbers as NumPy computes with them: division rounds down, by zero it gives 0; shifts past the width leave 0
// or the sign.

// for all N, T in SIGNED
FN TxN wf_abs_TxN(TxN x) { return pick_TxN(x < 0, -x, x); }

FN TxN wf_sign_TxN(TxN x) { return pick_TxN(x > 0, splat_TxN(1), pick_TxN(x < 0, splat_TxN(-1), splat_TxN(0))); }

FN TxN wf_shl_TxN(TxN x, TxN y) {
    const T width = sizeof(T) * 8;
    m32xN inside = mask_M_m32xN((y >= 0) & (y < width));
    TxN by = select_TxN(inside, y, splat_TxN(0));
    return select_TxN(inside, cast_W_TxN(cast_T_WxN(x) << cast_T_WxN(by)), splat_TxN(0));
}

FN TxN wf_shr_TxN(TxN x, TxN y) {
    const T width = sizeof(T) * 8;
    return x >> pick_TxN((y >= 0) & (y < width), y, splat_TxN(width - 1));
}

// for all N, T in UNSIGNED
FN TxN wf_abs_TxN(TxN x) { return x; }

FN TxN wf_sign_TxN(TxN x) { return pick_TxN(x > 0, splat_TxN(1), splat_TxN(0)); }

FN TxN wf_shl_TxN(TxN x, TxN y) {
    const T width = sizeof(T) * 8;
    return pick_TxN(y < width, x << pick_TxN(y < width, y, splat_TxN(0)), splat_TxN(0));
}

FN TxN wf_shr_TxN(TxN x, TxN y) {
    const T width = sizeof(T) * 8;
    return pick_TxN(y < width, x >> pick_TxN(y < width, y, splat_TxN(0)), splat_TxN(0));
}

// for all N, T in INTEGERS
FN TxN wf_invert_TxN(TxN x) { return ~x; }

FN TxN wf_conj_TxN(TxN x) { return x; }

FN TxN wf_real_TxN(TxN x) { return x; }

FN m32xN wf_isnan_TxN(TxN x) { return splat_m32xN(0); }

FN m32xN wf_isinf_TxN(TxN x) { return splat_m32xN(0); }

FN m32xN wf_isfinite_TxN(TxN x) { return splat_m32xN(1); }

// for all N
FN m32xN wf_invert_boolxN(m32xN x) { return not_m_N(x); }

FN m32xN wf_isnan_boolxN(m32xN x) { return splat_m32xN(0); }

FN m32xN wf_isinf_boolxN(m32xN x) { return splat_m32xN(0); }

FN m32xN wf_isfinite_boolxN(m32xN x) { return splat_m32xN(1); }

// Quotients cut off towards zero, of divisors that are not zero. Those of small numbers are exact as floats.

// for N == 1, T in INTEGERS
FN TxN quotient_TxN(TxN x, TxN y) { return x / y; }

// for N > 1, T in u32 i64 u64
FN TxN quotient_TxN(TxN x, TxN y) {
    TxN q;
    for (int i = 0; i < N; i++) q[i] = x[i] / y[i];
    return q;
}

// for N > 1, T/U in i8/f32 i16/f32 u8/f32 u16/f32 i32/f64
FN TxN quotient_TxN(TxN x, TxN y) {
    return cast_i32_TxN(__builtin_convertvector(cast_T_UxN(x) / cast_T_UxN(y), i32xN));
}

// for all N, T in SIGNED
FN TxN divisor_TxN(TxN x, TxN y) {
    const T least = (W)1 << (sizeof(T) * 8 - 1);
    return pick_TxN((y == 0) | ((x == least) & (y == -1)), splat_TxN(1), y);
}

FN TxN wf_floor_div_TxN(TxN x, TxN y) {
    TxN d = divisor_TxN(x, y), q = quotient_TxN(x, d), r = x - q * d;
    q = pick_TxN((r != 0) & ((r ^ d) < 0), q - 1, q);
    return pick_TxN(y == 0, splat_TxN(0), q);
}

FN TxN wf_mod_TxN(TxN x, TxN y) {
    TxN d = divisor_TxN(x, y), r = x - quotient_TxN(x, d) * d;
    r = pick_TxN((r != 0) & ((r ^ d) < 0), r + d, r);
    return pick_TxN(y == 0, splat_TxN(0), r);
}

// for all N, T in UNSIGNED
FN TxN wf_floor_div_TxN(TxN x, TxN y) {
    return pick_TxN(y == 0, splat_TxN(0), quotient_TxN(x, pick_TxN(y == 0, splat_TxN(1), y)));
}

FN TxN wf_mod_TxN(TxN x, TxN y) {
    TxN d = pick_TxN(y == 0, splat_TxN(1), y);
    return pick_TxN(y == 0, splat_TxN(0), x - quotient_TxN(x, d) * d);
}

// Powers by squaring. Exponents below zero are for the caller to refuse: they count as their bits say.
// for all N, T in INTEGERS
FN TxN wf_pow_TxN(TxN x, TxN y) {
    WxN base = cast_T_WxN(x), left = cast_T_WxN(y), z = splat_WxN(1);
    while (any_m32xN(cast_W_m32xN(left))) {
        z = pick_WxN((left & 1) != 0, z * base, z);
        base *= base;
        left >>= 1;
    }
    return cast_W_TxN(z);
}

// for N == 1
// Whether x to the power y leaves the integers of 64 bits; what it is otherwise.
FN i32 power_leaves_i64xN(i64 x, i64 y, i64 *z) {
    i64 result = 1;
    i32 leaves = y < 0, factor_leaves = 0;
    for (; y > 0 && !leaves; y >>= 1) {
        if (y & 1) leaves |= factor_leaves | __builtin_mul_overflow(result, x, &result);
        factor_leaves |= __builtin_mul_overflow(x, x, &x);
    }
    *z = result;
    return leaves;
}
