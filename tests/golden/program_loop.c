// max greater
struct kernel1 { const f32 *x1; u8 *y1; f32x1 a1; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    u8 *y1 = k->y1;
    f32x1 a1 = k->a1;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc1[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = 0;
            for (; s0 + 32 <= 100; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t1 = load_f32x8(x1 + s0);
                        acc1[u] = wf_max_f32x8(acc1[u], t1);
                    }
                }
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t2 = load_part_f32x8(x1 + s0, s0_left);
                acc1[0] = wf_max_f32x8(acc1[0], select_f32x8(first_m_8(s0_left), t2, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_max_f32x8(acc1[3], wf_max_f32x8(acc1[2], wf_max_f32x8(acc1[1], acc1[0]))));
        f32x1 t3 = fold0;
        f32x1 t4 = a1;
        m32x1 t5 = gt_f32x1(t3, t4);
        store_boolx1(y1 + 0, t5);
    }
}
// multiply
struct kernel2 { const f32 *x1; f32 *y1; };
static void kernel2(const void *given, i64 begin, i64 end) {
    const struct kernel2 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t1 = load_f32x8(x1 + s0);
                f32x8 t2 = t1 * splat_f32x8(0x1.0000000000000p-1f);
                store_f32x8(y1 + s0, t2);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t3 = load_part_f32x8(x1 + s0, s0_left);
                f32x8 t4 = t3 * splat_f32x8(0x1.0000000000000p-1f);
                store_part_f32x8(y1 + s0, t4, s0_left);
            }
        }
    }
}
// subtract
struct kernel3 { const f32 *x1; f32 *y1; f32x1 a1; };
static void kernel3(const void *given, i64 begin, i64 end) {
    const struct kernel3 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    f32x1 a1 = k->a1;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            f32x1 t1 = a1;
            f32x8 t2 = splat_f32x8(t1);
            for (; s0 + 8 <= 100; s0 += 8) {
                f32x8 t3 = load_f32x8(x1 + s0);
                f32x8 t4 = t3 - t2;
                store_f32x8(y1 + s0, t4);
            }
            for (; s0 < 100; s0 += 8) {
                i64 s0_left = 100 - s0 < 8 ? 100 - s0 : 8;
                f32x8 t5 = load_part_f32x8(x1 + s0, s0_left);
                f32x8 t6 = t5 - t2;
                store_part_f32x8(y1 + s0, t6, s0_left);
            }
        }
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
        struct kernel1 k = {v1, v3, v2};
        kernel1(&k, 0, 1);
    }
    m32x1 v10 = v3[0] != 0;
    m32x1 v11 = v10;
    f32 *v12 = (f32 *)(arena + 0);
    f32 *v13 = (f32 *)(arena + 448);
    __builtin_memcpy(v12 + 0, v1 + 0, 400);
    f32x1 v14 = v2;
    i64x1 v15 = (0);
    for (;;) {
        if (!v11) break;
        if ((spent += 16) > 1 << 22) { spent = 0; if (rt->poll()) goto failed; }
        i64x1 t16 = v15;
        m32x1 t17 = lt_i64x1(t16, 3);
        f32x1 v18 = 0;
        if (t17) {
            {
                struct kernel2 k = {v12, v13};
                kernel2(&k, 0, 1);
            }
            v18 = v14;
        } else {
            {
                struct kernel3 k = {v12, v13, v14};
                kernel3(&k, 0, 1);
            }
            f32x1 t29 = v14;
            f32x1 t30 = t29 + 1.0f;
            v18 = t30;
        }
        i64x1 v31 = 0;
        if (__builtin_expect(__builtin_add_overflow((i64)v15, (i64)(1), &v31), 0)) {
        i64 v32[1];
        i64 v33[1] = {v15};
        i64 v34[1] = {(1)};
        { void *b[] = {v32 + 0, (void *)(v33 + 0), (void *)(v34 + 0)}; if (rt->host(token, 0, b)) goto failed; }
        i64x1 v35 = v32[0];
            v31 = v35;
        } else {
            v31 = v31;
        }
        u8 v36[1];
        {
            struct kernel1 k = {v13, v36, v18};
            kernel1(&k, 0, 1);
        }
        m32x1 v43 = v36[0] != 0;
        m32x1 v44 = v43;
        f32x1 v45 = v18;
        i64x1 v46 = v31;
        v11 = v44;
        { f32 *t = v12; v12 = v13; v13 = t; }
        v14 = v45;
        v15 = v46;
    }
    __builtin_memcpy(out0 + 0, v12 + 0, 400);
    *out1 = v15;
    return 0;
failed:
    return 1;
}
