// add where less any
struct kernel5 { const f32 *constant0; const u8 *constant1; const f32 *v1; f32 *v2; u8 *v3; u8 *v4; };
static void kernel5(const void *given, i64 begin, i64 end) {
    const struct kernel5 *k = given;
    const f32 *constant0 = k->constant0;
    const u8 *constant1 = k->constant1;
    const f32 *v1 = k->v1;
    f32 *v2 = k->v2;
    u8 *v3 = k->v3;
    u8 *v4 = k->v4;
    for (i64 row = begin; row < end; row++) {
        m32x8 acc6[4] = {splat_m32x8(0), splat_m32x8(0), splat_m32x8(0), splat_m32x8(0)};
        {
            i64 s0 = 0;
            m32x1 t7 = load_boolx1(constant1 + 0);
            m32x8 t8 = splat_m32x8(t7);
            f32x1 t9 = load_f32x1(constant0 + 0);
            f32x8 t10 = splat_f32x8(t9);
            for (; s0 + 32 <= 1000; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t11 = load_f32x8(v1 + s0);
                        f32x8 t12 = t10 + t11;
                        f32x8 t13 = select_f32x8(t8, t12, t10);
                        m32x8 t14 = lt_f32x8(t13, splat_f32x8(4.0f));
                        acc6[u] = or_m_8(acc6[u], t14);
                        store_f32x8(v2 + s0, t13);
                        store_boolx8(v3 + s0, t14);
                    }
                }
            }
            for (; s0 < 1000; s0 += 8) {
                i64 s0_left = 1000 - s0 < 8 ? 1000 - s0 : 8;
                f32x8 t15 = load_part_f32x8(v1 + s0, s0_left);
                f32x8 t16 = t10 + t15;
                f32x8 t17 = select_f32x8(t8, t16, t10);
                m32x8 t18 = lt_f32x8(t17, splat_f32x8(4.0f));
                acc6[0] = or_m_8(acc6[0], select_m32x8(first_m_8(s0_left), t18, splat_m32x8(0)));
                store_part_f32x8(v2 + s0, t17, s0_left);
                store_part_boolx8(v3 + s0, t18, s0_left);
            }
        }
        m32x1 fold0 = any_m32x8(or_m_8(acc6[3], or_m_8(acc6[2], or_m_8(acc6[1], acc6[0]))));
        m32x1 t19 = fold0;
        store_boolx1(v4 + 0, t19);
    }
}
struct kernel25 { const i32 *constant2; i32 *out0; const f32 *v1; const f32 *v2; const u8 *v3; m32x1 v20; };
static void kernel25(const void *given, i64 begin, i64 end) {
    const struct kernel25 *k = given;
    const i32 *constant2 = k->constant2;
    i32 *out0 = k->out0;
    const f32 *v1 = k->v1;
    const f32 *v2 = k->v2;
    const u8 *v3 = k->v3;
    m32x1 v20 = k->v20;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            i32x1 t27 = load_i32x1(constant2 + 0);
            i32x8 t28 = splat_i32x8(t27);
            for (; s0 + 8 <= 1000; s0 += 8) {
                f32x8 t26 = load_f32x8(v2 + s0);
                f32x8 state21 = t26;
                i32x8 state22 = t28;
                m32x8 t29 = load_boolx8(v3 + s0);
                m32x8 state23 = t29;
                i64x1 t30 = (1);
                i64x1 state24 = t30;
                m32x1 t31 = v20;
                m32x1 go = t31;
                while (go) {
                    m32x8 t32 = state23;
                    f32x8 t33 = state21;
                    f32x8 t34 = t33 * t33;
                    f32x8 t35 = load_f32x8(v1 + s0);
                    f32x8 t36 = t34 + t35;
                    f32x8 t37 = select_f32x8(t32, t36, t33);
                    i32x8 t38 = state22;
                    i32x8 t39 = cast_m32_i32x8(t32);
                    i32x8 t40 = t38 + t39;
                    m32x8 t41 = lt_f32x8(t37, splat_f32x8(4.0f));
                    i64x1 t42 = state24;
                    i64x1 t43 = t42 + 1;
                    m32x1 t44 = lt_i64x1(t43, 50);
                    state21 = t37;
                    state22 = t40;
                    state23 = t41;
                    state24 = t43;
                    go = t44 && any_m32x8(state23);
                }
                i32x8 t45 = state22;
                store_i32x8(out0 + s0, t45);
            }
        }
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    i32 *out0 = out[0];
    const f32 *constant0 = in[1];
    const u8 *constant1 = in[2];
    const i32 *constant2 = in[3];
    f32 *v2 = (f32 *)(arena + 0);
    u8 *v3 = (u8 *)(arena + 4032);
    u8 v4[1];
    {
        struct kernel5 k = {constant0, constant1, v1, v2, v3, v4};
        kernel5(&k, 0, 1);
    }
    m32x1 v20 = v4[0] != 0;
    {
        struct kernel25 k = {constant2, out0, v1, v2, v3, v20};
        kernel25(&k, 0, 1);
    }
    wf_end(&call);
    return 0;
failed:
    wf_end(&call);
    return 1;
}
