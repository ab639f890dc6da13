// multiply add tanh
struct kernel1 { const f32 *x1; const f32 *x2; f32 *y1; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    const f32 *x2 = k->x2;
    f32 *y1 = k->y1;
    for (i64 s0 = begin; s0 < end; s0++) {
        {
            i64 s1 = 0;
            for (; s1 + 8 <= 100; s1 += 8) {
                f32x8 t1 = load_f32x8(x1 + s0 * 100 + s1);
                f32x8 t2 = t1 * splat_f32x8(0x1.0000000000000p-1f);
                f32x8 t3 = load_f32x8(x2 + s1);
                f32x8 t4 = t2 + t3;
                f32x8 t5 = tanh_f32x8(t4);
                store_f32x8(y1 + s0 * 100 + s1, t5);
            }
            for (; s1 < 100; s1 += 8) {
                i64 s1_left = 100 - s1 < 8 ? 100 - s1 : 8;
                f32x8 t6 = load_part_f32x8(x1 + s0 * 100 + s1, s1_left);
                f32x8 t7 = t6 * splat_f32x8(0x1.0000000000000p-1f);
                f32x8 t8 = load_part_f32x8(x2 + s1, s1_left);
                f32x8 t9 = t7 + t8;
                f32x8 t10 = tanh_f32x8(t9);
                store_part_f32x8(y1 + s0 * 100 + s1, t10, s1_left);
            }
        }
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    const f32 *v2 = in[1];
    f32 *out0 = out[0];
    {
        struct kernel1 k = {v1, v2, out0};
        kernel1(&k, 0, 8);
    }
    return 0;
failed:
    return 1;
}
