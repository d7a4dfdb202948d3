#include <config/sections.hpp>

#include <config/map_reader.hpp>

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>

namespace holdfast::config {
namespace {

struct GlobResult {
    ~GlobResult() { globfree(&found); }
    glob_t found{};
};

} // namespace

std::vector<std::filesystem::path> expand(MapReader& map, std::string_view key,
                                          const std::filesystem::path& directory) {
    std::vector<std::string> patterns;
    map.texts(key, patterns);
    std::vector<std::filesystem::path> files;
    for (const std::string& pattern : patterns) {
        GlobResult result;
        const auto full = (directory / pattern).string();
        const int outcome = glob(full.c_str(), GLOB_ERR, nullptr, &result.found);
        const bool is_plain = pattern.find_first_of("*?[") == std::string::npos;
        if (outcome != 0 && (outcome != GLOB_NOMATCH || is_plain)) {
            map.wrong(map.node()[std::string(key)], key, fmt::format("no file '{}'", full));
            continue;
        }
        for (std::size_t i = 0; i < result.found.gl_pathc; ++i)
            if (const std::filesystem::path file = result.found.gl_pathv[i];
                std::ranges::find(files, file) == files.end())
                files.push_back(file);
    }
    return files;
}

void read_models(MapReader& map, const std::filesystem::path& directory,
                 std::vector<ModelFile>& out, Mistakes& mistakes) {
    for (const auto& file : expand(map, "models", directory)) {
        auto model = load_model(file);
        if (!model) {
            mistakes.add_all_of(model.error());
            continue;
        }
        const auto other = std::ranges::find(out, model.value().name, &ModelFile::name);
        if (other != out.end())
            mistakes.add_all_of(fail(
                Errc::malformed, fmt::format("{}:1: name: '{}' is the name of {} too",
                                             file.string(), other->name, other->file.string())));
        else
            out.push_back(std::move(model).value());
    }
}

} // namespace holdfast::config
