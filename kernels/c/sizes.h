// Quotients and rests of sizes as Python rounds them.

static inline i64 wf_quotient(i64 a, i64 b) { return a / b - (a % b && (a < 0) != (b < 0)); }

static inline i64 wf_rest(i64 a, i64 b) { return a - wf_quotient(a, b) * b; }
