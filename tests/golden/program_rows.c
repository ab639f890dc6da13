// peak isinf where subtract exp sum equal divide
struct kernel1 { const f32 *x1; f32 *y1; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    for (i64 s0 = begin; s0 < end; s0++) {
        f32 kept0[100] __attribute__((aligned(64)));
        f32x8 acc1[4] = {splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff()), splat_f32x8(-__builtin_inff())};
        {
            i64 s1 = 0;
            for (; s1 + 32 <= 100; s1 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s1_start = s1;
                    {
                        i64 s1 = s1_start + u * 8;
                        f32x8 t1 = load_f32x8(x1 + s0 * 100 + s1);
                        acc1[u] = wf_peak_f32x8(acc1[u], t1);
                    }
                }
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t2 = load_part_f32x8(x1 + s0 * 100 + s1, s1_left);
                acc1[0] = wf_peak_f32x8(acc1[0], select_f32x8(first_m_8(s1_left), t2, splat_f32x8(-__builtin_inff())));
            }
        }
        f32x1 fold0 = max_f32x8(wf_peak_f32x8(acc1[3], wf_peak_f32x8(acc1[2], wf_peak_f32x8(acc1[1], acc1[0]))));
        f32x8 acc2[4] = {splat_f32x8(0.0f), splat_f32x8(0.0f), splat_f32x8(0.0f), splat_f32x8(0.0f)};
        {
            i64 s1 = 0;
            f32x1 t3 = fold0;
            m32x1 t4 = wf_isinf_f32x1(t3);
            f32x1 t5 = (0.0f);
            f32x1 t6 = select_f32x1(t4, t5, t3);
            f32x8 t7 = splat_f32x8(t6);
            for (; s1 + 32 <= 100; s1 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s1_start = s1;
                    {
                        i64 s1 = s1_start + u * 8;
                        f32x8 t8 = load_f32x8(x1 + s0 * 100 + s1);
                        f32x8 t9 = t8 - t7;
                        f32x8 t10 = exp_f32x8(t9);
                        acc2[u] = acc2[u] + t10;
                        store_f32x8(kept0 + s1, t10);
                    }
                }
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t11 = load_part_f32x8(x1 + s0 * 100 + s1, s1_left);
                f32x8 t12 = t11 - t7;
                f32x8 t13 = exp_f32x8(t12);
                acc2[0] = acc2[0] + select_f32x8(first_m_8(s1_left), t13, splat_f32x8(0.0f));
                store_part_f32x8(kept0 + s1, t13, s1_left);
            }
        }
        f32x1 fold1 = sum_f32x8(acc2[3] + acc2[2] + acc2[1] + acc2[0]);
        {
            i64 s1 = 0;
            f32x1 t14 = fold1;
            f32x1 t15 = (0.0f);
            m32x1 t16 = eq_f32x1(t14, t15);
            f32x1 t17 = (1.0f);
            f32x1 t18 = select_f32x1(t16, t17, t14);
            f32x8 t19 = splat_f32x8(t18);
            for (; s1 + 8 <= 100; s1 += 8) {
                f32x8 t20 = load_f32x8(kept0 + s1);
                f32x8 t21 = t20 / t19;
                store_f32x8(y1 + s0 * 100 + s1, t21);
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t22 = load_part_f32x8(kept0 + s1, s1_left);
                f32x8 t23 = t22 / t19;
                store_part_f32x8(y1 + s0 * 100 + s1, t23, s1_left);
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
        struct kernel1 k = {v1, out0};
        kernel1(&k, 0, 8);
    }
    return 0;
failed:
    return 1;
}
