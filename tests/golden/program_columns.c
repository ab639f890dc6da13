// sum
struct kernel1 { const f32 *x1; f32 *y1; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    {
        {
            i64 s1 = begin * 64;
            for (; s1 + 32 <= (end * 64 < 100 ? end * 64 : 100); s1 += 32) {
                f32x32 sum1 = splat_f32x32(0.0f);
                {
                    for (i64 s0 = 0; s0 < 50; s0++) {
                        f32x32 t1 = load_f32x32(x1 + s0 * 100 + s1);
                        sum1 = sum1 + t1;
                    }
                }
                f32x32 fold = sum1;
                f32x32 t2 = fold;
                store_f32x32(y1 + s1, t2);
            }
            for (; s1 < (end * 64 < 100 ? end * 64 : 100); s1 += 32) {
                i64 s1_left = (end * 64 < 100 ? end * 64 : 100) - s1 < 32 ? (end * 64 < 100 ? end * 64 : 100) - s1 : 32;
                f32x32 sum2 = splat_f32x32(0.0f);
                {
                    for (i64 s0 = 0; s0 < 50; s0++) {
                        f32x32 t3 = load_part_f32x32(x1 + s0 * 100 + s1, s1_left);
                        sum2 = sum2 + select_f32x32(first_m_32(s1_left), t3, splat_f32x32(0.0f));
                    }
                }
                f32x32 fold = sum2;
                f32x32 t4 = fold;
                store_part_f32x32(y1 + s1, t4, s1_left);
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
        kernel1(&k, 0, 2);
    }
    return 0;
failed:
    return 1;
}
