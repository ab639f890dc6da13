// CUDA C -> C++ for the stand-in's device header.
#pragma once
#include <string>

// The source with its shared memory in sections of functions, and with the table of its kernels at the end.
std::string translate(const std::string &source, const std::string &name);
