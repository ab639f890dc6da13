// The whole state of the stand-in driver, and the types it is made of.
//
// A stand-in for libcuda.so.1: device memory is host memory, a stream is a list of functions, and a kernel is run by
// one CPU thread. Everything is behind one lock, which each entry of the driver takes.
#pragma once
#include <cuda.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "../device/abi.h"

#define EXPORT extern "C" __attribute__((visibility("default")))
#define API EXPORT CUresult

namespace standin {

typedef uintptr_t address;
typedef std::function<CUresult()> Work;

struct Options {
    bool check = false;              // modules are compiled with a call at each access to memory
    bool lazy = false;               // asynchronous work runs only when something waits for it
    bool guard = false;              // an allocation ends where the mapped memory ends
    bool trace = false;              // each call is printed
    long order = 0;                  // of blocks, warps and lanes: 0 forwards, -1 backwards, else the seed of a shuffle
    size_t memory = size_t(1) << 30; // bytes of a device; pinned memory counts
    int devices = 1, multiprocessors = 132, driver = 13000;
};

// When a thread touched something: how many barriers of its block and its warp had it passed?
struct Moment {
    uint32_t barriers, exchanges;
};

// The last accesses to 4 bytes, with a bit for each byte: a writer and two readers. A thread is numbered in its grid.
struct Cell {
    uint32_t launch, writer, readers[2];
    Moment written, read[2];
    uint8_t written_bytes, read_bytes[2];
    bool atomic;
};

enum Kind { DEVICE, PINNED, REGISTERED, MANAGED, GLOBAL };

struct Allocation {
    address begin;
    size_t size;
    Kind kind;
    int device;
    void *mapping; // with guard: what was mapped for it
    size_t mapped;
    std::vector<uint8_t> defined; // with checks: which bytes were ever written
    std::vector<Cell> cells;
    address end() const { return begin + size; }
};

struct Context {
    int device, users;
    bool primary;
};

struct Graph;

struct Stream;

// Work of a stream that was not run yet, and what of another stream has to be done before.
struct Item {
    uint64_t number;
    Work work;
    Stream *awaited;
    uint64_t awaited_number;
};

struct Stream {
    bool blocking = true; // waits for the default stream, and it for this one
    std::deque<Item> items;
    std::shared_ptr<Graph> captured;    // what is recorded at present
    bool origin = false, joined = true; // the capture began here; or its work has found back to where it began
};

struct Event {
    Stream *stream = nullptr;
    uint64_t number = 0;
    double time = 0;
    bool recorded = false, done = true;
    std::shared_ptr<Graph> captured;
};

// A node of a graph: work, another graph, or a choice among graphs by a condition.
struct Node {
    Work work;
    std::shared_ptr<Graph> child;
    bool conditional = false;
    CUgraphConditionalNodeType choice = CU_GRAPH_COND_TYPE_IF;
    uint64_t condition = 0;
    std::vector<std::shared_ptr<Graph>> bodies;
    std::vector<CUgraph> handles; // of the bodies
};

// Nodes in the order in which they were added, which is one that their dependencies allow.
struct Graph {
    std::vector<std::unique_ptr<Node>> nodes;
    std::vector<uint64_t> conditions;
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
    std::thread::id thread;         // that records
    CUresult broken = CUDA_SUCCESS; // what ended its recording
};

struct Condition {
    unsigned value, start;
    bool restarts; // takes its first value at each launch of the graph
};

struct Module {
    void *library;
    int file; // its bytes, in memory
    const standin_module_table *table;
    address begin, end;
    bool loaded = true;
};

struct Function {
    std::shared_ptr<Module> module;
    const standin_kernel *kernel;
    std::vector<standin_range> shared;
    size_t static_shared = 0, most_dynamic = 48 << 10;
};

// Traffic of a kernel with global memory: what the lanes of a warp ask for at once is a request.
struct Traffic {
    uint64_t bytes = 0, requests = 0, sectors = 0;
};

struct KernelCount {
    uint64_t launches = 0, blocks = 0, threads = 0;
    double milliseconds = 0;
    Traffic read, written;
};

struct State {
    std::recursive_mutex lock;
    Options options;
    bool started = false, forked = false;
    CUresult lost = CUDA_SUCCESS; // an error that stays
    std::string message;          // the last that was said
    std::map<address, Allocation> memory;
    std::vector<size_t> used; // bytes of each device
    size_t most_used = 0;
    uint64_t allocations = 0;
    std::vector<std::unique_ptr<Context>> contexts;
    Stream first; // the default stream
    std::vector<Stream *> streams;
    uint64_t numbers = 0;                            // of the work handed in so far
    std::vector<std::shared_ptr<Graph>> captures;    // going on
    std::map<void *, std::shared_ptr<Graph>> graphs; // by handle; of executable graphs too
    std::vector<Condition> conditions;
    std::vector<std::shared_ptr<Module>> modules;
    std::map<CUmodule, std::map<std::string, std::unique_ptr<Function>>> functions;
    std::map<std::string, KernelCount> counts;
};

extern State state;
extern thread_local std::vector<Context *> contexts; // of this thread; the last is the current one

// options.cpp
void read_options(const std::string &text);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

// contexts.cpp
CUresult ready(); // whether a call may go on: a current context, and nothing lost
Context *current();

// memory.cpp
Allocation *find(address at);
Allocation *nearest(address at); // the one that begins before
CUresult allocate(address *to, size_t size, Kind kind);
CUresult release(address at);
bool holds(address at, size_t size, const char *what);
void defined(address at, size_t size);

// streams.cpp
Stream *stream_of(CUstream handle);
CUresult run_until(Stream *stream, uint64_t number = ~uint64_t(0));
CUresult run_all();
CUresult run_default(); // what a copy that waits has to wait for
CUresult submit(Stream *stream, Work work, Stream *awaited = nullptr, uint64_t awaited_number = 0);

// captures.cpp
CUresult outside_capture(const char *what);
CUresult run_graph(const Graph &graph);

// modules.cpp
std::string source_line(void *instruction);

double now(); // milliseconds

} // namespace standin

// The first line of each entry of the driver: the lock, and whether it may go on.
#define ENTER                                                                                                          \
    std::lock_guard<std::recursive_mutex> entered(standin::state.lock);                                                \
    standin::trace("%s", __func__)
#define ENTER_READY                                                                                                    \
    ENTER;                                                                                                             \
    if (CUresult unready = standin::ready()) return unready
