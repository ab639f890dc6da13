// Modules: shared objects where a GPU has cubins. They are loaded from memory; their variables are memory of the
// device.
#include "state.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace standin;

namespace standin {

static size_t size_of_elf(const void *image) {
    auto *header = (const Elf64_Ehdr *)image;
    return header->e_shoff + size_t(header->e_shentsize) * header->e_shnum;
}

static CUresult examine(const void *image) {
    auto *header = (const Elf64_Ehdr *)image;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG)) {
        say("the image of a module is no ELF file (PTX does not run here)");
        return CUDA_ERROR_INVALID_IMAGE;
    }
    if (header->e_machine != EM_X86_64) {
        say("the image of a module is for machine %d, not one that was compiled for the stand-in", header->e_machine);
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    return CUDA_SUCCESS;
}

static CUresult fits(const standin_module_table *table) {
    if (table && !strcmp(table->stamp, STANDIN_STAMP) && (table->checked || !state.options.check)) return CUDA_SUCCESS;
    if (!table) say("a shared object that is no module");
    else if (strcmp(table->stamp, STANDIN_STAMP)) say("a module that was compiled for another version of the stand-in");
    else say("a module that was compiled without checks, where checks are asked for");
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
}

static void *open_image(const void *image, int *file) {
    size_t size = size_of_elf(image);
    *file = memfd_create("standin_module", MFD_CLOEXEC);
    if (*file < 0 || write(*file, image, size) != (ssize_t)size) return nullptr;
    std::string path = "/proc/self/fd/" + std::to_string(*file);
    return dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
}

// Where the segments of a loaded object lie.
static void find_range(Module &module, const void *image) {
    struct link_map *map;
    dlinfo(module.library, RTLD_DI_LINKMAP, &map);
    module.begin = module.end = map->l_addr;
    auto *header = (const Elf64_Ehdr *)image;
    auto *segments = (const Elf64_Phdr *)((const char *)image + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            module.end = std::max(module.end, module.begin + segments[i].p_vaddr + segments[i].p_memsz);
}

static std::shared_ptr<Module> module_of(CUmodule handle) {
    for (auto &m : state.modules)
        if ((CUmodule)m.get() == handle) return m;
    return nullptr;
}

static std::unique_ptr<Function> find_kernel(const std::shared_ptr<Module> &module, const char *name) {
    for (const standin_kernel *k = module->table->kernels; k->name; k++) {
        if (strcmp(k->name, name)) continue;
        auto function = std::make_unique<Function>();
        function->module = module;
        function->kernel = k;
        for (int i = 0; i < k->ranges; i++) {
            const standin_range &r = k->shared[i];
            if (r.begin == r.end) continue;
            function->shared.push_back(r);
            function->static_shared += (r.end - r.begin + 15) & ~15;
        }
        return function;
    }
    return nullptr;
}

// The frames of an instruction, innermost first: where the functions stand that were inlined there.
static std::vector<std::string> frames(const Module &module, address at) {
    char command[200], line[300];
    snprintf(command, sizeof command, "addr2line -i -e /proc/%d/fd/%d %#lx 2>/dev/null", getpid(), module.file,
             at - module.begin - 1);
    std::vector<std::string> found;
    FILE *pipe = popen(command, "r");
    while (pipe && fgets(line, sizeof line, pipe)) {
        line[strcspn(line, " \n")] = 0;
        found.push_back(line);
    }
    if (pipe) pclose(pipe);
    return found;
}

// The line of the source that an instruction comes from, as " at kernel.cu:12"; lines of the device header are none.
std::string source_line(void *instruction) {
    address at = (address)instruction;
    for (auto &m : state.modules) {
        if (at < m->begin || at >= m->end) continue;
        for (const std::string &frame : frames(*m, at))
            if (frame.find("/device/") == std::string::npos) return " at " + frame.substr(frame.rfind('/') + 1);
    }
    return "";
}

} // namespace standin

API cuModuleLoadData(CUmodule *to, const void *image) {
    ENTER_READY;
    if (CUresult refused = outside_capture("loading a module")) return refused;
    if (CUresult error = examine(image)) return error;
    auto module = std::make_shared<Module>();
    module->library = open_image(image, &module->file);
    if (!module->library) {
        say("a module does not load: %s", dlerror());
        close(module->file);
        return CUDA_ERROR_INVALID_IMAGE;
    }
    module->table = (const standin_module_table *)dlsym(module->library, "standin_module");
    if (CUresult error = fits(module->table)) {
        dlclose(module->library);
        close(module->file);
        return error;
    }
    find_range(*module, image);
    state.modules.push_back(module);
    *to = (CUmodule)module.get();
    return CUDA_SUCCESS;
}

API cuModuleLoadDataEx(CUmodule *to, const void *image, unsigned, CUjit_option *, void **) {
    return cuModuleLoadData(to, image);
}

API cuModuleLoad(CUmodule *to, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return CUDA_ERROR_FILE_NOT_FOUND;
    std::string image;
    char part[65536];
    while (size_t n = fread(part, 1, sizeof part, file)) image.append(part, n);
    fclose(file);
    return cuModuleLoadData(to, image.data());
}

// What graphs still hold of the module is refused when they run.
API cuModuleUnload(CUmodule handle) {
    ENTER;
    auto module = module_of(handle);
    if (!module) return CUDA_ERROR_INVALID_HANDLE;
    run_all();
    for (auto it = state.memory.begin(); it != state.memory.end();) {
        bool inside = it->second.kind == GLOBAL && it->first >= module->begin && it->first < module->end;
        it = inside ? state.memory.erase(it) : std::next(it);
    }
    module->loaded = false;
    dlclose(module->library);
    close(module->file);
    state.modules.erase(std::find(state.modules.begin(), state.modules.end(), module));
    return CUDA_SUCCESS;
}

API cuModuleGetFunction(CUfunction *to, CUmodule handle, const char *name) {
    ENTER_READY;
    auto module = module_of(handle);
    if (!module) return CUDA_ERROR_INVALID_HANDLE;
    auto &function = state.functions[handle][name];
    if (!function || function->module != module) function = find_kernel(module, name);
    *to = (CUfunction)function.get();
    return function ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

API cuModuleGetGlobal(CUdeviceptr *to, size_t *size, CUmodule handle, const char *name) {
    ENTER_READY;
    auto module = module_of(handle);
    void *variable = module ? dlsym(module->library, name) : nullptr;
    const Elf64_Sym *symbol = nullptr;
    Dl_info info;
    if (!variable || !dladdr1(variable, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
        return CUDA_ERROR_NOT_FOUND;
    Allocation a{};
    a.begin = (address)variable;
    a.size = symbol->st_size;
    a.kind = GLOBAL;
    a.device = current()->device;
    state.memory.try_emplace(a.begin, a);
    if (to) *to = (CUdeviceptr)variable;
    if (size) *size = symbol->st_size;
    return CUDA_SUCCESS;
}

API cuFuncGetAttribute(int *to, CUfunction_attribute attribute, CUfunction handle) {
    ENTER_READY;
    Function *f = (Function *)handle;
    switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *to = f->kernel->most_threads; break;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: *to = (int)f->static_shared; break;
    case CU_FUNC_ATTRIBUTE_NUM_REGS: *to = 32; break;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION: *to = 90; break;
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION: *to = 90; break;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *to = (int)f->most_dynamic; break;
    default: *to = 0;
    }
    return CUDA_SUCCESS;
}

API cuFuncSetAttribute(CUfunction handle, CUfunction_attribute attribute, int value) {
    ENTER_READY;
    Function *f = (Function *)handle;
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) return CUDA_SUCCESS;
    if (value < 0 || value + f->static_shared > 232448) return CUDA_ERROR_INVALID_VALUE;
    f->most_dynamic = value;
    return CUDA_SUCCESS;
}

API cuFuncSetCacheConfig(CUfunction, CUfunc_cache) { return CUDA_SUCCESS; }

API cuFuncSetBlockShape(CUfunction, int, int, int) { return CUDA_SUCCESS; }

API cuFuncSetSharedSize(CUfunction, unsigned) { return CUDA_SUCCESS; }

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int *to, CUfunction handle, int threads, size_t dynamic) {
    ENTER_READY;
    size_t shared = ((Function *)handle)->static_shared + dynamic;
    int by_memory = shared ? int(233472 / (shared + 1024)) : 32;
    *to = std::min({2048 / std::max((threads + 31) & ~31, 32), 32, by_memory});
    return CUDA_SUCCESS;
}
