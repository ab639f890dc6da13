// Whether whole numbers in memory leave a range: any below low, or not below high. Steps of a fixed length can be
// vectorised by any compiler.

// for N == 1, T/W in i8/i64 i16/i64 i32/i64 i64/i64 u8/u64 u16/u64 u32/u64 u64/u64
FN i32 outside_TxN(const T *p, i64 count, W low, W high) {
    i32 found = 0;
    i64 i = 0;
    for (; i + 32 <= count && !found; i += 32) for (int j = 0; j < 32; j++) found |= p[i + j] < low || p[i + j] >= high;
    for (; i < count; i++) found |= p[i] < low || p[i] >= high;
    return found;
}
