#include <gateway/rest_json.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::array kCompressions{"none", "gzip", "snappy", "lz4", "zstd"};

json::object describe(const log::Log& log, const log::Stream& stream) {
    const auto& settings = stream.settings;
    json::array partitions;
    for (PartitionIndex i = 0; i < settings.partitions; ++i) {
        const auto bounds = log.bounds({stream.id, i});
        if (!bounds) continue;
        partitions.push_back(json::object{{"partition", i},
                                          {"log_start_offset", bounds.value().log_start_offset},
                                          {"high_watermark", bounds.value().high_watermark}});
    }
    return {{"name", settings.name},
            {"retention_ms", settings.retention_ms},
            {"retention_bytes", settings.retention_bytes},
            {"durability", settings.durability == log::Durability::fsync ? "fsync" : "os"},
            {"compression", kCompressions.at(static_cast<std::size_t>(settings.compression))},
            {"message_bytes_max", settings.message_bytes_max},
            {"created_ms", stream.created_ms},
            {"partitions", std::move(partitions)}};
}

Result<std::int64_t> integer(std::string_view name, const json::value& value, std::int64_t min,
                             std::int64_t max) {
    if (!value.is_int64() || value.as_int64() < min || value.as_int64() > max)
        return fail(Errc::malformed,
                    fmt::format("{}: a whole number within {} .. {} is expected", name, min, max));
    return value.as_int64();
}

Result<void> set(log::StreamSettings& settings, std::string_view name, const json::value& value) {
    constexpr std::int64_t kMax = INT64_MAX;
    if (name == "partitions") {
        HF_TRY(const auto count, integer(name, value, 1, 10'000));
        settings.partitions = static_cast<PartitionIndex>(count);
    } else if (name == "retention_ms") {
        HF_TRY(settings.retention_ms, integer(name, value, -1, kMax));
    } else if (name == "retention_bytes") {
        HF_TRY(settings.retention_bytes, integer(name, value, -1, kMax));
    } else if (name == "message_bytes_max") {
        HF_TRY(const auto bytes, integer(name, value, 1'024, 64 << 20));
        settings.message_bytes_max = static_cast<std::uint32_t>(bytes);
    } else if (name == "durability" && (value == "fsync" || value == "os")) {
        settings.durability = value == "os" ? log::Durability::os : log::Durability::fsync;
    } else if (name == "compression" && value.is_string()) {
        const auto found = std::ranges::find(kCompressions, std::string_view(value.as_string()));
        if (found == kCompressions.end())
            return fail(Errc::malformed, "compression: none, gzip, snappy, lz4 or zstd");
        settings.compression =
            static_cast<record::Compression>(std::distance(kCompressions.begin(), found));
    } else {
        return fail(Errc::malformed, fmt::format("'{}' is unknown or has a wrong value", name));
    }
    return ok();
}

Result<void> apply(log::StreamSettings& settings, std::string_view body, bool is_new) {
    HF_TRY(const auto parsed, parse_json(body));
    if (!parsed.is_object()) return fail(Errc::malformed, "an object of settings is expected");
    for (const auto& [key, value] : parsed.as_object()) {
        const std::string_view name = key;
        if (name == "name" && is_new && value.is_string()) {
            settings.name = std::string_view(value.as_string());
        } else if (name == "partitions" && !is_new) {
            return fail(Errc::malformed, "partitions: cannot be changed");
        } else {
            HF_TRY(set(settings, name, value));
        }
    }
    return ok();
}

Result<std::shared_ptr<const log::Stream>> find(const log::Log& log, std::string_view name) {
    auto stream = log.find_stream(name);
    if (!stream) return fail(Errc::not_found, fmt::format("there is no stream '{}'", name));
    return stream;
}

} // namespace

void add_stream_routes(Router& router, const RestParts& parts) {
    auto& log = parts.log;
    const auto changed = parts.streams_changed;
    const auto add = [&](const char* method, const char* path, auto work) {
        router.add(method, path, on_queue(parts.work, std::move(work)));
    };
    add("GET", "/api/v1/streams", [&log](const HttpRequest&) -> Result<HttpResponse> {
        json::array all;
        for (const auto& stream : log.streams())
            if (!stream->settings.internal) all.push_back(describe(log, *stream));
        return json_response(all);
    });
    add("POST", "/api/v1/streams",
        [&log, changed](const HttpRequest& request) -> Result<HttpResponse> {
            log::StreamSettings settings;
            HF_TRY(apply(settings, request.body, true));
            HF_TRY(const auto stream, log.create_stream(settings));
            changed();
            return json_response(describe(log, *stream), 201);
        });
    add("GET", "/api/v1/streams/{name}",
        [&log](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stream, find(log, request.capture("name")));
            return json_response(describe(log, *stream));
        });
    add("PATCH", "/api/v1/streams/{name}",
        [&log, changed](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(const auto stream, find(log, request.capture("name")));
            auto settings = stream->settings;
            HF_TRY(apply(settings, request.body, false));
            HF_TRY(const auto altered, log.alter_stream(settings));
            changed();
            return json_response(describe(log, *altered));
        });
    add("DELETE", "/api/v1/streams/{name}",
        [&log, changed](const HttpRequest& request) -> Result<HttpResponse> {
            HF_TRY(log.delete_stream(request.capture("name")));
            changed();
            return HttpResponse{204, "", {}, ""};
        });
}

} // namespace holdfast::gateway
