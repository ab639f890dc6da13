// add less any
struct kernel1 { const f32 *x1; f32 *y1; u8 *y2; u8 *y3; };
static void kernel1(const void *given, i64 begin, i64 end) {
    const struct kernel1 *k = given;
    const f32 *x1 = k->x1;
    f32 *y1 = k->y1;
    u8 *y2 = k->y2;
    u8 *y3 = k->y3;
    for (i64 row = begin; row < end; row++) {
        m32x8 acc1[4] = {splat_m32x8(0), splat_m32x8(0), splat_m32x8(0), splat_m32x8(0)};
        {
            i64 s0 = 0;
            f32x1 t1 = (0.0f);
            f32x8 t2 = splat_f32x8(t1);
            for (; s0 + 32 <= 1000; s0 += 32) {
                #pragma GCC unroll 4
                for (i64 u = 0; u < 4; u++) {
                    i64 s0_start = s0;
                    {
                        i64 s0 = s0_start + u * 8;
                        f32x8 t3 = load_f32x8(x1 + s0);
                        f32x8 t4 = t2 + t3;
                        m32x8 t5 = lt_f32x8(t4, splat_f32x8(4.0f));
                        acc1[u] = or_m_8(acc1[u], t5);
                        store_f32x8(y1 + s0, t4);
                        store_boolx8(y2 + s0, t5);
                    }
                }
            }
            for (; s0 < 1000; s0 += 8) {
                i64 s0_left = 1000 - s0 < 8 ? 1000 - s0 : 8;
                f32x8 t6 = load_part_f32x8(x1 + s0, s0_left);
                f32x8 t7 = t2 + t6;
                m32x8 t8 = lt_f32x8(t7, splat_f32x8(4.0f));
                acc1[0] = or_m_8(acc1[0], select_m32x8(first_m_8(s0_left), t8, splat_m32x8(0)));
                store_part_f32x8(y1 + s0, t7, s0_left);
                store_part_boolx8(y2 + s0, t8, s0_left);
            }
        }
        m32x1 fold0 = any_m32x8(or_m_8(acc1[3], or_m_8(acc1[2], or_m_8(acc1[1], acc1[0]))));
        m32x1 t9 = fold0;
        store_boolx1(y3 + 0, t9);
    }
}
struct kernel2 { const f32 *x1; const f32 *x2; const u8 *x3; i32 *y1; m32x1 a1; };
static void kernel2(const void *given, i64 begin, i64 end) {
    const struct kernel2 *k = given;
    const f32 *x1 = k->x1;
    const f32 *x2 = k->x2;
    const u8 *x3 = k->x3;
    i32 *y1 = k->y1;
    m32x1 a1 = k->a1;
    for (i64 row = begin; row < end; row++) {
        {
            i64 s0 = 0;
            i32x1 t1 = (1);
            i32x8 t2 = splat_i32x8(t1);
            for (; s0 + 8 <= 1000; s0 += 8) {
                f32x8 t3 = load_f32x8(x2 + s0);
                f32x8 state1 = t3;
                i32x8 state2 = t2;
                m32x8 t4 = load_boolx8(x3 + s0);
                m32x8 state3 = t4;
                i64x1 t5 = (1);
                i64x1 state4 = t5;
                m32x1 t6 = a1;
                m32x1 go = t6;
                while (go) {
                    m32x8 t7 = state3;
                    f32x8 t8 = state1;
                    f32x8 t9 = t8 * t8;
                    f32x8 t10 = load_f32x8(x1 + s0);
                    f32x8 t11 = t9 + t10;
                    f32x8 t12 = select_f32x8(t7, t11, t8);
                    i32x8 t13 = state2;
                    i32x8 t14 = cast_m32_i32x8(t7);
                    i32x8 t15 = t13 + t14;
                    m32x8 t16 = lt_f32x8(t12, splat_f32x8(4.0f));
                    i64x1 t17 = state4;
                    i64x1 t18 = t17 + 1;
                    m32x1 t19 = lt_i64x1(t18, 50);
                    state1 = t12;
                    state2 = t15;
                    state3 = t16;
                    state4 = t18;
                    go = t19 && any_m32x8(state3);
                }
                i32x8 t20 = state2;
                store_i32x8(y1 + s0, t20);
            }
        }
    }
}
int run(const struct wf_runtime *rt, void *token, void *const *in, void *const *out, char *arena) {
    struct wf_call call = {rt, token, 0};
    i64 spent = 0;
    const f32 *v1 = in[0];
    i32 *out0 = out[0];
    f32 *v2 = (f32 *)(arena + 0);
    u8 *v3 = (u8 *)(arena + 4032);
    u8 v4[1];
    {
        struct kernel1 k = {v1, v2, v3, v4};
        kernel1(&k, 0, 1);
    }
    m32x1 v15 = v4[0] != 0;
    {
        struct kernel2 k = {v1, v2, v3, out0, v15};
        kernel2(&k, 0, 1);
    }
    return 0;
failed:
    return 1;
}
