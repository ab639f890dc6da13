// g++ in the place of NVIDIA's compiler: the device header in front, precompiled, and a shared object as the result.
//
// The directory of this library holds what it needs: `device`, the headers; `cuda`, those of CUDA; `modules`, the
// results. A file that another process may be writing too is written under another name and renamed.
#include "compile.h"

#include "translate.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

extern char **environ;

typedef std::vector<std::string> Strings;

static std::string directory() {
    Dl_info self;
    dladdr((void *)&directory, &self);
    std::string path = self.dli_fname;
    return path.substr(0, path.rfind('/'));
}

static bool exists(const std::string &path) { return !access(path.c_str(), F_OK); }

static std::string read_all(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

static void write_all(const std::string &path, const std::string &text) {
    std::string draft = path + "." + std::to_string(getpid());
    std::ofstream(draft, std::ios::binary) << text;
    rename(draft.c_str(), path.c_str());
}

// Runs a command; whether it went well, and what it wrote.
static bool run(const Strings &command, std::string *output) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    std::vector<char *> words;
    for (const std::string &word : command) words.push_back(const_cast<char *>(word.c_str()));
    words.push_back(nullptr);
    pid_t child = 0;
    int error = posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char part[4096];
    for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) output->append(part, n);
    close(ends[0]);
    int status = 1;
    if (!error) waitpid(child, &status, 0);
    else *output += "cannot run " + command[0];
    return !error && WIFEXITED(status) && !WEXITSTATUS(status);
}

static std::string compiler() {
    const char *named = getenv("CXX");
    return named && *named ? named : STANDIN_CXX;
}

static Strings flags_for(const Wanted &wanted) {
    Strings flags = {"-std=gnu++17", "-fPIC", "-fno-gnu-unique", "-fno-exceptions", "-fno-rtti", "-w", "-pipe", "-O1",
                     "-fexpensive-optimizations", "-fno-math-errno"};
    flags.push_back("-DSTANDIN_STAMP=\"" STANDIN_STAMP "\"");
    flags.push_back("-I" + directory() + "/cuda");
    flags.push_back(wanted.contracted ? "-ffp-contract=fast" : "-ffp-contract=off");
    if (!wanted.checked) flags.push_back("-march=" STANDIN_MARCH);
    else
        for (const char *flag : {"-g1", "-fsanitize=thread,alignment", "-fno-tree-sra"}) flags.push_back(flag);
    return flags;
}

// Held by one thread of one process at a time.
struct Lock {
    int file;
    explicit Lock(const std::string &path) : file(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666)) {
        if (file >= 0) flock(file, LOCK_EX);
    }
    ~Lock() { if (file >= 0) close(file); }
};

// The device header, precompiled for one set of flags.
static std::string header(const Wanted &wanted, std::string *log) {
    std::string variant =
        std::string("/header") + (wanted.checked ? "-checked" : "") + (wanted.contracted ? "" : "-apart");
    std::string folder = directory() + variant, path = folder + "/header.h";
    if (exists(path + ".gch")) return path;
    mkdir(folder.c_str(), 0777);
    Lock lock(folder + "/lock");  // a header that changes beside its precompiled form makes the compiler crash
    if (exists(path + ".gch")) return path;
    write_all(path, "#include \"../device/device.h\"\n");
    std::string draft = path + "." + std::to_string(getpid()) + ".gch";
    Strings command = {compiler(), "-x", "c++-header", path, "-o", draft};
    for (const std::string &flag : flags_for(wanted)) command.push_back(flag);
    if (run(command, log)) rename(draft.c_str(), (path + ".gch").c_str());
    return path;
}

// Two numbers of 64 bits by FNV-1a. Texts that share them are told apart by the text beside the result.
static std::string digest(const std::string &text) {
    uint64_t a = 0xcbf29ce484222325u, b = 0x84222325cbf29ce4u;
    for (unsigned char c : text) {
        a = (a ^ c) * 0x100000001b3u;
        b = (b ^ c ^ 0x5a) * 0x100000001b3u;
    }
    char to[40];
    snprintf(to, sizeof to, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
    return to;
}

static std::string scratch() {
    std::string path = directory() + "/modules/work-XXXXXX";
    return mkdtemp(&path[0]) ? path : "";
}

// "k.cu:3:7: error: ..." as NVIDIA's compiler writes it: "k.cu(3): error: ...".
static std::string rewritten(const std::string &log, const std::string &name) {
    std::stringstream lines(log);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        int number, column, behind = 0;
        bool ours = !line.compare(0, name.size() + 1, name + ":");
        if (ours && sscanf(line.c_str() + name.size() + 1, "%d:%d: %n", &number, &column, &behind) == 2 && behind)
            line = name + "(" + std::to_string(number) + "): " + line.substr(name.size() + 1 + behind);
        result += line + "\n";
    }
    return result;
}

// Compiling and linking are two commands: one that links for -fsanitize=thread would bring the library of it.
static bool build(const Wanted &wanted, const std::string &text, const std::string &folder, std::string *log) {
    write_all(folder + "/k.cpp", text);
    for (auto &[name, content] : wanted.headers) write_all(folder + "/" + name, content);
    Strings command = {compiler(), "-c", folder + "/k.cpp", "-o", folder + "/k.o", "-include", header(wanted, log)};
    for (const std::string &flag : flags_for(wanted)) command.push_back(flag);
    for (const std::string &flag : wanted.flags) command.push_back(flag);
    if (!wanted.headers.empty()) command.push_back("-I" + folder);
    if (!run(command, log)) return false;
    return run({"ld", "-shared", "-Bsymbolic", "--hash-style=gnu", "-o", folder + "/k.so", folder + "/k.o"}, log);
}

Compiled compile(const Wanted &wanted) {
    std::string text = translate(wanted.source, wanted.name), key = text;
    for (const std::string &flag : wanted.flags) key += "\n// " + flag;
    for (auto &[name, content] : wanted.headers) key += "\n// " + name + "\n" + content;
    key += std::string("\n// ") + (wanted.checked ? "checked" : "") + (wanted.contracted ? "" : "apart");
    std::string modules = directory() + "/modules", kept = modules + "/" + digest(key);
    mkdir(modules.c_str(), 0777);
    if (exists(kept + ".so") && read_all(kept + ".cu") == key) return {true, "", read_all(kept + ".so")};
    std::string folder = scratch();
    Compiled result{false, "", ""};
    result.done = build(wanted, text, folder, &result.log);
    result.log = rewritten(result.log, wanted.name);
    if (result.done) {
        result.image = read_all(folder + "/k.so");
        write_all(kept + ".cu", key);
        write_all(kept + ".so", result.image);
    }
    std::filesystem::remove_all(folder);
    return result;
}
