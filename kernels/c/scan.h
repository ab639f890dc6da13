// Lanes moved within a vector, and running folds along one: each lane combined with all below it, and with what was
// carried up to the vector. A fixed number of steps, so the order is always the same.

// for N == 1, T in TYPES
FN TxN reversed_TxN(TxN v) { return v; }

// for N > 1, T in TYPES
FN TxN reversed_TxN(TxN v) {
#ifdef __clang__
    TxN y;
    for (int i = 0; i < N; i++) y[i] = v[N - 1 - i];
    return y;
#else
    return __builtin_shuffle(v, (N - 1) - iota_IxN());
#endif
}

// for N > 1, T in TYPES
// The lanes moved up by so many, those of another vector coming in from below.
FN TxN moved_up_TxN(TxN v, TxN below, int by) {
#ifdef __clang__
    TxN y;
    for (int i = 0; i < N; i++) y[i] = i < by ? below[N - by + i] : v[i - by];
    return y;
#else
    return __builtin_shuffle(below, v, iota_IxN() + (I)(N - by));
#endif
}

// for N > 1, T in TYPES, F/S in sum/add prod/mul max/wf_max min/wf_min
FN TxN running_F_TxN(TxN v, TxN none) {
    #pragma GCC unroll 8
    for (int by = 1; by < N; by *= 2) v = S_TxN(moved_up_TxN(v, none, by), v);
    return v;
}
