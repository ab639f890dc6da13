// Compiling CUDA C to a module, with what was compiled before kept on the disk.
#pragma once
#include <string>
#include <vector>

struct Wanted {
    std::string source, name;
    std::vector<std::string> flags; // -D, -U and -I
    bool checked, contracted;       // with checks of memory; products and sums in one rounding
    std::vector<std::pair<std::string, std::string>> headers; // names and texts
};

struct Compiled {
    bool done;
    std::string log, image;
};

Compiled compile(const Wanted &wanted);
