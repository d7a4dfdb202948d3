#include "app/import/import_state.hpp"

#include "app/text_file.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <random>
#include <system_error>

namespace holdfast::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kStateBytesMax = 64U << 10U;

std::string random_run() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

ImportState new_state(const std::string& asked, std::uint32_t begins) {
    ImportState state;
    state.run = random_run();
    state.asked = asked;
    state.begins = begins;
    return state;
}

Result<std::uint64_t> number_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value != nullptr && value->is_int64() && value->as_int64() >= 0)
        return static_cast<std::uint64_t>(value->as_int64());
    return fail(Errc::malformed, fmt::format("'{}' is missing", name));
}

Result<ImportState> state_of(std::string_view text) {
    json::error_code error;
    const auto whole = json::parse(json::string_view(text), error);
    if (error || !whole.is_object()) return fail(Errc::malformed, "not a JSON object");
    const json::object& object = whole.as_object();
    ImportState state;
    for (auto [name, member] : {std::pair{"run", &state.run}, {"asked", &state.asked}}) {
        const auto* value = object.if_contains(name);
        if (value == nullptr || !value->is_string())
            return fail(Errc::malformed, fmt::format("'{}' is missing", name));
        *member = std::string(std::string_view(value->as_string()));
    }
    HF_TRY(state.line, number_of(object, "line"));
    HF_TRY(state.stored, number_of(object, "stored"));
    HF_TRY(state.refused, number_of(object, "refused"));
    if (object.contains("begins")) {
        HF_TRY(state.begins, number_of(object, "begins"));
    }
    return state;
}

} // namespace

std::filesystem::path state_file(const std::filesystem::path& csv) {
    return csv.string() + ".import";
}

Result<ImportState> load_state(const std::filesystem::path& file, const std::string& asked,
                               std::uint32_t begins) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return new_state(asked, begins);
    HF_TRY(const std::string text, read_text_file(file, kStateBytesMax));
    auto state = state_of(text);
    if (!state)
        return fail(Errc::malformed, fmt::format("{}: {}; remove it to begin from the start",
                                                 file.string(), state.error().context));
    const bool is_same_file = state.value().begins.value_or(begins) == begins;
    if (state.value().asked == asked && is_same_file) return state;
    // Of one that never came to a row.
    if (state.value().line == 0) return new_state(asked, begins);
    if (!is_same_file)
        return fail(Errc::malformed,
                    fmt::format("{}: an import of another file of this name was broken off at line "
                                "{}; go on with that file, or remove this one to begin from the "
                                "start",
                                file.string(), state.value().line));
    return fail(
        Errc::malformed,
        fmt::format("{}: an import with other options was broken off ({}); go on with these, "
                    "or remove the file to begin from the start",
                    file.string(), state.value().asked));
}

Result<void> save_state(const std::filesystem::path& file, const ImportState& state) {
    const std::filesystem::path next = file.string() + ".next";
    std::ofstream out(next, std::ios::trunc);
    json::object object{{"run", state.run},
                        {"asked", state.asked},
                        {"line", state.line},
                        {"stored", state.stored},
                        {"refused", state.refused}};
    if (state.begins) object["begins"] = *state.begins;
    out << json::serialize(object) << '\n';
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(next, file, error);
    if (!out || error)
        return fail(Errc::io, fmt::format("cannot write {}: {}", next.string(),
                                          error ? error.message() : "no room, or no right to"));
    return ok();
}

} // namespace holdfast::app
