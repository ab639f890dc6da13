// Elements in memory: whole vectors at any alignment, parts of one (nothing beyond is touched), and elements apart.

// for N == 1, T in TYPES
FN TxN load_TxN(const T *p) { return *p; }

FN TxN load_part_TxN(const T *p, i64 count) { return count > 0 ? *p : 0; }

FN TxN load_strided_TxN(const T *p, i64 stride) { return *p; }

FN TxN load_strided_part_TxN(const T *p, i64 stride, i64 count) { return count > 0 ? *p : 0; }

FN TxN gather_TxN(const T *p, i64xN at) { return p[at]; }

FN TxN gather_part_TxN(const T *p, i64xN at, i64 count) { return count > 0 ? p[at] : 0; }

FN void store_TxN(T *p, TxN v) { *p = v; }

FN void store_part_TxN(T *p, TxN v, i64 count) { if (count > 0) *p = v; }

// for N > 1, T in TYPES
FN TxN load_TxN(const T *p) {
    TxN v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

FN TxN load_part_TxN(const T *p, i64 count) {
    TxN v = {};
    if (BY_WORDS(sizeof(T), sizeof v)) load_words(&v, sizeof v, p, count * (sizeof(T) / 4));
    else __builtin_memcpy(&v, p, (count < N ? count : N) * sizeof(T));
    return v;
}

FN TxN load_strided_TxN(const T *p, i64 stride) {
    TxN v;
    for (int i = 0; i < N; i++) v[i] = p[i * stride];
    return v;
}

FN TxN load_strided_part_TxN(const T *p, i64 stride, i64 count) {
    TxN v = {};
    for (int i = 0; i < N; i++) if (i < count) v[i] = p[i * stride];
    return v;
}

FN TxN gather_TxN(const T *p, i64xN at) {
    TxN v;
    for (int i = 0; i < N; i++) v[i] = p[at[i]];
    return v;
}

FN TxN gather_part_TxN(const T *p, i64xN at, i64 count) {
    TxN v = {};
    for (int i = 0; i < N; i++) if (i < count) v[i] = p[at[i]];
    return v;
}

FN void store_TxN(T *p, TxN v) { __builtin_memcpy(p, &v, sizeof v); }

FN void store_part_TxN(T *p, TxN v, i64 count) {
    if (BY_WORDS(sizeof(T), sizeof v)) store_words(p, sizeof v, &v, count * (sizeof(T) / 4));
    else __builtin_memcpy(p, &v, (count < N ? count : N) * sizeof(T));
}

// A bool is a byte in memory and a mask in a lane.

// for N == 1
FN m32xN mask_of_u8xN(u8xN v) { return v != 0; }

FN u8xN u8_of_maskxN(m32xN m) { return m != 0; }

// for N > 1
FN m32xN mask_of_u8xN(u8xN v) { return __builtin_convertvector(v, i32xN) != 0; }

FN u8xN u8_of_maskxN(m32xN m) { return __builtin_convertvector(-m, u8xN); }

// for all N
FN m32xN load_boolxN(const u8 *p) { return mask_of_u8xN(load_u8xN(p)); }

FN m32xN load_part_boolxN(const u8 *p, i64 count) { return mask_of_u8xN(load_part_u8xN(p, count)); }

FN m32xN load_strided_boolxN(const u8 *p, i64 stride) { return mask_of_u8xN(load_strided_u8xN(p, stride)); }

FN m32xN load_strided_part_boolxN(const u8 *p, i64 stride, i64 count) {
    return mask_of_u8xN(load_strided_part_u8xN(p, stride, count));
}

FN m32xN gather_boolxN(const u8 *p, i64xN at) { return mask_of_u8xN(gather_u8xN(p, at)); }

FN m32xN gather_part_boolxN(const u8 *p, i64xN at, i64 count) { return mask_of_u8xN(gather_part_u8xN(p, at, count)); }

FN void store_boolxN(u8 *p, m32xN m) { store_u8xN(p, u8_of_maskxN(m)); }

FN void store_part_boolxN(u8 *p, m32xN m, i64 count) { store_part_u8xN(p, u8_of_maskxN(m), count); }
