// The larger and the smaller as NumPy chooses them, a NaN winning; and the lanes of a vector folded into one scalar,
// in a fixed order: the upper half onto the lower, until one is left.

// for all N, T in FLOATS
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN((x > y) | (x != x), x, y); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN((x < y) | (x != x), x, y); }

// for all N, T in INTEGERS
FN TxN wf_max_TxN(TxN x, TxN y) { return pick_TxN(x > y, x, y); }

FN TxN wf_min_TxN(TxN x, TxN y) { return pick_TxN(x < y, x, y); }

// for all N, T in TYPES
FN TxN add_TxN(TxN x, TxN y) { return x + y; }

FN TxN mul_TxN(TxN x, TxN y) { return x * y; }

// for N == 1, T in TYPES, F in sum prod max min
FN T F_TxN(TxN x) { return x; }

// for N > 1, T in TYPES, F/S in sum/add prod/mul max/wf_max min/wf_min
FN T F_TxN(TxN x) {
    TxH a, b;
    __builtin_memcpy(&a, &x, sizeof a);
    __builtin_memcpy(&b, (char *)&x + sizeof a, sizeof b);
    return F_TxH(S_TxH(a, b));
}
