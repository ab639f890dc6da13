// Products of matrices by tiles, for what the library of products does not take: any strides, and small matrices.

// The element of row (or column) m at k of the sum; V neighbours of one or the other, D saying of which.
template <typename T, int V, bool D> struct wf_matrix {
    static const int width = V;
    static const bool is_deep = D;
    const T *p;
    i64 along, deep;
    int count, depth;
    typedef i64 At;
    METHOD At first(int m) const { return m * along; }
    METHOD void get(T *to, At at, int m, int k) const {
        for (int v = 0; v < V; v++) to[v] = 0;
        if (m < count && k < depth) wf_get<V>(to, p + at + k * deep);
    }
};

template <typename T> struct wf_multiplied {
    T *p;
    i64 row;
    int rows, columns;
    METHOD void put(int m, int n, T value) const {
        if (m < rows && n < columns) p[m * row + n] = value;
    }
};
