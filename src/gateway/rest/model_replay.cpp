#include <gateway/rest/model_replay.hpp>

#include <holdfast/config/units.hpp>
#include <holdfast/gateway/http/caller.hpp>

#include <fmt/format.h>

namespace holdfast::gateway {
namespace {

constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kLearnMsUsual = 30 * kDayMs;
constexpr std::uint64_t kLearnMsMax = 366 * 100 * kDayMs; // a hundred years

} // namespace

Result<ReplayedModel> replayed_model(const models::Engine& engine, const HistoryParts& parts,
                                     const HttpRequest& request) {
    const auto name = request.capture("name");
    const auto model = engine.find(name);
    if (!model) return fail(Errc::not_found, fmt::format("there is no model '{}'", name));
    const std::string& source = model->spec.source;
    HF_TRY(check_right(request.caller->rights, access::Action::read,
                       access::Resource::stream(source)));
    HF_TRY(check_kept(parts));
    const auto stream = parts.log.find_stream(source);
    if (stream == nullptr)
        return fail(Errc::not_found, fmt::format("there is no stream '{}'", source));
    return ReplayedModel{model->spec, stream->id};
}

Result<std::int64_t> learn_from_us(const HttpRequest& request, std::int64_t from_us) {
    std::uint64_t ms = kLearnMsUsual;
    if (const auto text = request.query_value("learn")) {
        const auto given = config::parse_duration_ms(*text);
        if (!given) return fail(Errc::malformed, fmt::format("learn: {}", given.error().context));
        if (given.value() > kLearnMsMax)
            return fail(Errc::malformed, "learn: more than a hundred years");
        ms = given.value();
    }
    const auto us = static_cast<std::int64_t>(ms) * kUsPerMs;
    return from_us < INT64_MIN + us ? INT64_MIN : from_us - us;
}

} // namespace holdfast::gateway
