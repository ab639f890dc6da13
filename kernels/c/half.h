// Half floats: bits in memory, f32 in a lane. Going back rounds to the nearest, to the even one of two.

// The machine converts float16; bfloat16 it would round without subnormal numbers.

// for all N
FN f32xN f32_of_f16xN(u16xN h) {
#if N > 16
    f32xN x;
    for (int i = 0; i < N; i += 16) {
        u16x16 part;
        __builtin_memcpy(&part, (char *)&h + i * 2, sizeof part);
        f32x16 wide = f32_of_f16x16(part);
        __builtin_memcpy((char *)&x + i * 4, &wide, sizeof wide);
    }
    return x;
#elif N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return (f32xN)__builtin_ia32_vcvtph2ps512_mask((i16xN)h, (f32xN){}, -1, 4);
#elif N == 8 && defined(__F16C__) && !defined(__clang__)
    return (f32xN)__builtin_ia32_vcvtph2ps256((i16xN)h);
#else
    i32xN wide = cast_u16_i32xN(h), rest = (wide & 0x7fff) << 13;
    f32xN x = of_bits_f32xN(rest) * 0x1p112f;  // the exponents of the two count from 15 and from 127
    i32xN bits = pick_i32xN(rest >= (0x7c00 << 13), rest | 0x7f800000, bits_f32xN(x));
    return of_bits_f32xN(bits | cast_u32_i32xN(cast_i32_u32xN(wide & 0x8000) << 16));
#endif
}

FN u16xN f16_of_f32xN(f32xN x) {
#if N > 16
    u16xN h;
    for (int i = 0; i < N; i += 16) {
        f32x16 part;
        __builtin_memcpy(&part, (char *)&x + i * 4, sizeof part);
        u16x16 half = f16_of_f32x16(part);
        __builtin_memcpy((char *)&h + i * 2, &half, sizeof half);
    }
    return h;
#elif N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return (u16xN)__builtin_ia32_vcvtps2ph512_mask(x, 0, (i16xN){}, -1);
#elif N == 8 && defined(__F16C__) && !defined(__clang__)
    return (u16xN)__builtin_ia32_vcvtps2ph256(x, 0);
#else
    i32xN all = bits_f32xN(x), b = all & 0x7fffffff;
    i32xN normal = (b - (112 << 23) + 0xfff + ((b >> 13) & 1)) >> 13;
    i32xN small = bits_f32xN(of_bits_f32xN(b) + 0.5f) - 0x3f000000;  // 0.5 has the last place of the smallest half
    i32xN h = pick_i32xN(b < (113 << 23), small, normal);
    h = pick_i32xN(b >= 0x47800000, splat_i32xN(0x7c00), h);
    h = pick_i32xN(b > 0x7f800000, 0x7e00 | ((b >> 13) & 0x3ff), h);
    return cast_i32_u16xN(h | ((all >> 16) & 0x8000));
#endif
}

FN f32xN f32_of_bf16xN(u16xN h) { return of_bits_f32xN(cast_u32_i32xN(cast_u16_u32xN(h) << 16)); }

FN u16xN bf16_of_f32xN(f32xN x) {
    u32xN b = cast_i32_u32xN(bits_f32xN(x));
    i32xN h = cast_u32_i32xN((b + 0x7fff + ((b >> 16) & 1)) >> 16);
    i32xN nan = cast_u32_i32xN(((b >> 16) & 0x8000) | 0x7fc0);
    return cast_i32_u16xN(pick_i32xN(x != x, nan, h));
}

// for all N, T in f16 bf16
FN f32xN load_TxN(const u16 *p) { return f32_of_TxN(load_u16xN(p)); }

FN f32xN load_part_TxN(const u16 *p, i64 count) { return f32_of_TxN(load_part_u16xN(p, count)); }

FN f32xN load_strided_TxN(const u16 *p, i64 stride) { return f32_of_TxN(load_strided_u16xN(p, stride)); }

FN f32xN load_strided_part_TxN(const u16 *p, i64 stride, i64 count) {
    return f32_of_TxN(load_strided_part_u16xN(p, stride, count));
}

FN f32xN gather_TxN(const u16 *p, i64xN at) { return f32_of_TxN(gather_u16xN(p, at)); }

FN f32xN gather_part_TxN(const u16 *p, i64xN at, i64 count) { return f32_of_TxN(gather_part_u16xN(p, at, count)); }

FN void store_TxN(u16 *p, f32xN v) { store_u16xN(p, T_of_f32xN(v)); }

FN void store_part_TxN(u16 *p, f32xN v, i64 count) { store_part_u16xN(p, T_of_f32xN(v), count); }

// An f32 brought to the nearest half, as an f32.
FN f32xN narrow_TxN(f32xN x) { return f32_of_TxN(T_of_f32xN(x)); }

// for all N
FN f32xN narrow_bf16xN(f32xN x) {
    u32xN b = cast_i32_u32xN(bits_f32xN(x));
    u32xN near = (b + 0x7fff + ((b >> 16) & 1)) & 0xffff0000u, nan = (b & 0x80000000u) | 0x7fc00000u;
    return of_bits_f32xN(cast_u32_i32xN(pick_u32xN(x != x, nan, near)));
}

// for all N, T in f16 bf16
FN f32xN nextafter_TxN(f32xN x, f32xN y) {
    i32xN b = cast_u16_i32xN(T_of_f32xN(x));
    i32xN next = pick_i32xN((x < y) ^ (x < 0.0f), b + 1, b - 1);
    next = pick_i32xN(x == 0.0f, 1 | pick_i32xN(y < 0.0f, splat_i32xN(0x8000), splat_i32xN(0)), next);
    f32xN found = f32_of_TxN(cast_i32_u16xN(next));
    return pick_f32xN((x != x) | (y != y), x + y, pick_f32xN(x == y, y, found));
}

// for all N, T in f16 bf16, U in f32 INTEGERS
FN f32xN cast_U_TxN(UxN x) { return narrow_TxN(cast_U_f32xN(x)); }

// for all N, T in f16 bf16
FN f32xN cast_m32_TxN(m32xN m) { return cast_m32_f32xN(m); }

// An f64 as the nearest half, rounded once: the f32 on the way is made odd where it is not exact.
// for all N
FN f32xN cast_f64_f16xN(f64xN x) {
    f32xN near = cast_f64_f32xN(x);
    f64xN back = cast_f32_f64xN(near), gap = wf_abs_f64xN(x) - wf_abs_f64xN(back);
    m32xN exact = eq_f64xN(x, back) | ne_f64xN(x, x) | (wf_abs_f32xN(near) > 1e6f);
    i32xN bits = bits_f32xN(near), down = bits + pick_i32xN(lt_f64xN(gap, splat_f64xN(0.0)), splat_i32xN(-1), splat_i32xN(0));
    return narrow_f16xN(of_bits_f32xN(pick_i32xN(exact, bits, down | 1)));
}

FN f32xN cast_f64_bf16xN(f64xN x) { return narrow_bf16xN(cast_f64_f32xN(x)); }
