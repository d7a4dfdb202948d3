#include "app/backup_manifest.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <numeric>

namespace holdfast::app {
namespace {

namespace json = boost::json;

// Null where it is absent or of another kind.
const json::value* member(const json::value& object, std::string_view name, json::kind kind) {
    if (!object.is_object()) return nullptr;
    const json::value* found = object.as_object().if_contains(name);
    return found != nullptr && found->kind() == kind ? found : nullptr;
}

Result<std::int64_t> number(const json::value& object, std::string_view name, std::int64_t max) {
    const json::value* found = member(object, name, json::kind::int64);
    if (found == nullptr || found->as_int64() < 0 || found->as_int64() > max)
        return fail(Errc::corrupt, fmt::format("'{}' is missing or no number that fits", name));
    return found->as_int64();
}

Result<BackupManifest::File> read_file(const json::value& object) {
    BackupManifest::File file;
    const json::value* name = member(object, "name", json::kind::string);
    if (name == nullptr) return fail(Errc::corrupt, "a file without a name");
    file.name = std::string_view(name->as_string());
    if (file.name.empty() || file.name.find('/') != std::string::npos || file.name == "." ||
        file.name == "..")
        return fail(Errc::corrupt, fmt::format("'{}' is not a file's name", file.name));
    HF_TRY(const auto bytes, number(object, "bytes", INT64_MAX));
    HF_TRY(const auto crc, number(object, "crc32c", UINT32_MAX));
    file.bytes = static_cast<std::uint64_t>(bytes);
    file.crc32c = static_cast<std::uint32_t>(crc);
    return file;
}

Result<std::vector<BackupManifest::File>> read_files(const json::value& whole,
                                                     std::string_view name) {
    const json::value* list = member(whole, name, json::kind::array);
    if (list == nullptr) return fail(Errc::corrupt, fmt::format("'{}' is missing", name));
    std::vector<BackupManifest::File> files;
    for (const json::value& file : list->as_array()) {
        HF_TRY(auto one, read_file(file));
        files.push_back(std::move(one));
    }
    return files;
}

json::array files_json(const std::vector<BackupManifest::File>& files) {
    json::array list;
    for (const auto& file : files)
        list.push_back(json::object{{"name", file.name},
                                    {"bytes", static_cast<std::int64_t>(file.bytes)},
                                    {"crc32c", std::int64_t{file.crc32c}}});
    return list;
}

std::uint64_t bytes_of(const std::vector<BackupManifest::File>& files) noexcept {
    return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& file) { return sum + file.bytes; });
}

} // namespace

std::uint64_t BackupManifest::bytes() const noexcept {
    return bytes_of(log) + bytes_of(history) + bytes_of(trained);
}

std::string to_json(const BackupManifest& manifest) {
    // The oldest that says it all: older programs restore what they know.
    const std::int64_t format = !manifest.trained.empty() ? 3 : !manifest.history.empty() ? 2 : 1;
    json::object whole{{"format", format},
                       {"created_ms", manifest.created_ms},
                       {"files", files_json(manifest.log)}};
    if (format > 1) whole["history"] = files_json(manifest.history);
    if (format > 2) whole["trained"] = files_json(manifest.trained);
    return json::serialize(whole) + "\n";
}

Result<BackupManifest> read_backup_manifest(std::string_view text) {
    json::error_code error;
    const json::value whole = json::parse(text, error);
    if (error) return fail(Errc::corrupt, "not JSON: " + error.message());
    HF_TRY(const auto format, number(whole, "format", INT64_MAX));
    if (format > BackupManifest::kFormat)
        return fail(Errc::not_supported,
                    fmt::format("the backup is of format {}, this version reads up to {}", format,
                                BackupManifest::kFormat));
    BackupManifest manifest;
    HF_TRY(manifest.created_ms, number(whole, "created_ms", INT64_MAX));
    HF_TRY(manifest.log, read_files(whole, "files"));
    if (format > 1) {
        HF_TRY(manifest.history, read_files(whole, "history"));
    }
    if (format > 2) {
        HF_TRY(manifest.trained, read_files(whole, "trained"));
    }
    return manifest;
}

} // namespace holdfast::app
