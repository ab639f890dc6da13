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
struct kernel18 { const f32 *v13; f32 *v14; };
static void kernel18(const void *given, i64 begin, i64 end) {
    const struct kernel18 *k = given;
    const f32 *v13 = k->v13;
    f32 *v14 = k->v14;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t19 = load_f32x8(v13 + s0);
                f32x8 t20 = t19 * splat_f32x8(0x1.0000000000000p-1f);
                store_f32x8(v14 + s0, t20);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t21 = load_part_f32x8(v13 + s0, s0_left);
                f32x8 t22 = t21 * splat_f32x8(0x1.0000000000000p-1f);
                store_part_f32x8(v14 + s0, t22, s0_left);
            }
        }
    }
}
// subtract
struct kernel23 { const f32 *v13; f32 *v14; f32 v2; };
static void kernel23(const void *given, i64 begin, i64 end) {
    const struct kernel23 *k = given;
    const f32 *v13 = k->v13;
    f32 *v14 = k->v14;
    f32 v2 = k->v2;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            f32x1 t25 = v2;
            f32x8 t26 = splat_f32x8(t25);
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t24 = load_f32x8(v13 + s0);
                f32x8 t27 = t24 - t26;
                store_f32x8(v14 + s0, t27);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t28 = load_part_f32x8(v13 + s0, s0_left);
                f32x8 t29 = t28 - t26;
                store_part_f32x8(v14 + s0, t29, s0_left);
            }
        }
    }
}
// max greater
struct kernel36 { const f32 *v14; u8 *v35; f32 v2; };
static void kernel36(const void *given, i64 begin, i64 end) {
    const struct kernel36 *k = given;
    const f32 *v14 = k->v14;
    u8 *v35 = k->v35;
    f32 v2 = k->v2;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc37[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = 0;
            for (; s0 + 32 <= 100; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t38 = load_f32x8(v14 + s0);
                        acc37[u] = wf_max_f32x8(acc37[u], t38);
                    }
                }
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t39 = load_part_f32x8(v14 + s0, s0_left);
                acc37[0] = wf_max_f32x8(acc37[0], select_f32x8(first_m_8(s0_left), t39, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_max_f32x8(acc37[3], wf_max_f32x8(acc37[2], wf_max_f32x8(acc37[1], acc37[0]))));
        f32x1 t40 = fold0;
        f32x1 t41 = v2;
        m32x1 t42 = gt_f32x1(t40, t41);
        store_boolx1(v35 + 0, t42);
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
    i64x1 v15 = (0);
    for (;;) {
        if (!v12) break;
        if ((spent += 16) > 1 << 22) { spent = 0; if (rt->poll()) goto failed; }
        i64x1 t16 = v15;
        m32x1 t17 = lt_i64x1(t16, 3);
        if (t17) {
            {
                struct kernel18 k = {v13, v14};
                kernel18(&k, 0, 1);
            }
        } else {
            {
                struct kernel23 k = {v13, v14, v2};
                kernel23(&k, 0, 1);
            }
        }
        i64x1 v30 = 0;
        if (__builtin_expect(__builtin_add_overflow((i64)v15, (i64)(1), &v30), 0)) {
        i64 v31[1];
        i64 v32[1] = {v15};
        i64 v33[1] = {(1)};
        { void *b[] = {v31 + 0, (void *)(v32 + 0), (void *)(v33 + 0)}; if (rt->host(token, 0, b)) goto failed; }
        i64x1 v34 = v31[0];
            v30 = v34;
        } else {
            v30 = v30;
        }
        u8 v35[1];
        {
            struct kernel36 k = {v14, v35, v2};
            kernel36(&k, 0, 1);
        }
        m32x1 v43 = v35[0] != 0;
        m32x1 v44 = v43;
        i64x1 v45 = v30;
        v12 = v44;
        { f32 *t = v13; v13 = v14; v14 = t; }
        v15 = v45;
    }
    __builtin_memcpy(out0 + 0, v13 + 0, 400);
    *out1 = v15;
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
