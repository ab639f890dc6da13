// What computes with f32 in f64: half of the lanes at a time, as twice as wide a vector is more than machines have.

// for N == 1, F in power fmod
FN f32xN F_f32xN(f32xN x, f32xN y) { return F_whole_f32xN(x, y); }

// for N == 1, F in lgamma wf_digamma
FN f32xN F_f32xN(f32xN x) { return cast_f64_f32xN(F_f64xN(cast_f32_f64xN(x))); }

// for N > 1
FN f32xN joined_f32xN(f32xH a, f32xH b) {
    f32xN x;
    __builtin_memcpy(&x, &a, sizeof a);
    __builtin_memcpy((char *)&x + sizeof a, &b, sizeof b);
    return x;
}

FN f32xH first_half_f32xN(f32xN x) {
    f32xH a;
    __builtin_memcpy(&a, &x, sizeof a);
    return a;
}

FN f32xH second_half_f32xN(f32xN x) {
    f32xH a;
    __builtin_memcpy(&a, (char *)&x + sizeof a, sizeof a);
    return a;
}

// for N > 1, F in power fmod
FN f32xN F_f32xN(f32xN x, f32xN y) {
    f32xH a = F_whole_f32xH(first_half_f32xN(x), first_half_f32xN(y));
    return joined_f32xN(a, F_whole_f32xH(second_half_f32xN(x), second_half_f32xN(y)));
}

// for N > 1, F in lgamma wf_digamma
FN f32xN F_f32xN(f32xN x) {
    f64xH a = F_f64xH(cast_f32_f64xH(first_half_f32xN(x)));
    f64xH b = F_f64xH(cast_f32_f64xH(second_half_f32xN(x)));
    return joined_f32xN(cast_f64_f32xH(a), cast_f64_f32xH(b));
}

// for all N
FN f64xN fmod_f64xN(f64xN x, f64xN y) { return fmod_whole_f64xN(x, y); }
