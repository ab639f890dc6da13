// Choosing the larger or smaller as NumPy does, a NaN winning; and folding the lanes of a vector into one scalar, in
// a fixed order: halves onto each other.

// for all N, T/M in f32/m32 f64/m64
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN((x >= y) | (x != x), x, y); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN((x <= y) | (x != x), x, y); }

// for all N, T/M in i8/m8 i16/m16 i32/m32 i64/m64 u8/m8 u16/m16 u32/m32 u64/m64
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN(x > y, x, y); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN(x < y, x, y); }

// for N == 1, T in f32 f64 i8 i16 i32 i64 u8 u16 u32 u64
FN T sum_TxN(TxN x) { return x; }

FN T prod_TxN(TxN x) { return x; }

FN T max_TxN(TxN x) { return x; }

FN T min_TxN(TxN x) { return x; }

// for N > 1, T in f32 f64 i8 i16 i32 i64 u8 u16 u32 u64
FN T sum_TxN(TxN x) {
    for (int half = N / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] += x[i + half];
    return x[0];
}

FN T prod_TxN(TxN x) {
    for (int half = N / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] *= x[i + half];
    return x[0];
}

FN T max_TxN(TxN x) {
    for (int half = N / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] = wf_max_Tx1(x[i], x[i + half]);
    return x[0];
}

FN T min_TxN(TxN x) {
    for (int half = N / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] = wf_min_Tx1(x[i], x[i + half]);
    return x[0];
}
