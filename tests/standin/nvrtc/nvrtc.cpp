// The functions of NVRTC, NVIDIA's run-time compiler, that a program calls to turn CUDA C into a cubin.
//
// Its version is a number that the stand-in's own sources and its mode decide, so that a program which keeps cubins under
// the compiler's version never takes one of another stand-in, or one without checks where checks are asked for.
#include "compile.h"

#include <cstdlib>
#include <cstring>

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" int standin_checks();    // of the driver

enum Result { SUCCESS = 0, INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

struct Program {
    Wanted wanted;
    Compiled compiled;
};

static bool begins(const std::string &text, const char *with) { return !text.compare(0, strlen(with), with); }

// Options that change nothing here.
static const char *const ignored[] = {
    "-arch=", "--gpu-architecture=", "-std=", "--std=", "-G", "--device-debug", "-lineinfo", "--generate-line-info",
    "--ptxas-options", "-Xptxas", "--maxrregcount", "-maxrregcount", "-ftz", "--ftz", "-prec-", "--prec-", "-use_fast_math",
    "--use_fast_math", "-default-device", "--device-as-default-execution-space", "-w", "--disable-warnings",
    "--extra-device-vectorization", "-extra-device-vectorization", "--minimal", "-restrict", "--restrict", "--dopt", "-dopt",
    "--split-compile", "-split-compile", "--no-cache", "-no-cache", "--diag-suppress", "-diag-suppress", "--device-int128",
};

static bool take(Wanted &wanted, std::string option) {
    for (const char *name : {"--define-macro=", "--undefine-macro=", "--include-path="})
        if (begins(option, name)) option = std::string("-") + (name[2] == 'd' ? 'D' : name[2] == 'u' ? 'U' : 'I') +
                                           option.substr(strlen(name));
    if (begins(option, "-D") || begins(option, "-U") || begins(option, "-I")) {
        wanted.flags.push_back(option);
        return true;
    }
    if (begins(option, "-fmad=") || begins(option, "--fmad=")) {
        wanted.contracted = option.back() == 'e' && option[option.size() - 2] == 'u';
        return true;
    }
    for (const char *name : ignored)
        if (begins(option, name)) return true;
    return false;
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

EXPORT Result nvrtcCreateProgram(Program **to, const char *source, const char *name, int headers, const char *const *texts,
                                 const char *const *names) {
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
