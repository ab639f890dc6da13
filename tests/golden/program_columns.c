// sum
struct kernel2 { f32 *out0; const f32 *v1; };
static void kernel2(const void *given, i64 begin, i64 end) {
    const struct kernel2 *k = given;
    f32 *out0 = k->out0;
    const f32 *v1 = k->v1;
    {
        {
            i64 s1 = begin * 64;
            for (; s1 + 32 <= (end * 64 < 100 ? end * 64 : 100); s1 += 32) {
                f32x32 sum3 = splat_f32x32(0.0f);
                {
                    for (i64 s0 = 0; s0 < 50; s0++) {
                        f32x32 t4 = load_f32x32(v1 + s0 * 100 + s1);
                        sum3 = sum3 + t4;
                    }
                }
                f32x32 fold = sum3;
                f32x32 t5 = fold;
                store_f32x32(out0 + s1, t5);
            }
            for (; s1 < (end * 64 < 100 ? end * 64 : 100); s1 += 32) {
                i64 s1_left = (end * 64 < 100 ? end * 64 : 100) - s1 < 32 ? (end * 64 < 100 ? end * 64 : 100) - s1 : 32;
                f32x32 sum6 = splat_f32x32(0.0f);
                {
                    for (i64 s0 = 0; s0 < 50; s0++) {
                        f32x32 t7 = load_part_f32x32(v1 + s0 * 100 + s1, s1_left);
                        sum6 = sum6 + select_f32x32(first_m_32(s1_left), t7, splat_f32x32(0.0f));
                    }
                }
                f32x32 fold = sum6;
                f32x32 t8 = fold;
                store_part_f32x32(out0 + s1, t8, s1_left);
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
        kernel2(&k, 0, 2);
    }
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
