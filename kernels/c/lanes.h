// Lanes: N elements side by side, as a vector type; one lane is a plain scalar. Everything else builds on these.
//
// A condition is a mask m32xN: an i32 per lane, 0 or -1; for one lane an int, 0 or 1. Inside the prelude a comparison
// of elements of another size has a mask of that size (m8xN, m16xN, m64xN), which `pick` takes as it is.
// What holds for scalars and vectors alike is written with `x == 0` for `!x`, as vectors know no `!`.

// for N == 1, T in TYPES
typedef T TxN;

// for N > 1, T in TYPES
typedef T TxN __attribute__((vector_size(N * sizeof(T))));

// for N == 1, M in m8 m16 m32 m64
typedef i32 MxN;

// for N > 1, M/I in m8/i8 m16/i16 m32/i32 m64/i64
typedef IxN MxN;

// for N == 1, T in TYPES
FN TxN splat_TxN(T x) { return x; }

FN TxN iota_TxN(void) { return 0; }

// for N > 1, T in TYPES
FN TxN splat_TxN(T x) { return x - (TxN){}; }

FN TxN iota_TxN(void) {
    TxN v;
    for (int i = 0; i < N; i++) v[i] = i;
    return v;
}

// Masks.

// for N == 1
FN m32xN splat_m32xN(i32 x) { return x != 0; }

FN m32xN first_m_N(i64 count) { return count > 0; }

FN m32xN and_m_N(m32xN a, m32xN b) { return a & b; }

FN m32xN or_m_N(m32xN a, m32xN b) { return a | b; }

FN m32xN xor_m_N(m32xN a, m32xN b) { return a ^ b; }

FN m32xN eqv_m_N(m32xN a, m32xN b) { return a == b; }

FN m32xN not_m_N(m32xN a) { return !a; }

FN i32 any_m32xN(m32xN m) { return m != 0; }

FN i32 all_m32xN(m32xN m) { return m != 0; }

FN i32 count_m32xN(m32xN m) { return m != 0; }

// for N > 1
FN m32xN splat_m32xN(i32 x) { return splat_i32xN(-(x != 0)); }

FN m32xN first_m_N(i64 count) { return iota_i32xN() < (i32)(count < N ? count : N); }

FN m32xN and_m_N(m32xN a, m32xN b) { return a & b; }

FN m32xN or_m_N(m32xN a, m32xN b) { return a | b; }

FN m32xN xor_m_N(m32xN a, m32xN b) { return a ^ b; }

FN m32xN eqv_m_N(m32xN a, m32xN b) { return ~(a ^ b); }

FN m32xN not_m_N(m32xN a) { return ~a; }

FN i32 any_m32xN(m32xN m) {
#if N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_ptestmd512(m, m, -1) != 0;
#elif N == 8 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_movmskps256((f32xN)m) != 0;
#elif N == 4 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_movmskps((f32xN)m) != 0;
#endif
    i32xH a, b;
    __builtin_memcpy(&a, &m, sizeof a);
    __builtin_memcpy(&b, (char *)&m + sizeof a, sizeof b);
    return any_m32xH(a | b);
}

FN i32 all_m32xN(m32xN m) {
#if N == 16 && defined(__AVX512F__) && !defined(__clang__)
    return __builtin_ia32_ptestmd512(m, m, -1) == 0xffff;
#elif N == 8 && defined(__AVX__) && !defined(__clang__)
    return __builtin_ia32_movmskps256((f32xN)m) == 0xff;
#elif N == 4 && defined(__SSE2__) && !defined(__clang__)
    return __builtin_ia32_movmskps((f32xN)m) == 0xf;
#endif
    i32xH a, b;
    __builtin_memcpy(&a, &m, sizeof a);
    __builtin_memcpy(&b, (char *)&m + sizeof a, sizeof b);
    return all_m32xH(a & b);
}

FN i32 count_m32xN(m32xN m) { return -sum_i32xN(m); }

// for N == 1, M/W in m8/m32 m16/m32 m64/m32 m32/m8 m32/m16 m32/m64
FN WxN mask_M_WxN(MxN m) { return m; }

// for N > 1, M/W in m8/m32 m16/m32 m64/m32 m32/m8 m32/m16 m32/m64
FN WxN mask_M_WxN(MxN m) { return __builtin_convertvector(m, WxN); }

// for all N, M in m32
FN MxN mask_M_MxN(MxN m) { return m; }

// Choosing lane by lane: where the mask holds the first, elsewhere the second.

// for N == 1, T in TYPES
FN TxN pick_TxN(MxN m, TxN a, TxN b) { return m ? a : b; }

// for N > 1, T in TYPES
FN TxN pick_TxN(MxN m, TxN a, TxN b) { return (TxN)((m & (MxN)a) | (~m & (MxN)b)); }

// for all N, T in TYPES
FN TxN select_TxN(m32xN m, TxN a, TxN b) { return pick_TxN(mask_m32_MxN(m), a, b); }

// for N == 1
FN m32xN select_m32xN(m32xN m, m32xN a, m32xN b) { return m ? a : b; }

// for N > 1
FN m32xN select_m32xN(m32xN m, m32xN a, m32xN b) { return (m & a) | (~m & b); }

// Comparisons.

// for all N, T in TYPES
FN m32xN lt_TxN(TxN x, TxN y) { return mask_M_m32xN(x < y); }

FN m32xN le_TxN(TxN x, TxN y) { return mask_M_m32xN(x <= y); }

FN m32xN gt_TxN(TxN x, TxN y) { return mask_M_m32xN(x > y); }

FN m32xN ge_TxN(TxN x, TxN y) { return mask_M_m32xN(x >= y); }

FN m32xN eq_TxN(TxN x, TxN y) { return mask_M_m32xN(x == y); }

FN m32xN ne_TxN(TxN x, TxN y) { return mask_M_m32xN(x != y); }

// for all N
FN m32xN lt_boolxN(m32xN x, m32xN y) { return and_m_N(not_m_N(x), y); }

FN m32xN le_boolxN(m32xN x, m32xN y) { return or_m_N(not_m_N(x), y); }

FN m32xN gt_boolxN(m32xN x, m32xN y) { return and_m_N(x, not_m_N(y)); }

FN m32xN ge_boolxN(m32xN x, m32xN y) { return or_m_N(x, not_m_N(y)); }

FN m32xN eq_boolxN(m32xN x, m32xN y) { return eqv_m_N(x, y); }

FN m32xN ne_boolxN(m32xN x, m32xN y) { return xor_m_N(x, y); }
