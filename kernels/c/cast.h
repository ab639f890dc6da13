// Conversions, as NumPy's astype does them.

// for N == 1, T/U in f32/f32 f32/f64 f64/f32 f64/f64 f32/i32 f32/i64 f64/i32 f64/i64 i32/f32 i32/f64 i64/f32 i64/f64 i32/i64 i64/i32
FN UxN cast_T_UxN(TxN x) { return (U)x; }

// for N > 1, T/U in f32/f32 f32/f64 f64/f32 f64/f64 f32/i32 f32/i64 f64/i32 f64/i64 i32/f32 i32/f64 i64/f32 i64/f64 i32/i64 i64/i32
FN UxN cast_T_UxN(TxN x) { return __builtin_convertvector(x, UxN); }

// for all N, T in f32 f64 i8 i16 i32 i64 u8 u16 u32 u64
FN m32xN cast_T_m32xN(TxN x) { return ne_TxN(x, splat_TxN(0)); }

FN TxN cast_m32_TxN(m32xN m) { return select_TxN(m, splat_TxN(1), splat_TxN(0)); }
