// abs max
struct kernel4 { const f32 *v1; f32 *v3; };
static void kernel4(const void *given, i64 begin, i64 end) {
    const struct kernel4 *k = given;
    const f32 *v1 = k->v1;
    f32 *v3 = k->v3;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc5[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s0 = row * 8192;
            for (; s0 + 32 <= (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000); s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t6 = load_f32x8(v1 + s0);
                        f32x8 t7 = wf_abs_f32x8(t6);
                        acc5[u] = wf_max_f32x8(acc5[u], t7);
                    }
                }
            }
            for (; s0 < (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000); s0 += 8) {
                i64 s0_left = (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000) - s0 < 8 ? (row * 8192 + 8192 < 40000 ? row * 8192 + 8192 : 40000) - s0 : 8;
                f32x8 t8 = load_part_f32x8(v1 + s0, s0_left);
                f32x8 t9 = wf_abs_f32x8(t8);
                acc5[0] = wf_max_f32x8(acc5[0], select_f32x8(first_m_8(s0_left), t9, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold = max_f32x8(wf_max_f32x8(acc5[3], wf_max_f32x8(acc5[2], wf_max_f32x8(acc5[1], acc5[0]))));
        f32x1 t10 = fold;
        store_f32x1(v3 + row, t10);
    }
}
// abs max
struct kernel11 { f32 *v2; const f32 *v3; };
static void kernel11(const void *given, i64 begin, i64 end) {
    const struct kernel11 *k = given;
    f32 *v2 = k->v2;
    const f32 *v3 = k->v3;
    for (i64 row = begin; row < end; row++) {
        f32x8 acc12[1] = {splat_f32x8(-__builtin_inff())};
        {
            i64 part = 0;
            for (; part < 5; part += 8) {
                i64 part_left = 5 - part < 8 ? 5 - part : 8;
                f32x8 t13 = load_part_f32x8(v3 + part, part_left);
                acc12[0] = wf_max_f32x8(acc12[0], select_f32x8(first_m_8(part_left), t13, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 whole = max_f32x8(acc12[0]);
        f32x1 t14 = whole;
        store_f32x1(v2 + 0, t14);
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
        struct kernel4 k = {v1, v3};
        rt->parallel(kernel4, &k, 5, 1392.6);
    }
    {
        struct kernel11 k = {v2, v3};
        kernel11(&k, 0, 1);
    }
    f32x1 v15 = v2[0];
    *out0 = v15;
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
