// Counting what a kernel moves: bytes, requests, and sectors of 32 bytes.
//
// Lanes of a warp that come to the same instruction for the same time ask together, as one request; it costs as many
// sectors as its lanes touch. So 32 lanes with 4 bytes side by side are a request of 4 sectors, with 16 bytes one
// of 16.
#include "block.h"

#include <algorithm>

namespace standin {

static void add(Traffic &traffic, Request &request, address at, size_t size) {
    if (request.empty()) traffic.requests++;
    traffic.bytes += size;
    for (address sector = at / 32; sector <= (at + size - 1) / 32; sector++)
        if (std::find(request.rbegin(), request.rend(), sector) == request.rend()) {
            request.push_back(sector);
            traffic.sectors++;
        }
}

void count_traffic(address at, size_t size, bool write, void *instruction) {
    uint64_t place = (uint64_t)instruction << 1 | write;
    uint32_t round = block.rounds[block.current][place]++;
    Request &request = block.requests[block.current / warp_size][place ^ (uint64_t)round << 48];
    add(write ? block.counted->written : block.counted->read, request, at, size);
}

} // namespace standin
