// Polynomials, written by tests/accuracy/fit_polynomials.py: change that instead.

// for all N

FN f32xN poly_exp_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.6ab6ea0000000p-10f);
    y = y * x + 0x1.123d5e0000000p-7f;
    y = y * x + 0x1.55585a0000000p-5f;
    y = y * x + 0x1.55548c0000000p-3f;
    y = y * x + 0x1.fffffc0000000p-2f;
    return y;
}

FN f64xN poly_exp_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.ad7eea38a74f1p-26);
    y = y * x + 0x1.28adce37b3534p-22;
    y = y * x + 0x1.71df263d2b0f3p-19;
    y = y * x + 0x1.a01999ae2562dp-16;
    y = y * x + 0x1.a01a0129abfdep-13;
    y = y * x + 0x1.6c16c1844ad40p-10;
    y = y * x + 0x1.1111111127e9fp-7;
    y = y * x + 0x1.55555555507f2p-5;
    y = y * x + 0x1.55555555554f9p-3;
    y = y * x + 0x1.000000000000ap-1;
    return y;
}

FN f32xN poly_log_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.39b1840000000p-4f);
    y = y * x + 0x1.05b6a40000000p-3f;
    y = y * x - 0x1.0d8dfc0000000p-3f;
    y = y * x + 0x1.22d5ac0000000p-3f;
    y = y * x - 0x1.5471a00000000p-3f;
    y = y * x + 0x1.99a0340000000p-3f;
    y = y * x - 0x1.0002280000000p-2f;
    y = y * x + 0x1.5555540000000p-2f;
    return y;
}

FN f64xN poly_log_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.2f056931a2a8dp-3);
    y = y * x + 0x1.39a1ba39617eap-3;
    y = y * x + 0x1.74663eec82ff0p-3;
    y = y * x + 0x1.c71c52094d145p-3;
    y = y * x + 0x1.24924941f135ap-2;
    y = y * x + 0x1.999999997fdb6p-2;
    y = y * x + 0x1.5555555555592p-1;
    return y;
}

FN f32xN poly_erf_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.4771fc0000000p-14f);
    y = y * x - 0x1.a3515e0000000p-11f;
    y = y * x + 0x1.53f2240000000p-8f;
    y = y * x - 0x1.b7f71a0000000p-6f;
    y = y * x + 0x1.ce2ce60000000p-4f;
    y = y * x - 0x1.81273e0000000p-2f;
    y = y * x + 0x1.06eba80000000p-3f;
    return y;
}

FN f64xN poly_erf_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.abae26bfed93cp-31);
    y = y * x + 0x1.d71b0347dc615p-27;
    y = y * x - 0x1.5c07252e63b9fp-23;
    y = y * x + 0x1.b97fd38e0e59cp-20;
    y = y * x - 0x1.f4ca4d6763e2cp-17;
    y = y * x + 0x1.f9a2baa879326p-14;
    y = y * x - 0x1.c02db03dd1745p-11;
    y = y * x + 0x1.565bccf92b09ep-8;
    y = y * x - 0x1.b82ce311fa92cp-6;
    y = y * x + 0x1.ce2f21a040d16p-4;
    y = y * x - 0x1.812746b0379bdp-2;
    y = y * x + 0x1.06eba8214db68p-3;
    return y;
}

FN f32xN poly_log_erfc_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.ca9a060000000p-23f);
    y = y * x - 0x1.9fa6d00000000p-16f;
    y = y * x + 0x1.e2d4480000000p-12f;
    y = y * x - 0x1.17e6040000000p-8f;
    y = y * x + 0x1.9f52e80000000p-6f;
    y = y * x - 0x1.bcdab20000000p-4f;
    y = y * x - 0x1.44212a0000000p-1f;
    y = y * x - 0x1.2130b40000000p+0f;
    y = y * x + 0x1.a7c5440000000p-13f;
    return y;
}

FN f64xN poly_log_erfc_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.95d32f4e0f161p-46);
    y = y * x - 0x1.5f0e92b9b483ep-40;
    y = y * x + 0x1.1f8f0d7c85ea3p-35;
    y = y * x - 0x1.28b27f0e8a014p-31;
    y = y * x + 0x1.b0864b657d97cp-28;
    y = y * x - 0x1.d9459941f6497p-25;
    y = y * x + 0x1.92a70a7117ec1p-22;
    y = y * x - 0x1.0fafe14c8f30fp-19;
    y = y * x + 0x1.24d1cce9ca07cp-17;
    y = y * x - 0x1.f3c1ed6af0724p-16;
    y = y * x + 0x1.44edb621bbae0p-14;
    y = y * x - 0x1.1a76647d89a36p-13;
    y = y * x + 0x1.eba35eeb64d10p-15;
    y = y * x + 0x1.09cfd17fa377bp-11;
    y = y * x - 0x1.ab439aeaf8bb0p-10;
    y = y * x + 0x1.5e15aab800598p-13;
    y = y * x + 0x1.39be98324eeacp-6;
    y = y * x - 0x1.a4fd1a340356bp-4;
    y = y * x - 0x1.45f2c19180c35p-1;
    y = y * x - 0x1.20dd7ac2d0941p+0;
    y = y * x + 0x1.cd421d49809cdp-26;
    return y;
}
