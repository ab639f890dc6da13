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

FN f32xN poly_exp2_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.4a38760000000p-13f);
    y = y * x + 0x1.5f9b6a0000000p-10f;
    y = y * x + 0x1.3b218e0000000p-7f;
    y = y * x + 0x1.c6adae0000000p-5f;
    y = y * x + 0x1.ebfbe60000000p-3f;
    y = y * x + 0x1.62e4320000000p-1f;
    return y;
}

FN f64xN poly_exp2_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.c6d96d4c7f126p-36);
    y = y * x + 0x1.ea1420a977f43p-32;
    y = y * x + 0x1.e4cd9d9b3142ap-28;
    y = y * x + 0x1.b524d0ebfc637p-24;
    y = y * x + 0x1.62c0229a605c2p-20;
    y = y * x + 0x1.ffcbfc7ac2a19p-17;
    y = y * x + 0x1.430912f85994dp-13;
    y = y * x + 0x1.5d87fe78a1310p-10;
    y = y * x + 0x1.3b2ab6fba4ea8p-7;
    y = y * x + 0x1.c6b08d704a0d6p-5;
    y = y * x + 0x1.ebfbdff82c58fp-3;
    y = y * x + 0x1.62e42fefa39efp-1;
    return y;
}

FN f32xN poly_log_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.38b74a0000000p-4f);
    y = y * x + 0x1.055bf40000000p-3f;
    y = y * x - 0x1.0d85280000000p-3f;
    y = y * x + 0x1.22da060000000p-3f;
    y = y * x - 0x1.5472440000000p-3f;
    y = y * x + 0x1.99a00a0000000p-3f;
    y = y * x - 0x1.0002260000000p-2f;
    y = y * x + 0x1.5555540000000p-2f;
    return y;
}

FN f64xN poly_log_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.2f056931e24a8p-3);
    y = y * x + 0x1.39a1ba395aad6p-3;
    y = y * x + 0x1.74663eec83493p-3;
    y = y * x + 0x1.c71c52094d12cp-3;
    y = y * x + 0x1.24924941f135bp-2;
    y = y * x + 0x1.999999997fdb6p-2;
    y = y * x + 0x1.5555555555592p-1;
    return y;
}

FN f64xN poly_log_short_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.e2f66a4fcf161p-3);
    y = y * x + 0x1.2438d76c370f6p-2;
    y = y * x + 0x1.999a7a8b7110fp-2;
    y = y * x + 0x1.555554fd9c978p-1;
    return y;
}

FN f64xN poly_log_tail_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.eb10459796760p-4);
    y = y * x + 0x1.de338ac2d73d8p-4;
    y = y * x + 0x1.1120b4fed0628p-3;
    y = y * x + 0x1.3b1362ba3d348p-3;
    y = y * x + 0x1.745d18324301cp-3;
    y = y * x + 0x1.c71c71c58089bp-3;
    y = y * x + 0x1.2492492493034p-2;
    y = y * x + 0x1.9999999999996p-2;
    return y;
}

FN f32xN poly_cos_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.99e80c0000000p-16f);
    y = y * x - 0x1.6c0c280000000p-10f;
    y = y * x + 0x1.55554a0000000p-5f;
    return y;
}

FN f64xN poly_cos_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.aabb298d4c238p-45);
    y = y * x - 0x1.93931fd697ba8p-37;
    y = y * x + 0x1.1eed8c8d055ddp-29;
    y = y * x - 0x1.27e4fb75e831fp-22;
    y = y * x + 0x1.a01a01a018c98p-16;
    y = y * x - 0x1.6c16c16c16c0fp-10;
    y = y * x + 0x1.5555555555555p-5;
    return y;
}

FN f32xN poly_sin_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.9951ea0000000p-13f);
    y = y * x + 0x1.1107740000000p-7f;
    y = y * x - 0x1.5555460000000p-3f;
    return y;
}

FN f64xN poly_sin_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.aaa04b52560c4p-41);
    y = y * x + 0x1.6120885592d18p-33;
    y = y * x - 0x1.ae64528762d7ap-26;
    y = y * x + 0x1.71de3a532bec6p-19;
    y = y * x - 0x1.a01a01a018a34p-13;
    y = y * x + 0x1.111111111110bp-7;
    y = y * x - 0x1.5555555555555p-3;
    return y;
}

FN f32xN poly_tan_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.3421740000000p-7f);
    y = y * x + 0x1.951ec80000000p-9f;
    y = y * x + 0x1.908b3a0000000p-6f;
    y = y * x + 0x1.b582500000000p-5f;
    y = y * x + 0x1.112df80000000p-3f;
    y = y * x + 0x1.5554de0000000p-2f;
    return y;
}

FN f64xN poly_tan_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.5f7385166509bp-16);
    y = y * x - 0x1.7b67758d6f02cp-15;
    y = y * x + 0x1.79eadad60f4dcp-14;
    y = y * x - 0x1.c6863fbcb460ep-16;
    y = y * x + 0x1.1f5ca82470f7cp-13;
    y = y * x + 0x1.d1db6eb00dfe3p-13;
    y = y * x + 0x1.38073892883ebp-11;
    y = y * x + 0x1.7d59da0ca9065p-10;
    y = y * x + 0x1.d6d953a22d9bep-9;
    y = y * x + 0x1.226e11770f153p-7;
    y = y * x + 0x1.664f49b08bc7ap-6;
    y = y * x + 0x1.ba1ba1b43fac1p-5;
    y = y * x + 0x1.111111111868dp-3;
    y = y * x + 0x1.55555555554eep-2;
    return y;
}

FN f32xN poly_asin_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.595c960000000p-5f);
    y = y * x + 0x1.8c3e260000000p-6f;
    y = y * x + 0x1.747bba0000000p-5f;
    y = y * x + 0x1.3302040000000p-4f;
    y = y * x + 0x1.5555c80000000p-3f;
    return y;
}

FN f64xN poly_asin_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.0b4b012acecc0p-5);
    y = y * x - 0x1.580bdd893146cp-6;
    y = y * x + 0x1.63a73537a9236p-6;
    y = y * x + 0x1.e5cfdcdf4fa74p-9;
    y = y * x + 0x1.613f383b0c7a3p-7;
    y = y * x + 0x1.758505e9102cfp-7;
    y = y * x + 0x1.ca1f9f018e487p-7;
    y = y * x + 0x1.1c49ef8d6e816p-6;
    y = y * x + 0x1.6e8bdeed408cap-6;
    y = y * x + 0x1.f1c71a946a845p-6;
    y = y * x + 0x1.6db6db72141c0p-5;
    y = y * x + 0x1.333333332e102p-4;
    y = y * x + 0x1.5555555555577p-3;
    return y;
}

FN f32xN poly_atan_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.d352760000000p-10f);
    y = y * x + 0x1.6422240000000p-7f;
    y = y * x - 0x1.fd7cd80000000p-6f;
    y = y * x + 0x1.da29e20000000p-5f;
    y = y * x - 0x1.5809200000000p-4f;
    y = y * x + 0x1.c08c500000000p-4f;
    y = y * x - 0x1.2420860000000p-3f;
    y = y * x + 0x1.9991e40000000p-3f;
    y = y * x - 0x1.55553e0000000p-2f;
    return y;
}

FN f64xN poly_atan_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.f1e562c6b280bp-7);
    y = y * x - 0x1.12368f257054bp-5;
    y = y * x + 0x1.70ec9dc2b3192p-5;
    y = y * x - 0x1.ab7d4d28efd45p-5;
    y = y * x + 0x1.e171f6badc711p-5;
    y = y * x - 0x1.110c72457c632p-4;
    y = y * x + 0x1.3b136e23bc5f2p-4;
    y = y * x - 0x1.745d14b945805p-4;
    y = y * x + 0x1.c71c71b747518p-4;
    y = y * x - 0x1.249249247568ap-3;
    y = y * x + 0x1.999999999964bp-3;
    y = y * x - 0x1.5555555555554p-2;
    return y;
}

FN f32xN poly_sinh_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.ab428a0000000p-13f);
    y = y * x + 0x1.10f7600000000p-7f;
    y = y * x + 0x1.5555980000000p-3f;
    return y;
}

FN f64xN poly_sinh_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.b4c7593462b74p-41);
    y = y * x + 0x1.611a5622e5401p-33;
    y = y * x + 0x1.ae64671b09bebp-26;
    y = y * x + 0x1.71de3a465b33cp-19;
    y = y * x + 0x1.a01a01a02899bp-13;
    y = y * x + 0x1.11111111110a6p-7;
    y = y * x + 0x1.5555555555556p-3;
    return y;
}

FN f32xN poly_atanh_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.693a3a0000000p-3f);
    y = y * x + 0x1.a6bb980000000p-5f;
    y = y * x + 0x1.e4000a0000000p-4f;
    y = y * x + 0x1.234d980000000p-3f;
    y = y * x + 0x1.99a6760000000p-3f;
    y = y * x + 0x1.5555400000000p-2f;
    return y;
}

FN f64xN poly_atanh_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.ec61eb807b957p-3);
    y = y * x - 0x1.8f39e6d31568cp-3;
    y = y * x + 0x1.6477dd391a458p-3;
    y = y * x - 0x1.4446a155a8047p-8;
    y = y * x + 0x1.e70cbdc8f889ep-5;
    y = y * x + 0x1.9e87c32b4a2adp-5;
    y = y * x + 0x1.e3e97ff73ca60p-5;
    y = y * x + 0x1.10fa8452525a2p-4;
    y = y * x + 0x1.3b15103ccd0f5p-4;
    y = y * x + 0x1.745d08c440f83p-4;
    y = y * x + 0x1.c71c722a2cb52p-4;
    y = y * x + 0x1.24924923ca235p-3;
    y = y * x + 0x1.999999999b31cp-3;
    y = y * x + 0x1.555555555554cp-2;
    return y;
}

FN f32xN poly_asinh_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.2f523e0000000p-7f);
    y = y * x - 0x1.487e0e0000000p-6f;
    y = y * x + 0x1.ec11ec0000000p-6f;
    y = y * x - 0x1.6d7ebc0000000p-5f;
    y = y * x + 0x1.33323a0000000p-4f;
    y = y * x - 0x1.5555540000000p-3f;
    return y;
}

FN f64xN poly_asinh_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.1e5f62cd1909ep-10);
    y = y * x - 0x1.ac54a27a9e3a8p-9;
    y = y * x + 0x1.622d67cf74954p-8;
    y = y * x - 0x1.cad7e9b26cb34p-8;
    y = y * x + 0x1.10be7fbae1f4fp-7;
    y = y * x - 0x1.3f86b2ab47891p-7;
    y = y * x + 0x1.7a7d908a81a8fp-7;
    y = y * x - 0x1.c998c83f7d031p-7;
    y = y * x + 0x1.1c4ebed7d284cp-6;
    y = y * x - 0x1.6e8ba2aad40bap-6;
    y = y * x + 0x1.f1c71c702e292p-6;
    y = y * x - 0x1.6db6db6db3b8fp-5;
    y = y * x + 0x1.3333333333301p-4;
    y = y * x - 0x1.5555555555555p-3;
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
    f64xN y = splat_f64xN(0x1.0579a6aec3035p-34);
    y = y * x - 0x1.386ac01bb452bp-30;
    y = y * x + 0x1.f7a412473a6c8p-27;
    y = y * x - 0x1.5f1d36cd2100fp-23;
    y = y * x + 0x1.b9def1a061341p-20;
    y = y * x - 0x1.f4d1df399586ep-17;
    y = y * x + 0x1.f9a321a12322ep-14;
    y = y * x - 0x1.c02db3d8ed605p-11;
    y = y * x + 0x1.565bcd0db02fdp-8;
    y = y * x - 0x1.b82ce3128499dp-6;
    y = y * x + 0x1.ce2f21a042b20p-4;
    y = y * x - 0x1.812746b0379e6p-2;
    y = y * x + 0x1.06eba8214db69p-3;
    return y;
}

FN f32xN poly_log_erfc_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.86dc700000000p-13f);
    y = y * x - 0x1.825a3c0000000p-9f;
    y = y * x + 0x1.65cb1c0000000p-6f;
    y = y * x - 0x1.a6531a0000000p-4f;
    y = y * x - 0x1.46baf00000000p-1f;
    y = y * x - 0x1.2088ea0000000p+0f;
    y = y * x - 0x1.661d5e0000000p-12f;
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

FN f32xN poly_erfcx_f32xN(f32xN x) {
    f32xN y = splat_f32xN(0x1.778de20000000p-10f);
    y = y * x - 0x1.8ceb5e0000000p-7f;
    y = y * x + 0x1.98a0440000000p-5f;
    y = y * x - 0x1.041f2a0000000p-3f;
    y = y * x + 0x1.d105080000000p-3f;
    y = y * x - 0x1.30cae20000000p-2f;
    y = y * x + 0x1.160e6e0000000p-2f;
    y = y * x - 0x1.e101100000000p-4f;
    y = y * x - 0x1.e1b6620000000p-4f;
    return y;
}

FN f64xN poly_erfcx_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.9f83abde11e2fp-25);
    y = y * x + 0x1.09d0128f4ce81p-23;
    y = y * x + 0x1.0746d6e88b637p-25;
    y = y * x - 0x1.3e3a82526cc3cp-22;
    y = y * x - 0x1.5c0edcc85476cp-24;
    y = y * x + 0x1.6f3d8600cd1d1p-21;
    y = y * x + 0x1.2a81a5c0f6ea2p-20;
    y = y * x - 0x1.1dfef348466d5p-18;
    y = y * x - 0x1.ab79fd5377912p-18;
    y = y * x + 0x1.46c0ffd2ee483p-15;
    y = y * x + 0x1.4792bd090584bp-21;
    y = y * x - 0x1.5cef247ea4bdcp-12;
    y = y * x + 0x1.7f2480dc44970p-11;
    y = y * x + 0x1.25ffce40e2d68p-10;
    y = y * x - 0x1.7617b30b2d760p-7;
    y = y * x + 0x1.3f836c50e6470p-5;
    y = y * x - 0x1.68a0078acb6b2p-4;
    y = y * x + 0x1.2c8a362f31293p-3;
    y = y * x - 0x1.757a582a1bbdcp-3;
    y = y * x + 0x1.3aaeb209a9b5dp-3;
    y = y * x - 0x1.43a1891b2a844p-5;
    y = y * x - 0x1.17279712b4c55p-3;
    return y;
}

FN f32xN poly_erfinv_near_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.2e0e8c0000000p-27f);
    y = y * x + 0x1.8f225c0000000p-26f;
    y = y * x + 0x1.f48bd60000000p-22f;
    y = y * x - 0x1.d0c1a40000000p-19f;
    y = y * x - 0x1.4d159c0000000p-18f;
    y = y * x + 0x1.c9e6c80000000p-13f;
    y = y * x - 0x1.4866160000000p-10f;
    y = y * x - 0x1.11c4ec0000000p-8f;
    y = y * x + 0x1.f91e8a0000000p-3f;
    y = y * x + 0x1.805c5e0000000p+0f;
    return y;
}

FN f32xN poly_erfinv_far_f32xN(f32xN x) {
    f32xN y = splat_f32xN(-0x1.a352c60000000p-13f);
    y = y * x - 0x1.7d22a00000000p-14f;
    y = y * x + 0x1.6286e40000000p-10f;
    y = y * x - 0x1.5c9db60000000p-9f;
    y = y * x + 0x1.ecf2540000000p-9f;
    y = y * x - 0x1.5968580000000p-8f;
    y = y * x + 0x1.ce2ed00000000p-8f;
    y = y * x + 0x1.00f3980000000p+0f;
    y = y * x + 0x1.7aaa3c0000000p+1f;
    return y;
}

FN f64xN poly_erfinv_near_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.fe2146b392ab8p-69);
    y = y * x - 0x1.30f79c016c42fp-70;
    y = y * x - 0x1.a61ef4d508a58p-62;
    y = y * x + 0x1.51c53847d9478p-60;
    y = y * x + 0x1.22b7840dc6b5ap-56;
    y = y * x - 0x1.2bd983810b92fp-53;
    y = y * x - 0x1.8b5e27a2e006dp-55;
    y = y * x + 0x1.db32be93d325cp-48;
    y = y * x - 0x1.683224fb729bap-45;
    y = y * x - 0x1.6d8ebdbc2e8f2p-44;
    y = y * x + 0x1.7230829ef8496p-39;
    y = y * x - 0x1.c8960c80910dep-37;
    y = y * x - 0x1.dc3dd2cd3f8e9p-35;
    y = y * x + 0x1.20f4eb2609db2p-30;
    y = y * x - 0x1.1a9eb6f397bd6p-28;
    y = y * x - 0x1.f36ce5420ddc6p-26;
    y = y * x + 0x1.c6b4f8af3143dp-22;
    y = y * x - 0x1.6e8a53ee34e79p-20;
    y = y * x - 0x1.d1d1f7cb07fafp-17;
    y = y * x + 0x1.879c2a20d6bb1p-13;
    y = y * x - 0x1.8457694834111p-11;
    y = y * x - 0x1.8b6c33114ee40p-8;
    y = y * x + 0x1.ebd80d9b13df7p-3;
    y = y * x + 0x1.a755e7c99ae86p+0;
    return y;
}

FN f64xN poly_erfinv_far_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.1618e3e34ea0bp-26);
    y = y * x + 0x1.5ccb552ee6b44p-31;
    y = y * x + 0x1.1fa37dc91c545p-23;
    y = y * x - 0x1.232f55504ad3cp-22;
    y = y * x - 0x1.03fb4e8a9051dp-25;
    y = y * x + 0x1.924354c006fd5p-20;
    y = y * x - 0x1.0b5ded30f065cp-18;
    y = y * x + 0x1.88b28ae27b3fap-19;
    y = y * x + 0x1.a23caa4af7545p-17;
    y = y * x - 0x1.8cf0cfdd7851cp-15;
    y = y * x + 0x1.1e6ae005d7c08p-14;
    y = y * x + 0x1.932d7d395f506p-16;
    y = y * x - 0x1.7448bdf4c3224p-12;
    y = y * x + 0x1.f3cc551ab59f6p-11;
    y = y * x - 0x1.ba9240d332819p-10;
    y = y * x + 0x1.468eeca7344bcp-9;
    y = y * x - 0x1.ebadabba1842fp-9;
    y = y * x + 0x1.5ffcfe5b714bcp-8;
    y = y * x + 0x1.0158a6d641d56p+0;
    y = y * x + 0x1.8abcc380d5a48p+1;
    return y;
}

FN f64xN poly_erfinv_tail_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.7cd022ddaad5ep-36);
    y = y * x + 0x1.8f633b0ff4dfbp-35;
    y = y * x + 0x1.4c50453ba8db4p-34;
    y = y * x - 0x1.ecb86d158a55bp-32;
    y = y * x + 0x1.6675b5a6e6b26p-30;
    y = y * x - 0x1.da9e02f3bc8fbp-29;
    y = y * x + 0x1.0d2ecc02d7cbap-27;
    y = y * x - 0x1.065bfe99bade7p-26;
    y = y * x + 0x1.f265fdbfbdcedp-26;
    y = y * x - 0x1.221db09d2b81dp-24;
    y = y * x + 0x1.ebe4c0e72c3d7p-23;
    y = y * x - 0x1.0a909fdee8d53p-20;
    y = y * x + 0x1.2fbcfacb782dcp-18;
    y = y * x - 0x1.4a348f5684623p-16;
    y = y * x + 0x1.3ebf4effac132p-14;
    y = y * x - 0x1.c2f36aa334f40p-13;
    y = y * x - 0x1.22ea5df1e37c5p-13;
    y = y * x + 0x1.02a30d1fba110p+0;
    y = y * x + 0x1.3664ddd1ad7fbp+2;
    return y;
}

FN f64xN poly_stirling_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.4c382d40422a0p-8);
    y = y * x - 0x1.ef980ac9aefc5p-10;
    y = y * x + 0x1.b92c93694a046p-11;
    y = y * x - 0x1.38134e15e3610p-11;
    y = y * x + 0x1.a01a017e8a176p-11;
    y = y * x - 0x1.6c16c16c14af5p-9;
    y = y * x + 0x1.5555555555555p-4;
    return y;
}

FN f64xN poly_lgamma_f64xN(f64xN x) {
    f64xN y = splat_f64xN(0x1.ee2a21030e23cp-26);
    y = y * x - 0x1.fc912853e9d3ap-25;
    y = y * x + 0x1.723045ffb919bp-24;
    y = y * x - 0x1.877afd8fe62cap-23;
    y = y * x + 0x1.b35acc038d533p-22;
    y = y * x - 0x1.cb8edf9f6de93p-21;
    y = y * x + 0x1.e542bd0373699p-20;
    y = y * x - 0x1.0226438e36f1dp-18;
    y = y * x + 0x1.13e47db4bf259p-17;
    y = y * x - 0x1.2850a39c22198p-16;
    y = y * x + 0x1.402f0e8b887a8p-15;
    y = y * x - 0x1.5c86b4d59a78cp-14;
    y = y * x + 0x1.7ed733b296ca6p-13;
    y = y * x - 0x1.a96a40152cf08p-12;
    y = y * x + 0x1.dfebcf8e735e4p-11;
    y = y * x - 0x1.145121f999b42p-9;
    y = y * x + 0x1.47974853aa216p-8;
    y = y * x - 0x1.95ce223a9cbecp-7;
    y = y * x + 0x1.0e0c9df293531p-5;
    y = y * x - 0x1.9ae6509ea109fp-4;
    y = y * x + 0x1.b0ee6072093cep-2;
    return y;
}

FN f64xN poly_digamma_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.7246c7b0a0ca1p-13);
    y = y * x + 0x1.1079739da4d3dp-12;
    y = y * x - 0x1.343ceef49be75p-13;
    y = y * x + 0x1.dc1af61be3271p-13;
    y = y * x - 0x1.fc469802a43f0p-12;
    y = y * x + 0x1.7b4a17eacf4b1p-11;
    y = y * x - 0x1.0fcd4fac04025p-10;
    y = y * x + 0x1.980d9c62a571ep-10;
    y = y * x - 0x1.336b42e3226eap-9;
    y = y * x + 0x1.cd3e743bd3985p-9;
    y = y * x - 0x1.5a06cc8081c9dp-8;
    y = y * x + 0x1.03c006a6d230bp-7;
    y = y * x - 0x1.8635627aefe07p-7;
    y = y * x + 0x1.256475f1400aep-6;
    y = y * x - 0x1.b9f8b124a2c7ep-6;
    y = y * x + 0x1.4de9aa059a811p-5;
    y = y * x - 0x1.fb44202a07275p-5;
    y = y * x + 0x1.8512e5905da51p-4;
    y = y * x - 0x1.2feeeb98a7a33p-3;
    y = y * x + 0x1.eca189b8e6d99p-3;
    y = y * x - 0x1.b1cb63005ee98p-2;
    y = y * x + 0x1.e6f0cbb873617p-1;
    return y;
}

FN f64xN poly_digamma_tail_f64xN(f64xN x) {
    f64xN y = splat_f64xN(-0x1.3303011c77746p-2);
    y = y * x + 0x1.47dd081f213d3p-4;
    y = y * x - 0x1.58e87b1859788p-6;
    y = y * x + 0x1.f07735ba391a9p-8;
    y = y * x - 0x1.11110c2d9b1e2p-8;
    y = y * x + 0x1.04104101a98c8p-8;
    y = y * x - 0x1.1111111110d77p-7;
    y = y * x + 0x1.5555555555555p-4;
    return y;
}
