// max isinf where subtract exp sum equal divide
struct kernel2 { f32 *out0; const f32 *v1; };
static void kernel2(const void *given, i64 begin, i64 end) {
    const struct kernel2 *k = given;
    f32 *out0 = k->out0;
    const f32 *v1 = k->v1;
    for (i64 s0 = begin; s0 < end; s0++) {
        f32 kept0[100] __attribute__((aligned(64)));
        f32x8 acc3[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s1 = 0;
            for (; s1 + 32 <= 100; s1 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s1_start = s1;
                    {
                        i64 s1 = s1_start + u * 8;
                        f32x8 t4 = load_f32x8(v1 + s0 * 100 + s1);
                        acc3[u] = wf_max_f32x8(acc3[u], t4);
                    }
                }
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t5 = load_part_f32x8(v1 + s0 * 100 + s1, s1_left);
                acc3[0] = wf_max_f32x8(acc3[0], select_f32x8(first_m_8(s1_left), t5, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_max_f32x8(acc3[3], wf_max_f32x8(acc3[2], wf_max_f32x8(acc3[1], acc3[0]))));
        f32x8 acc6[4] = {splat_f32x8(0.0f), splat_f32x8(0.0f), splat_f32x8(0.0f), splat_f32x8(0.0f)};
        {
            i64 s1 = 0;
            f32x1 t8 = fold0;
            m32x1 t9 = wf_isinf_f32x1(t8);
            f32x1 t10 = (0.0f);
            f32x1 t11 = select_f32x1(t9, t10, t8);
            f32x8 t12 = splat_f32x8(t11);
            for (; s1 + 32 <= 100; s1 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s1_start = s1;
                    {
                        i64 s1 = s1_start + u * 8;
                        f32x8 t7 = load_f32x8(v1 + s0 * 100 + s1);
                        f32x8 t13 = t7 - t12;
                        f32x8 t14 = exp_f32x8(t13);
                        acc6[u] = acc6[u] + t14;
                        store_f32x8(kept0 + s1, t14);
                    }
                }
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t15 = load_part_f32x8(v1 + s0 * 100 + s1, s1_left);
                f32x8 t16 = t15 - t12;
                f32x8 t17 = exp_f32x8(t16);
                acc6[0] = acc6[0] + select_f32x8(first_m_8(s1_left), t17, splat_f32x8(0.0f));
                store_part_f32x8(kept0 + s1, t17, s1_left);
            }
        }
        f32x1 fold1 = sum_f32x8(acc6[3] + acc6[2] + acc6[1] + acc6[0]);
        {
            i64 s1 = 0;
            f32x1 t19 = fold1;
            f32x1 t20 = (0.0f);
            m32x1 t21 = eq_f32x1(t19, t20);
            f32x1 t22 = (1.0f);
            f32x1 t23 = select_f32x1(t21, t22, t19);
            f32x8 t24 = splat_f32x8(t23);
            for (; s1 + 8 <= 100; s1 += 8) {
                f32x8 t18 = load_f32x8(kept0 + s1);
                f32x8 t25 = t18 / t24;
                store_f32x8(out0 + s0 * 100 + s1, t25);
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t26 = load_part_f32x8(kept0 + s1, s1_left);
                f32x8 t27 = t26 / t24;
                store_part_f32x8(out0 + s0 * 100 + s1, t27, s1_left);
            }
        }
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    f32 *out0 = out[0];
    {
        struct kernel2 k = {out0, v1};
        kernel2(&k, 0, 8);
    }
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
