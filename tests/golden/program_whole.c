// abs max
struct kernel1 { const f32 *x1; f32 *y1; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc1[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = row * 8192;
            for (; s0 + 32 <= (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000); s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t1 = load_f32x8(x1 + s0);
                        f32x8 t2 = wf_abs_f32x8(t1);
                        acc1[u] = wf_max_f32x8(acc1[u], t2);
                    }
                }
            }
            for (; s0 < (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000); s0 += 8) {
                i64 s0_left = (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000) - s0 < 8 ? (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000) - s0 : 8;
                f32x8 t3 = load_part_f32x8(x1 + s0, s0_left);
                f32x8 t4 = wf_abs_f32x8(t3);
                acc1[0] = wf_max_f32x8(acc1[0], select_f32x8(first_m_8(s0_left), t4, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold = max_f32x8(wf_max_f32x8(acc1[3], wf_max_f32x8(acc1[2], wf_max_f32x8(acc1[1], acc1[0]))));
        f32x1 t5 = fold;
        store_f32x1(y1 + row, t5);
    }
}
// abs max
struct kernel2 { const f32 *x1; f32 *y1; };
static void kernel2(const void *given, i64 begin, i64 end) {
    const struct kernel2 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc1[1] = {splat_f32x8(-__builtin_inff())};
        {
            i64 part = 0;
            for (; part < 5; part += 8) {
                i64 part_left = 5 - part < 8 ? 5 - part : 8;
                f32x8 t1 = load_part_f32x8(x1 + part, part_left);
                acc1[0] = wf_max_f32x8(acc1[0], select_f32x8(first_m_8(part_left), t1, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 whole = max_f32x8(acc1[0]);
        f32x1 t2 = whole;
        store_f32x1(y1 + 0, t2);
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    f32 *out0 = out[0];
    f32 v2[1];
    f32 *v3 = (f32 *)(arena + 0);
    {
        struct kernel1 k = {v1, v3};
        rt->parallel(kernel1, &k, 5, 1392.6);
    }
    {
        struct kernel2 k = {v3, v2};
        kernel2(&k, 0, 1);
    }
    f32x1 v13 = v2[0];
    *out0 = v13;
    return 0;
failed:
    return 1;
}
