// Capturing streams into graphs, and running graphs: their nodes in the order of their making, with conditional nodes.
//
// During a capture nothing may happen that would not be recorded: what is refused is said, and the capture is lost.
#include "state.h"

#include <algorithm>

using namespace standin;

namespace standin {

// A capture in relaxed mode lets others go on; one that is local to a thread, those of other threads.
static bool forbids(const Graph &graph) {
    if (graph.mode == CU_STREAM_CAPTURE_MODE_RELAXED) return false;
    return graph.mode == CU_STREAM_CAPTURE_MODE_GLOBAL || graph.thread == std::this_thread::get_id();
}

CUresult outside_capture(const char *what) {
    CUresult result = CUDA_SUCCESS;
    for (auto &graph : state.captures)
        if (forbids(*graph)) {
            graph->broken = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
            result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
    if (result) say("%s while a stream is being captured", what);
    return result;
}

static CUgraph kept(std::shared_ptr<Graph> graph) {
    state.graphs[graph.get()] = graph;
    return (CUgraph)graph.get();
}

static std::shared_ptr<Graph> graph_of(CUgraph handle) {
    auto it = state.graphs.find(handle);
    return it == state.graphs.end() ? nullptr : it->second;
}

static CUresult begin(CUstream handle, std::shared_ptr<Graph> graph, CUstreamCaptureMode mode) {
    Stream *stream = stream_of(handle);
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    if (stream == &state.first) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (stream->captured) return CUDA_ERROR_ILLEGAL_STATE;
    graph->mode = mode;
    graph->thread = std::this_thread::get_id();
    stream->captured = graph;
    stream->origin = true;
    state.captures.push_back(graph);
    return CUDA_SUCCESS;
}

// Takes all streams of a capture out of it; whether each had found back to its origin.
static bool leave(const std::shared_ptr<Graph> &graph) {
    bool joined = true;
    for (Stream *stream : state.streams) {
        if (stream->captured != graph) continue;
        joined = joined && (stream->origin || stream->joined);
        stream->captured = nullptr;
        stream->origin = false;
        stream->joined = true;
    }
    state.captures.erase(std::find(state.captures.begin(), state.captures.end(), graph));
    return joined;
}

static std::vector<std::shared_ptr<Graph>> chosen(const Node &node) {
    unsigned value = state.conditions[node.condition - 1].value;
    size_t body = node.choice == CU_GRAPH_COND_TYPE_IF ? !value : value;
    if (body < node.bodies.size()) return {node.bodies[body]};
    return {};
}

static CUresult run_loop(const Node &node) {
    while (state.conditions[node.condition - 1].value)
        if (CUresult error = run_graph(*node.bodies[0])) return error;
    return CUDA_SUCCESS;
}

static CUresult run_node(const Node &node) {
    if (node.work) return node.work();
    if (node.child) return run_graph(*node.child);
    if (!node.conditional) return CUDA_SUCCESS;
    if (node.choice == CU_GRAPH_COND_TYPE_WHILE) return run_loop(node);
    for (auto &body : chosen(node))
        if (CUresult error = run_graph(*body)) return error;
    return CUDA_SUCCESS;
}

CUresult run_graph(const Graph &graph) {
    for (auto &node : graph.nodes)
        if (CUresult error = run_node(*node)) return error;
    return CUDA_SUCCESS;
}

// Conditions take their first values when a graph is launched, those of bodies too, but not at each turn of a body.
static void restart(const Graph &graph) {
    for (uint64_t handle : graph.conditions) {
        Condition &condition = state.conditions[handle - 1];
        if (condition.restarts) condition.value = condition.start;
    }
    for (auto &node : graph.nodes) {
        if (node->child) restart(*node->child);
        for (auto &body : node->bodies) restart(*body);
    }
}

// With a graph go the handles of its bodies; the graphs live on as long as something runs them.
static void forget(const Graph &graph) {
    for (auto &node : graph.nodes)
        for (auto &body : node->bodies) {
            forget(*body);
            state.graphs.erase(body.get());
        }
    state.graphs.erase((void *)&graph);
}

static CUresult make_conditional(Node &node, CUDA_CONDITIONAL_NODE_PARAMS &wanted) {
    if (!wanted.handle || wanted.handle > state.conditions.size()) return CUDA_ERROR_INVALID_VALUE;
    node.conditional = true;
    node.choice = wanted.type;
    node.condition = wanted.handle;
    for (unsigned i = 0; i < wanted.size; i++) {
        node.bodies.push_back(std::make_shared<Graph>());
        node.handles.push_back(kept(node.bodies.back()));
    }
    wanted.phGraph_out = node.handles.data();
    return CUDA_SUCCESS;
}

} // namespace standin

API cuStreamBeginCapture(CUstream stream, CUstreamCaptureMode mode) {
    ENTER_READY;
    return begin(stream, std::make_shared<Graph>(), mode);
}

API cuStreamBeginCaptureToGraph(CUstream stream, CUgraph graph, const CUgraphNode *, const CUgraphEdgeData *, size_t,
                                CUstreamCaptureMode mode) {
    ENTER_READY;
    return begin(stream, graph_of(graph), mode);
}

API cuStreamEndCapture(CUstream handle, CUgraph *to) {
    ENTER;
    Stream *stream = stream_of(handle);
    if (to) *to = nullptr;
    if (!stream->captured || !stream->origin) return CUDA_ERROR_ILLEGAL_STATE;
    std::shared_ptr<Graph> graph = stream->captured;
    if (!leave(graph) && !graph->broken) {
        say("the capture ends, but a stream that joined it has work that its first stream does not wait for");
        graph->broken = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    }
    if (graph->broken) {
        forget(*graph);
        return graph->broken;
    }
    CUgraph made = kept(graph);
    if (to) *to = made;
    return CUDA_SUCCESS;
}

API cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
    ENTER;
    auto &graph = stream_of(handle)->captured;
    *status = !graph          ? CU_STREAM_CAPTURE_STATUS_NONE
              : graph->broken ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                              : CU_STREAM_CAPTURE_STATUS_ACTIVE;
    return CUDA_SUCCESS;
}

API cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *) { return CUDA_SUCCESS; }

API cuStreamGetCaptureInfo(CUstream handle, CUstreamCaptureStatus *status, cuuint64_t *id, CUgraph *to,
                           const CUgraphNode **dependencies, const CUgraphEdgeData **edges, size_t *count) {
    ENTER;
    static thread_local CUgraphNode last;
    cuStreamIsCapturing(handle, status);
    auto &graph = stream_of(handle)->captured;
    bool any = graph && !graph->nodes.empty();
    if (any) last = (CUgraphNode)graph->nodes.back().get();
    if (id) *id = (cuuint64_t)graph.get();
    if (to) *to = graph ? kept(graph) : nullptr;
    if (dependencies) *dependencies = any ? &last : nullptr;
    if (edges) *edges = nullptr;
    if (count) *count = any;
    return CUDA_SUCCESS;
}

API cuStreamUpdateCaptureDependencies(CUstream handle, CUgraphNode *, const CUgraphEdgeData *, size_t, unsigned) {
    ENTER;
    return stream_of(handle)->captured ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_STATE;
}

API cuGraphCreate(CUgraph *to, unsigned) {
    ENTER_READY;
    *to = kept(std::make_shared<Graph>());
    return CUDA_SUCCESS;
}

API cuGraphConditionalHandleCreate(CUgraphConditionalHandle *to, CUgraph handle, CUcontext, unsigned start,
                                   unsigned flags) {
    ENTER_READY;
    auto graph = graph_of(handle);
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    state.conditions.push_back({start, start, (flags & CU_GRAPH_COND_ASSIGN_DEFAULT) != 0});
    *to = state.conditions.size();
    graph->conditions.push_back(*to);
    return CUDA_SUCCESS;
}

API cuGraphAddNode(CUgraphNode *to, CUgraph handle, const CUgraphNode *, const CUgraphEdgeData *, size_t,
                   CUgraphNodeParams *wanted) {
    ENTER_READY;
    auto graph = graph_of(handle);
    auto node = std::make_unique<Node>();
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    if (wanted->type == CU_GRAPH_NODE_TYPE_CONDITIONAL) {
        if (CUresult error = make_conditional(*node, wanted->conditional)) return error;
    } else if (wanted->type == CU_GRAPH_NODE_TYPE_GRAPH) node->child = graph_of(wanted->graph.graph);
    else if (wanted->type != CU_GRAPH_NODE_TYPE_EMPTY) return CUDA_ERROR_NOT_SUPPORTED;
    *to = (CUgraphNode)node.get();
    graph->nodes.push_back(std::move(node));
    return CUDA_SUCCESS;
}

API cuGraphGetNodes(CUgraph handle, CUgraphNode *to, size_t *count) {
    ENTER;
    auto graph = graph_of(handle);
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    size_t present = graph->nodes.size();
    if (to)
        for (size_t i = 0; i < std::min(*count, present); i++) to[i] = (CUgraphNode)graph->nodes[i].get();
    *count = present;
    return CUDA_SUCCESS;
}

// An executable graph is another handle on the same graph: nothing changes it any more.
API cuGraphInstantiateWithFlags(CUgraphExec *to, CUgraph handle, unsigned long long) {
    ENTER_READY;
    auto graph = graph_of(handle);
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    auto *executable = new std::shared_ptr<Graph>(graph);
    state.graphs[executable] = graph;
    *to = (CUgraphExec)executable;
    return CUDA_SUCCESS;
}

API cuGraphUpload(CUgraphExec, CUstream) {
    ENTER_READY;
    return CUDA_SUCCESS;
}

API cuGraphLaunch(CUgraphExec handle, CUstream stream) {
    ENTER_READY;
    auto it = state.graphs.find(handle);
    if (it == state.graphs.end()) return CUDA_ERROR_INVALID_HANDLE;
    return submit(stream_of(stream), [graph = it->second] {
        restart(*graph);
        return run_graph(*graph);
    });
}

API cuGraphExecDestroy(CUgraphExec handle) {
    ENTER;
    if (!state.graphs.erase(handle)) return CUDA_ERROR_INVALID_HANDLE;
    delete (std::shared_ptr<Graph> *)handle;
    return CUDA_SUCCESS;
}

API cuGraphDestroy(CUgraph handle) {
    ENTER;
    auto graph = graph_of(handle);
    if (!graph) return CUDA_ERROR_INVALID_VALUE;
    forget(*graph);
    return CUDA_SUCCESS;
}
