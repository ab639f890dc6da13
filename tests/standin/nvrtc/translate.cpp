// What a compiler for the CPU cannot see by itself in CUDA C: which functions are kernels, which of them may wait for
// other threads, and what shared memory each has.
//
// Found by reading the source as a list of definitions at its outermost level: functions, structs and macros, each with
// the words in it. What a kernel reaches by words is what it may do: more than what it does, never less.
#include "translate.h"

#include <cctype>
#include <map>
#include <set>
#include <vector>

typedef std::set<std::string> Words;

struct Definition {
    std::string name;
    Words head, words; // those before its body, and all
    size_t begin, end; // of its body
    std::string most_threads = "1024";
};

static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static Words words_of(const std::string &text) {
    Words words;
    for (size_t i = 0; i < text.size();) {
        size_t begin = i;
        while (i < text.size() && in_word(text[i])) i++;
        if (i > begin) words.insert(text.substr(begin, i - begin));
        else i++;
    }
    return words;
}

// Comments and strings become blanks, so that places stay what they are.
static std::string without_comments(std::string text) {
    auto blank = [&](size_t from, size_t to) {
        for (size_t i = from; i < to && i < text.size(); i++)
            if (text[i] != '\n') text[i] = ' ';
        return to;
    };
    for (size_t i = 0; i < text.size();) {
        if (!text.compare(i, 2, "//")) i = blank(i, std::min(text.find('\n', i), text.size()));
        else if (!text.compare(i, 2, "/*")) i = blank(i, std::min(text.find("*/", i + 2), text.size() - 2) + 2);
        else if (text[i] == '"' || text[i] == '\'') {
            size_t end = i + 1;
            while (end < text.size() && text[end] != text[i]) end += text[end] == '\\' ? 2 : 1;
            i = blank(i, end + 1);
        } else i++;
    }
    return text;
}

// Takes the lines of the preprocessor out of a text; a macro is a definition.
static std::vector<Definition> take_macros(std::string &text) {
    std::vector<Definition> macros;
    for (size_t i = 0; i < text.size();) {
        size_t end = text.find('\n', i), first = text.find_first_not_of(" \t", i);
        while (end != std::string::npos && end > i && text[end - 1] == '\\') end = text.find('\n', end + 1);
        end = std::min(end, text.size());
        if (first < end && text[first] == '#') {
            std::string line = text.substr(first, end - first);
            size_t at = line.find_first_not_of(" \t", 1);
            if (at != std::string::npos && !line.compare(at, 6, "define")) {
                size_t name = line.find_first_not_of(" \t", at + 6), behind = name;
                while (behind < line.size() && in_word(line[behind])) behind++;
                if (behind > name)
                    macros.push_back({line.substr(name, behind - name), {}, words_of(line.substr(behind)), 0, 0});
            }
            for (size_t k = i; k < end; k++)
                if (text[k] != '\n') text[k] = ' ';
        }
        i = end + 1;
    }
    return macros;
}

static size_t matching(const std::string &text, size_t open) {
    int depth = 0;
    for (size_t i = open; i < text.size(); i++) {
        depth += (text[i] == '{') - (text[i] == '}');
        if (!depth) return i;
    }
    return text.size();
}

static std::string word_before(const std::string &text, size_t end) {
    while (end && !in_word(text[end - 1])) end--;
    size_t begin = end;
    while (begin && in_word(text[begin - 1])) begin--;
    return text.substr(begin, end - begin);
}

static size_t opening(const std::string &text, size_t close) {
    int depth = 0;
    for (size_t i = close + 1; i-- > 0;) {
        depth += (text[i] == ')') - (text[i] == '(');
        if (!depth) return i;
    }
    return 0;
}

// What a head of a definition names: a struct, or what stands before the parameters of a function.
static std::string named(const std::string &head) {
    size_t close = head.rfind(')');
    for (const char *word : {"struct ", "class ", "union "}) {
        size_t at = head.find(word);
        if (at == std::string::npos || (close != std::string::npos && close > at)) continue;
        size_t end = head.find_first_of(":<", at);
        return word_before(head, std::min(end, head.size()));
    }
    return close == std::string::npos ? word_before(head, head.size()) : word_before(head, opening(head, close));
}

static bool transparent(const std::string &head) {
    Words words = words_of(head);
    return words.count("namespace") || words == Words{"extern"};
}

// The first number of __launch_bounds__, as it is written.
static std::string most_threads(const std::string &head) {
    static const std::string word = "__launch_bounds__";
    size_t at = head.find(word);
    if (at == std::string::npos) return "1024";
    size_t begin = head.find('(', at) + 1, end = begin;
    for (int depth = 0; end < head.size() && (depth || (head[end] != ',' && head[end] != ')')); end++)
        depth += (head[end] == '(') - (head[end] == ')');
    return head.substr(begin, end - begin);
}

static std::vector<Definition> definitions_of(const std::string &text) {
    std::vector<Definition> definitions;
    size_t begin = 0;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == ';' || text[i] == '}') begin = i + 1;
        if (text[i] != '{') continue;
        std::string head = text.substr(begin, i - begin);
        begin = i + 1;
        if (transparent(head)) continue;
        size_t end = matching(text, i);
        Words words = words_of(head + text.substr(i, end - i));
        definitions.push_back({named(head), words_of(head), words, i, end, most_threads(head)});
        i = end;
        begin = end + 1;
    }
    return definitions;
}

// What a name stands for may be defined more than once.
static std::map<std::string, Words> vocabulary(const std::vector<Definition> &definitions,
                                               const std::vector<Definition> &macros) {
    std::map<std::string, Words> known;
    for (const auto *list : {&definitions, &macros})
        for (const Definition &d : *list) known[d.name].insert(d.words.begin(), d.words.end());
    return known;
}

// A kernel may be marked by a macro.
static bool is_kernel(const Definition &d, const std::vector<Definition> &macros) {
    if (d.head.count("__global__")) return true;
    for (const Definition &m : macros)
        if (m.words.count("__global__") && d.head.count(m.name)) return true;
    return false;
}

static Words reached(const std::string &from, const std::map<std::string, Words> &known) {
    Words seen{from};
    std::vector<std::string> open{from};
    while (!open.empty()) {
        auto it = known.find(open.back());
        open.pop_back();
        if (it == known.end()) continue;
        for (const std::string &word : it->second)
            if (seen.insert(word).second) open.push_back(word);
    }
    return seen;
}

static bool waits(const Words &words) {
    for (const std::string &w : words) {
        bool warp = w.size() > 5 && !w.compare(w.size() - 5, 5, "_sync") && !w.compare(0, 2, "__");
        if (warp || w == "__syncwarp" || !w.compare(0, 13, "__syncthreads")) return true;
    }
    return false;
}

static size_t word_at(const std::string &text, const char *word, size_t from) {
    size_t size = std::string(word).size();
    for (size_t at = text.find(word, from); at != std::string::npos; at = text.find(word, at + 1))
        if ((!at || !in_word(text[at - 1])) && !in_word(text[at + size])) return at;
    return std::string::npos;
}

// `extern __shared__ T x[];` becomes a pointer to the dynamic shared memory: inside of a function a variable, outside
// an object that turns into one, for there is one for each module.
static std::string dynamic(const std::string &declaration, bool inside) {
    std::string type = declaration.substr(0, declaration.find('['));
    std::string name = word_before(type, type.size());
    type.resize(type.rfind(name));
    size_t align = type.find("__align__");
    if (align != std::string::npos) type.erase(align, type.find(')', align) + 1 - align);
    if (!inside) return "static standin_dynamic<" + type + "> " + name + ";";
    return type + " *const " + name + " = STANDIN_DYNAMIC(" + type + ");";
}

static const Definition *around(const std::vector<Definition> &definitions, size_t at) {
    for (const Definition &d : definitions)
        if (d.begin < at && at < d.end) return &d;
    return nullptr;
}

static std::string with_sections(const std::string &source, const std::string &text,
                                 const std::vector<Definition> &definitions) {
    static const size_t size = std::string("__shared__").size();
    std::string result;
    size_t done = 0;
    for (size_t at; (at = word_at(text, "__shared__", done)) != std::string::npos;) {
        const Definition *owner = around(definitions, at);
        size_t before = text.find_last_not_of(" \t\n", at - 1), next = at + size;
        bool is_extern = at && before != std::string::npos && word_before(text, before + 1) == "extern";
        result += source.substr(done, (is_extern ? text.rfind("extern", at) : at) - done);
        if (is_extern) {
            next = text.find(';', at) + 1;
            result += dynamic(text.substr(at + size, next - at - size), owner);
        } else result += owner ? "STANDIN_SHARED(" + owner->name + ")" : "__shared__";
        done = next;
    }
    return result + source.substr(done);
}

// The table of a kernel: how it is run, and its shared memory.
static std::string row(const Definition &d, const Words &words, const Words &sharing, std::string &bounds) {
    const std::string &kernel = d.name;
    std::string ranges;
    int count = 0;
    for (const std::string &function : sharing)
        if (words.count(function) || function == "common") {
            ranges += "STANDIN_RANGE(" + function + "), ";
            count++;
        }
    bounds += "STANDIN_RUNS(" + kernel + ")\nstatic const standin_range standin_shared_of_" + kernel + "[] = {" +
              ranges + "{nullptr, nullptr}};\n";
    return "STANDIN_KERNEL(" + kernel + ", " + (waits(words) ? "1" : "0") + ", (" + d.most_threads +
           "), standin_shared_of_" + kernel + ", " + std::to_string(count) + "), ";
}

std::string translate(const std::string &source, const std::string &name) {
    std::string text = without_comments(source);
    std::vector<Definition> macros = take_macros(text), definitions = definitions_of(text);
    std::map<std::string, Words> known = vocabulary(definitions, macros);
    Words sharing{"common"};
    std::map<std::string, Definition> kernels;
    for (const Definition &d : definitions) {
        if (d.words.count("__shared__")) sharing.insert(d.name);
        if (is_kernel(d, macros)) kernels[d.name] = d;
    }
    std::string rows, bounds;
    for (const std::string &function : sharing) bounds += "STANDIN_BOUNDS(" + function + ")\n";
    for (auto &[kernel, d] : kernels) rows += row(d, reached(kernel, known), sharing, bounds);
    return "#line 1 \"" + name + "\"\n" + with_sections(source, text, definitions) + "\n" + bounds +
           "static const standin_kernel standin_kernels[] = {" + rows + "{}};\nSTANDIN_TABLE(standin_kernels)\n";
}
