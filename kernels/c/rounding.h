// Whole numbers near a float. Adding 2^23 (2^52) leaves no room for a fraction, so the sum is rounded to a whole number.

// for all N, T in FLOATS
FN TxN wf_round_TxN(TxN x) {
    const T most = sizeof(T) == 4 ? 0x1p23 : 0x1p52;
    TxN a = wf_abs_TxN(x), y = (a + most) - most;
    return pick_TxN(a < most, copysign_TxN(y, x), x);
}

FN TxN floor_TxN(TxN x) {
    TxN y = wf_round_TxN(x);
    return y - pick_TxN(y > x, splat_TxN(1), splat_TxN(0));
}

FN TxN ceil_TxN(TxN x) {
    TxN y = wf_round_TxN(x);
    return copysign_TxN(y + pick_TxN(y < x, splat_TxN(1), splat_TxN(0)), x);
}

FN TxN trunc_TxN(TxN x) { return copysign_TxN(floor_TxN(wf_abs_TxN(x)), x); }

// for all N, T in INTEGERS
FN TxN wf_round_TxN(TxN x) { return x; }

FN TxN floor_TxN(TxN x) { return x; }

FN TxN ceil_TxN(TxN x) { return x; }

FN TxN trunc_TxN(TxN x) { return x; }
