// The convolutions that a program asks for: which way they are done, and how the work is cut.

void WF_NAME(wf_conv)(const void *request) {
    const struct wf_conv *g = request;
    const struct wf_windows *at = &g->at;
    i64 breadth = g->groups * g->out, taps = wf_taps(at);
    int deep = g->in == 1 && g->groups > 1, flat = !deep && WF_NAME(is_flat)(g);
    if (!breadth || !at->count[0] || !at->count[1] || !at->count[2] || !at->batch) return;
    struct WF_NAME(conv_job) job = {g, 0, (g->out + COLUMNS - 1) / COLUMNS, taps * g->in};
    i64 columns = deep || flat ? breadth : g->groups * job.panels * COLUMNS;
    job.rows = wf_rows_at_once(at, (deep ? breadth : g->groups * g->in) * sizeof(REAL));
    job.packed = wf_room(WF_WEIGHTS, (job.depth * columns + LANES) * sizeof(REAL));
    if (deep) WF_NAME(pack_deep)(g, job.packed);
    else if (flat) WF_NAME(pack_flat)(g, job.packed);
    else wf_parallel(WF_NAME(pack_weights), &job, g->groups * job.panels, job.depth * COLUMNS / 8.0);
    double ns = (double)job.rows * at->count[2] * (2 * job.depth + 8) * breadth / (deep ? 30 : 120);
    i64 units = at->batch * at->count[0] * wf_chunks(at, job.rows);
    wf_parallel(deep ? WF_NAME(convolve_deep) : flat ? WF_NAME(convolve_flat) : WF_NAME(convolve), &job, units, ns);
}

// The order of additions depends on the lengths alone: each of a number of partial sums is one thread's work.
void WF_NAME(wf_conv_dw)(const void *request) {
    const struct wf_conv_dw *g = request;
    const struct wf_windows *at = &g->at;
    i64 taps = wf_taps(at), breadth = g->groups * g->out, size = taps * g->in * breadth;
    int deep = g->in == 1 && g->groups > 1;
    if (!size) return;
    struct WF_NAME(weights_job) job = {g, g->dw, (g->out + COLUMNS - 1) / COLUMNS, size};
    job.rows = wf_rows_at_once(at, (deep ? breadth : g->groups * g->in) * sizeof(REAL));
    job.units = at->batch * at->count[0] * wf_chunks(at, job.rows);
    if (!job.units || !at->count[2]) {
        __builtin_memset(g->dw, 0, size * sizeof(REAL));
        return;
    }
    job.partials = wf_clamp(WF_PARTIAL / (size * (i64)sizeof(REAL)), 1, job.units < 32 ? job.units : 32);
    job.parts = deep ? 1 : wf_clamp(32 / job.partials, 1, g->groups * job.panels);
    if (job.partials > 1) job.sums = wf_room(WF_WEIGHTS, job.partials * size * sizeof(REAL));
    double ns = 2.0 * size * at->batch * at->count[0] * at->count[1] * at->count[2] / (deep ? 30 : 120);
    wf_parallel(deep ? WF_NAME(correlate_deep) : WF_NAME(correlate), &job, job.partials * job.parts,
                ns / (double)(job.partials * job.parts));
    if (job.partials == 1) return;
    struct WF_NAME(sum_job) sum = {job.sums, g->dw, size, job.partials};
    wf_parallel(WF_NAME(sum_parts), &sum, (size + WF_SHARE - 1) / WF_SHARE, WF_SHARE * job.partials / 4.0);
}
