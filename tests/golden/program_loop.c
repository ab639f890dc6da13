// max greater
struct kernel4 { const f32 *v1; u8 *v3; f32 v2; };
static void kernel4(const void *given, i64 begin, i64 end) {
    const struct kernel4 *k = given;
    const f32 *v1 = k->v1;
    u8 *v3 = k->v3;
    f32 v2 = k->v2;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc5[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = 0;
            for (; s0 + 32 <= 100; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t6 = load_f32x8(v1 + s0);
                        acc5[u] = wf_max_f32x8(acc5[u], t6);
                    }
                }
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t7 = load_part_f32x8(v1 + s0, s0_left);
                acc5[0] = wf_max_f32x8(acc5[0], select_f32x8(first_m_8(s0_left), t7, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_max_f32x8(acc5[3], wf_max_f32x8(acc5[2], wf_max_f32x8(acc5[1], acc5[0]))));
        f32x1 t8 = fold0;
        f32x1 t9 = v2;
        m32x1 t10 = gt_f32x1(t8, t9);
        store_boolx1(v3 + 0, t10);
    }
}
// multiply
struct kernel20 { const f32 *v13; f32 *v14; };
static void kernel20(const void *given, i64 begin, i64 end) {
    const struct kernel20 *k = given;
    const f32 *v13 = k->v13;
    f32 *v14 = k->v14;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t21 = load_f32x8(v13 + s0);
                f32x8 t22 = t21 * splat_f32x8(0x1.0000000000000p-1f);
                store_f32x8(v14 + s0, t22);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t23 = load_part_f32x8(v13 + s0, s0_left);
                f32x8 t24 = t23 * splat_f32x8(0x1.0000000000000p-1f);
                store_part_f32x8(v14 + s0, t24, s0_left);
            }
        }
    }
}
// subtract
struct kernel25 { const f32 *v13; f32 *v14; f32 v15; };
static void kernel25(const void *given, i64 begin, i64 end) {
    const struct kernel25 *k = given;
    const f32 *v13 = k->v13;
    f32 *v14 = k->v14;
    f32 v15 = k->v15;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            f32x1 t27 = v15;
            f32x8 t28 = splat_f32x8(t27);
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t26 = load_f32x8(v13 + s0);
                f32x8 t29 = t26 - t28;
                store_f32x8(v14 + s0, t29);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t30 = load_part_f32x8(v13 + s0, s0_left);
                f32x8 t31 = t30 - t28;
                store_part_f32x8(v14 + s0, t31, s0_left);
            }
        }
    }
}
// max greater
struct kernel40 { const f32 *v14; u8 *v39; f32 v19; };
static void kernel40(const void *given, i64 begin, i64 end) {
    const struct kernel40 *k = given;
    const f32 *v14 = k->v14;
    u8 *v39 = k->v39;
    f32 v19 = k->v19;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc41[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = 0;
            for (; s0 + 32 <= 100; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t42 = load_f32x8(v14 + s0);
                        acc41[u] = wf_max_f32x8(acc41[u], t42);
                    }
                }
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t43 = load_part_f32x8(v14 + s0, s0_left);
                acc41[0] = wf_max_f32x8(acc41[0], select_f32x8(first_m_8(s0_left), t43, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_max_f32x8(acc41[3], wf_max_f32x8(acc41[2], wf_max_f32x8(acc41[1], acc41[0]))));
        f32x1 t44 = fold0;
        f32x1 t45 = v19;
        m32x1 t46 = gt_f32x1(t44, t45);
        store_boolx1(v39 + 0, t46);
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    f32x1 v2 = *(const f32 *)in[1];
    f32 *out0 = out[0];
    i64 *out1 = out[1];
    u8 v3[1];
    {
        struct kernel4 k = {v1, v3, v2};
        kernel4(&k, 0, 1);
    }
    m32x1 v11 = v3[0] != 0;
    m32x1 v12 = v11;
    f32 *v13 = (f32 *)(arena + 0);
    f32 *v14 = (f32 *)(arena + 448);
    __builtin_memcpy(v13 + 0, v1 + 0, 400);
    f32x1 v15 = v2;
    i64x1 v16 = (0);
    for (;;) {
        if (!v12) break;
        if ((spent += 16) > 1 << 22) { spent = 0; if (rt->poll()) goto failed; }
        i64x1 t17 = v16;
        m32x1 t18 = lt_i64x1(t17, 3);
        f32x1 v19 = 0;
        if (t18) {
            {
                struct kernel20 k = {v13, v14};
                kernel20(&k, 0, 1);
            }
            v19 = v15;
        } else {
            {
                struct kernel25 k = {v13, v14, v15};
                kernel25(&k, 0, 1);
            }
            f32x1 t32 = v15;
            f32x1 t33 = t32 + 1.0f;
            v19 = t33;
        }
        i64x1 v34 = 0;
        if (__builtin_expect(__builtin_add_overflow((i64)v16, (i64)(1), &v34), 0)) {
        i64 v35[1];
        i64 v36[1] = {v16};
        i64 v37[1] = {(1)};
        { void *b[] = {v35 + 0, (void *)(v36 + 0), (void *)(v37 + 0)}; if (rt->host(token, 0, b)) goto failed; }
        i64x1 v38 = v35[0];
            v34 = v38;
        } else {
            v34 = v34;
        }
        u8 v39[1];
        {
            struct kernel40 k = {v14, v39, v19};
            kernel40(&k, 0, 1);
        }
        m32x1 v47 = v39[0] != 0;
        m32x1 v48 = v47;
        f32x1 v49 = v19;
        i64x1 v50 = v34;
        v12 = v48;
        { f32 *t = v13; v13 = v14; v14 = t; }
        v15 = v49;
        v16 = v50;
    }
    __builtin_memcpy(out0 + 0, v13 + 0, 400);
    *out1 = v16;
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
