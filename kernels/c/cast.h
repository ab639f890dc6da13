// Conversions, as NumPy's astype does them on x86: floats are cut off towards zero; where the result does not fit, small
// integers keep the low bits of an i32, u32 those of an i64, and what does not fit these is their smallest number.

// for N == 1, T in INTEGERS, U in TYPES
FN UxN cast_T_UxN(TxN x) { return (U)x; }

// for N > 1, T in INTEGERS, U in TYPES
FN UxN cast_T_UxN(TxN x) { return __builtin_convertvector(x, UxN); }

// for N == 1, T in FLOATS, U in FLOATS
FN UxN cast_T_UxN(TxN x) { return (U)x; }

// for N > 1, T in FLOATS, U in FLOATS
FN UxN cast_T_UxN(TxN x) { return __builtin_convertvector(x, UxN); }

// for all N, T in TYPES
FN TxN cast_T_TxN(TxN x) { return x; }

// A float that fits no i32 or i64 becomes its smallest number, also where the machine or the compiler would differ.

// for N == 1, T in FLOATS, U in i32 i64
FN UxN cast_T_UxN(TxN x) {
    const T most = sizeof(U) == 4 ? 0x1p31 : 0x1p63;
    return wf_abs_TxN(x) < most ? (U)x : (U)((u64)1 << (sizeof(U) * 8 - 1));
}

// for N > 1, T in FLOATS, U in i32 i64
FN UxN cast_T_UxN(TxN x) {
    const T most = sizeof(U) == 4 ? 0x1p31 : 0x1p63;
    TxN fits = pick_TxN(wf_abs_TxN(x) < most, x, splat_TxN(-most));
    return __builtin_convertvector(fits, UxN);
}

// for all N, T in FLOATS, U in i8 i16 u8 u16
FN UxN cast_T_UxN(TxN x) { return cast_i32_UxN(cast_T_i32xN(x)); }

// for all N, T in FLOATS
FN u32xN cast_T_u32xN(TxN x) { return cast_i64_u32xN(cast_T_i64xN(x)); }

FN u64xN cast_T_u64xN(TxN x) {
    m64xN large = mask_m32_m64xN(ge_TxN(x, splat_TxN((T)0x1p63)));
    i64xN low = cast_T_i64xN(x), high = cast_T_i64xN(x - (T)0x1p63) ^ (i64)((u64)1 << 63);
    return cast_i64_u64xN(pick_i64xN(large, high, low));
}

// for all N, T in TYPES
FN m32xN cast_T_m32xN(TxN x) { return mask_M_m32xN(x != 0); }

FN TxN cast_m32_TxN(m32xN m) { return select_TxN(m, splat_TxN(1), splat_TxN(0)); }

// for all N
FN m32xN cast_m32_m32xN(m32xN m) { return m; }
