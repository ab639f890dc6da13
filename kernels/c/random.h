// Random numbers: Philox4x32-10, and what becomes of its words. As in runtime/philox.py and quantile.py, bit for bit
// where no logarithm is taken: word i of a draw is word i % 4 of block counter + i / 4, two words are an u64.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

// The products of the lower halves of u64s.

// for N == 1
FN u64xN product_u64xN(u64xN x, u64 m) { return (u32)x * m; }

// for N > 1
FN u64xN product_u64xN(u64xN x, u64 m) {
#if N > 8
    u64xH a, b;
    __builtin_memcpy(&a, &x, sizeof a);
    __builtin_memcpy(&b, (char *)&x + sizeof a, sizeof b);
    a = product_u64xH(a, m), b = product_u64xH(b, m);
    __builtin_memcpy(&x, &a, sizeof a);
    __builtin_memcpy((char *)&x + sizeof a, &b, sizeof b);
    return x;
#elif N == 8 && defined(__AVX512F__) && !defined(__clang__)
    return (u64xN)__builtin_ia32_pmuludq512_mask((i32xD)x, (i32xD)splat_u64xN(m), splat_i64xN(0), -1);
#elif N == 4 && defined(__AVX2__) && !defined(__clang__)
    return (u64xN)__builtin_ia32_pmuludq256((i32xD)x, (i32xD)splat_u64xN(m));
#elif N == 2 && defined(__SSE2__) && !defined(__clang__)
    return (u64xN)__builtin_ia32_pmuludq128((i32xD)x, (i32xD)splat_u64xN(m));
#else
    return (x & 0xffffffff) * m;
#endif
}

// for all N
// Blocks of four words, the first two and the last two as u64s. The upper halves of what is in between mean nothing.
FN void philox_u64xN(u64 key, u64xN counter, u64 stream, u64xN *first, u64xN *last) {
    u64xN a = counter, b = counter >> 32, c = splat_u64xN(stream), d = splat_u64xN(stream >> 32);
    u64 even = key, odd = key >> 32;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        u64xN p = product_u64xN(a, 0xd2511f53), q = product_u64xN(c, 0xcd9e8d57);
        a = (q >> 32) ^ b ^ even, c = (p >> 32) ^ d ^ odd;
        b = q, d = p;
        even += 0x9e3779b9, odd += 0xbb67ae85;
    }
    *first = (a & 0xffffffff) | (b << 32);
    *last = (c & 0xffffffff) | (d << 32);
}

// Words of any elements: of the place `at` of the draw, in one of the streams.
FN u64xN words_at_u64xN(u64 key, u64 counter, i64xN at, u64 stream) {
    u64xN first, last;
    philox_u64xN(key, counter + cast_i64_u64xN(at >> 1), stream, &first, &last);
    return pick_u64xN((at & 1) != 0, last, first);
}

FN u32xN words_at_u32xN(u64 key, u64 counter, i64xN at, u64 stream) {
    u64xN both = words_at_u64xN(key, counter, at >> 1, stream);
    return cast_u64_u32xN(pick_u64xN((at & 1) != 0, both >> 32, both));
}

// The elements of two vectors, in turn.

// for N > 1
FN u64xN dealt_u64xN(u64xH a, u64xH b) {
    u64xN dealt;
#if N > 2 && !defined(__clang__)
    u64xH low, lower, upper;
    for (int i = 0; i < H; i++) low[i] = i / 2 + i % 2 * H;
    lower = __builtin_shuffle(a, b, low), upper = __builtin_shuffle(a, b, low + H / 2);
    __builtin_memcpy(&dealt, &lower, sizeof lower);
    __builtin_memcpy((char *)&dealt + sizeof lower, &upper, sizeof upper);
#elif N > 2
    for (int i = 0; i < H; i++) dealt[2 * i] = a[i], dealt[2 * i + 1] = b[i];
#else
    dealt[0] = a, dealt[1] = b;
#endif
    return dealt;
}

// Words of neighbours, from the place `at` on. Whole blocks where `at` is the start of one.

// for N == 1, T in u32 u64
FN TxN words_TxN(u64 key, u64 counter, i64 at) { return words_at_TxN(key, counter, at, 0); }

// for N > 1
FN u32xN blocks_u32xN(u64 key, u64 counter) {
#if N >= 4
    u64xQ first, last;
    philox_u64xQ(key, counter + iota_u64xQ(), 0, &first, &last);
    u64xH both = dealt_u64xH(first, last);
    u32xN words;
    __builtin_memcpy(&words, &both, sizeof words);
    return words;
#else
    return words_at_u32xN(key, counter, iota_i64xN(), 0);
#endif
}

SLOW u32xN words_inside_u32xN(u64 key, u64 counter, i64 skipped) {
    u32 words[2 * N];
    store_u32xN(words, blocks_u32xN(key, counter));
    store_u32xN(words + N, blocks_u32xN(key, counter + N / 4));
    return load_u32xN(words + skipped);
}

FN u32xN words_u32xN(u64 key, u64 counter, i64 at) {
#if N >= 4
    if (__builtin_expect(at & 3, 0)) return words_inside_u32xN(key, counter + (at >> 2), at & 3);
    return blocks_u32xN(key, counter + (at >> 2));
#else
    return words_at_u32xN(key, counter, at + iota_i64xN(), 0);
#endif
}

FN u64xN words_u64xN(u64 key, u64 counter, i64 at) {
    u32xD words = words_u32xD(key, counter, at * 2);
    u64xN both;
    __builtin_memcpy(&both, &words, sizeof both);
    return both;
}

// Integers below n, every one as likely: the upper half of bits * n, drawn again in the next stream where the lower
// half is below the threshold. Numbers up to 2^32 take a word, others two.
//
// Source: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).

// for all N
FN u64xN scaled_narrow_u64xN(u64xN bits, u64 n, u64xN *rest) {
    u64xN product = bits * n;
    *rest = product & 0xffffffff;
    return product >> 32;
}

FN u64xN scaled_wide_u64xN(u64xN bits, u64 n, u64xN *rest) {
    u64xN a = bits >> 32, b = bits & 0xffffffff;
    u64 c = n >> 32, d = n & 0xffffffff;
    u64xN middle = (b * d >> 32) + (a * d & 0xffffffff) + (b * c & 0xffffffff);
    *rest = bits * n;
    return a * c + (a * d >> 32) + (b * c >> 32) + (middle >> 32);
}

FN u64xN bits_narrow_u64xN(u64 key, u64 counter, i64xN at, u64 stream) {
    return cast_u32_u64xN(words_at_u32xN(key, counter, at, stream));
}

FN u64xN bits_wide_u64xN(u64 key, u64 counter, i64xN at, u64 stream) {
    return words_at_u64xN(key, counter, at, stream);
}

// for N == 1
FN u64 lane_u64xN(u64xN x) { return x; }

// for N > 1
FN u64 lane_u64xN(u64xN x) { return x[0]; }

// for all N, F in narrow wide
SLOW u64xN again_F_u64xN(u64xN found, u64xN rest, u64 key, u64 counter, i64xN at, u64 n, u64 threshold) {
    for (u64 stream = 1; any_m32xN(mask_m64_m32xN(rest < threshold)); stream++) {
        u64xN unfair = pick_u64xN(rest < threshold, splat_u64xN(-1), splat_u64xN(0)), left;
        u64xN next = scaled_F_u64xN(bits_F_u64xN(key, counter, at, stream), n, &left);
        found = pick_u64xN(unfair != 0, next, found);
        rest = pick_u64xN(unfair != 0, left, rest);
    }
    return found;
}

FN u64xN below_F_u64xN(u64xN bits, u64xN key, u64xN counter, i64xN at, u64xN n, u64xN threshold) {
    u64 limit = lane_u64xN(n), least = lane_u64xN(threshold);
    u64xN rest, found = scaled_F_u64xN(bits, limit, &rest);
    if (least && any_m32xN(mask_m64_m32xN(rest < least)))
        found = again_F_u64xN(found, rest, lane_u64xN(key), lane_u64xN(counter), at, limit, least);
    return found;
}

// Quantiles of the standard normal distribution, in the steps of runtime/quantile.py.
//
// Source: M. Giles, "Approximating the erfinv function", GPU Computing Gems 2, 2011; M. J. Wichura, "Algorithm AS 241",
// Applied Statistics 37 (1988).

// for all N
FN f32xN normal_central_f32xN(f32xN x) {
    f32xN y = splat_f32xN(2.81022636e-08f); y = y * x + 3.43273939e-07f; y = y * x - 3.5233877e-06f;
    y = y * x - 4.39150654e-06f; y = y * x + 0.00021858087f; y = y * x - 0.00125372503f;
    y = y * x - 0.00417768164f; y = y * x + 0.246640727f; y = y * x + 1.50140941f; return y;
}

FN f32xN normal_tail_f32xN(f32xN x) {
    f32xN y = splat_f32xN(4.48463688e-05f); y = y * x - 0.000178785602f; y = y * x - 1.06971902e-05f;
    y = y * x + 0.00131448708f; y = y * x - 0.00358982803f; y = y * x + 0.00576045923f;
    y = y * x - 0.00764389755f; y = y * x + 0.00943450723f; y = y * x + 1.00167537f; y = y * x + 2.83297706f;
    return y;
}

FN f64xN quantile_central_over_f64xN(f64xN x) {
    f64xN y = splat_f64xN(2509.0809287301227); y = y * x + 33430.57558358813; y = y * x + 67265.7709270087;
    y = y * x + 45921.95393154987; y = y * x + 13731.69376550946; y = y * x + 1971.5909503065513;
    y = y * x + 133.14166789178438; y = y * x + 3.3871328727963665; return y;
}

FN f64xN quantile_central_under_f64xN(f64xN x) {
    f64xN y = splat_f64xN(5226.495278852854); y = y * x + 28729.085735721943; y = y * x + 39307.89580009271;
    y = y * x + 21213.794301586597; y = y * x + 5394.196021424751; y = y * x + 687.1870074920579;
    y = y * x + 42.31333070160091; y = y * x + 1.0; return y;
}

FN f64xN quantile_middle_over_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0.0007745450142783414); y = y * x + 0.022723844989269184;
    y = y * x + 0.2417807251774506; y = y * x + 1.2704582524523684; y = y * x + 3.6478483247632045;
    y = y * x + 5.769497221460691; y = y * x + 4.630337846156546; y = y * x + 1.4234371107496835; return y;
}

FN f64xN quantile_middle_under_f64xN(f64xN x) {
    f64xN y = splat_f64xN(1.0507500716444169e-09); y = y * x + 0.0005475938084995345;
    y = y * x + 0.015198666563616457; y = y * x + 0.14810397642748008; y = y * x + 0.6897673349851;
    y = y * x + 1.6763848301838038; y = y * x + 2.053191626637759; y = y * x + 1.0; return y;
}

FN f64xN quantile_tail_over_f64xN(f64xN x) {
    f64xN y = splat_f64xN(2.0103343992922881e-07); y = y * x + 2.7115555687434876e-05;
    y = y * x + 0.0012426609473880784; y = y * x + 0.026532189526576124; y = y * x + 0.29656057182850487;
    y = y * x + 1.7848265399172913; y = y * x + 5.463784911164114; y = y * x + 6.657904643501103; return y;
}

FN f64xN quantile_tail_under_f64xN(f64xN x) {
    f64xN y = splat_f64xN(2.0442631033899397e-15); y = y * x + 1.421511758316446e-07;
    y = y * x + 1.8463183175100548e-05; y = y * x + 0.0007868691311456133; y = y * x + 0.014875361290850615;
    y = y * x + 0.1369298809227358; y = y * x + 0.599832206555888; y = y * x + 1.0; return y;
}

// A number of a word: the top bit is the sign, the rest says how far out it is.
FN f32xN normal_u32xN(u32xN word) {
    f32xN t = cast_i32_f32xN(cast_u32_i32xN(word & 0x7fffffff)) * 0x1p-31f + 0x1p-32f;
    f32xN w = -log_f32xN(t * (2.0f - t)), y = normal_central_f32xN(w - 2.5f);
    m32xN far = ge_f32xN(w, splat_f32xN(5.0f));
    if (any_m32xN(far)) y = select_f32xN(far, normal_tail_f32xN(sqrt_f32xN(w) - 3.0f), y);
    y = y * (1.0f - t) * 1.4142135623730951f;
    return select_f32xN(ge_u32xN(word, splat_u32xN(0x80000000u)), -y, y);
}

FN f64xN quantile_out_f64xN(f64xN p) {
    f64xN r = sqrt_f64xN(-log_f64xN(p)), x = r - 1.6, y = quantile_middle_over_f64xN(x) / quantile_middle_under_f64xN(x);
    m32xN far = gt_f64xN(r, splat_f64xN(5.0));
    if (any_m32xN(far)) {
        x = r - 5.0;
        y = select_f64xN(far, quantile_tail_over_f64xN(x) / quantile_tail_under_f64xN(x), y);
    }
    return y;
}

FN f64xN quantile_f64xN(f64xN p) {
    f64xN q = p - 0.5, x = 0.180625 - q * q;
    f64xN y = q * (quantile_central_over_f64xN(x) / quantile_central_under_f64xN(x));
    m32xN far = gt_f64xN(wf_abs_f64xN(q), splat_f64xN(0.425));
    if (any_m32xN(far))
        y = select_f64xN(far, copysign_f64xN(quantile_out_f64xN(wf_min_f64xN(p, 1.0 - p)), q), y);
    return y;
}

FN f64xN normal_u64xN(u64xN bits) {
    f64xN p = (cast_i64_f64xN(cast_u64_i64xN((bits << 1) >> 12)) + 0.5) * 0x1p-53;
    f64xN y = quantile_f64xN(p);
    return select_f64xN(lt_i64xN(cast_u64_i64xN(bits), splat_i64xN(0)), y, -y);
}
