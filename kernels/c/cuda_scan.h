// What scans carry along lines, y = a x + b: products of factors may have overflown, and nothing is left nothing by them.
template <typename T> FN T wf_along(T a, T x) { return x == 0 && a == a ? x : a * x; }

template <typename T> FN T wf_factors(T a, T b) { return a == 0 && b == b ? a : wf_along(a, b); }
