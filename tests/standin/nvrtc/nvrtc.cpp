// The functions of NVRTC, NVIDIA's run-time compiler, that a program calls to turn CUDA C into a cubin.
//
// Its version is a number that the stand-in's own sources and its mode decide, so that a program which keeps cubins
// under the compiler's version never takes one of another stand-in, or one without checks where checks are asked for.
#include "compile.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" int standin_checks(); // of the driver

enum Result { SUCCESS = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

struct Program {
    Wanted wanted;
    Compiled compiled;
};

// Options that change nothing here, without their dashes.
static const std::set<std::string> ignored = {
    "arch", "gpu-architecture", "std", "G", "device-debug", "lineinfo", "generate-line-info", "ptxas-options", "Xptxas",
    "maxrregcount", "ftz", "prec-div", "prec-sqrt", "use_fast_math", "default-device", "device-int128",
    "device-as-default-execution-space", "w", "disable-warnings", "diag-suppress", "extra-device-vectorization",
    "minimal", "restrict", "dopt", "split-compile", "no-cache"};

static const std::map<std::string, std::string> short_names = {
    {"define-macro", "-D"}, {"undefine-macro", "-U"}, {"include-path", "-I"}};

// Whether an option is known; what it asks for.
static bool take(Wanted &wanted, const std::string &option) {
    size_t begin = std::min(option.find_first_not_of('-'), option.size()), equals = option.find('=');
    std::string name = option.substr(begin, std::min(equals, option.size()) - begin);
    std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (short_names.count(name)) wanted.flags.push_back(short_names.at(name) + value);
    else if (begin == 1 && std::string("DUI").find(option[1]) != std::string::npos) wanted.flags.push_back(option);
    else if (name == "fmad") wanted.contracted = value == "true";
    else return ignored.count(name) > 0;
    return true;
}

static void hand_over(const std::string &from, char *to) { memcpy(to, from.data(), from.size()); }

EXPORT Result nvrtcVersion(int *major, int *minor) {
    *major = 13;
    *minor = (int)strtol(std::string(STANDIN_STAMP).substr(0, 6).c_str(), nullptr, 16) * 2 + standin_checks();
    return SUCCESS;
}

EXPORT const char *nvrtcGetErrorString(Result result) {
    switch (result) {
    case SUCCESS: return "NVRTC_SUCCESS";
    case INVALID_INPUT: return "NVRTC_ERROR_INVALID_INPUT";
    case INVALID_PROGRAM: return "NVRTC_ERROR_INVALID_PROGRAM";
    case INVALID_OPTION: return "NVRTC_ERROR_INVALID_OPTION";
    case COMPILATION: return "NVRTC_ERROR_COMPILATION";
    }
    return "NVRTC_ERROR unknown";
}

static const int architectures[] = {75, 80, 86, 89, 90, 100, 120};

EXPORT Result nvrtcGetNumSupportedArchs(int *count) {
    *count = sizeof architectures / sizeof *architectures;
    return SUCCESS;
}

EXPORT Result nvrtcGetSupportedArchs(int *to) {
    memcpy(to, architectures, sizeof architectures);
    return SUCCESS;
}

EXPORT Result nvrtcCreateProgram(Program **to, const char *source, const char *name, int headers,
                                 const char *const *texts, const char *const *names) {
    if (!to || !source) return INVALID_INPUT;
    Program *program = new Program{};
    program->wanted = {source, name && *name ? name : "default_program", {}, false, true, {}};
    for (int i = 0; i < headers; i++) program->wanted.headers.push_back({names[i], texts[i]});
    *to = program;
    return SUCCESS;
}

EXPORT Result nvrtcDestroyProgram(Program **program) {
    if (!program || !*program) return INVALID_PROGRAM;
    delete *program;
    *program = nullptr;
    return SUCCESS;
}

EXPORT Result nvrtcCompileProgram(Program *program, int count, const char *const *options) {
    if (!program) return INVALID_PROGRAM;
    for (int i = 0; i < count; i++)
        if (!take(program->wanted, options[i])) {
            program->compiled.log = "nvrtc: error: unrecognized option " + std::string(options[i]) + " found";
            return INVALID_OPTION;
        }
    program->wanted.checked = standin_checks();
    program->compiled = compile(program->wanted);
    return program->compiled.done ? SUCCESS : COMPILATION;
}

EXPORT Result nvrtcGetProgramLogSize(Program *program, size_t *size) {
    if (!program) return INVALID_PROGRAM;
    *size = program->compiled.log.size() + 1;
    return SUCCESS;
}

EXPORT Result nvrtcGetProgramLog(Program *program, char *to) {
    if (!program) return INVALID_PROGRAM;
    hand_over(program->compiled.log, to);
    to[program->compiled.log.size()] = 0;
    return SUCCESS;
}

EXPORT Result nvrtcGetCUBINSize(Program *program, size_t *size) {
    if (!program || !program->compiled.done) return INVALID_PROGRAM;
    *size = program->compiled.image.size();
    return SUCCESS;
}

EXPORT Result nvrtcGetCUBIN(Program *program, char *to) {
    if (!program || !program->compiled.done) return INVALID_PROGRAM;
    hand_over(program->compiled.image, to);
    return SUCCESS;
}
