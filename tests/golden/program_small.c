int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    f32 *out0 = out[0];
    f32x1 t2 = load_f32x1(v1 + 0);
    f32x1 t3 = -t2;
    f32x1 v4 = v1[1];
    f32x1 v5 = v4;
    f32x1 v6 = t3;
    f32x1 t7 = v5;
    f32x1 t8 = 0x1.99999a0000000p-4f * t7;
    f32x1 t9 = v6;
    f32x1 t10 = 0x1.99999a0000000p-4f * t9;
    f32x1 t11 = load_f32x1(v1 + 0);
    f32x1 t12 = t11 + t8;
    f32x1 t13 = load_f32x1(v1 + 1);
    f32x1 t14 = t13 + t10;
    out0[0] = t12;
    out0[1] = t14;
    return 0;
failed:
    return 1;
}
