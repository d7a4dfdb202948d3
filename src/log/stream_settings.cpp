#include <holdfast/log/stream_settings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace holdfast::log {

namespace {

constexpr std::int64_t kUnbounded = -1;
constexpr std::int64_t kMessageBytesMin = 1024;
constexpr std::int64_t kMessageBytesMax = 64 << 20;            // as of one MQTT packet
constexpr std::int64_t kDurationMsMax = 36'500LL * 86'400'000; // a hundred years

struct Word {
    std::string_view ours;
    std::string_view kafka;
    int value;
};
// Kafka keeps the batches that its clients send as they are: so do we, whatever is set here.
constexpr std::array kCompressions{Word{"none", "producer", 0}, Word{"none", "uncompressed", 0},
                                   Word{"gzip", "gzip", 1},     Word{"snappy", "snappy", 2},
                                   Word{"lz4", "lz4", 3},       Word{"zstd", "zstd", 4}};
constexpr std::array kTimestampTypes{Word{"create", "CreateTime", 0},
                                     Word{"append", "LogAppendTime", 1}};
constexpr std::array kCleanupPolicies{Word{"delete", "delete", 0}, Word{"compact", "compact", 1},
                                      Word{"compact,delete", "compact,delete", 2},
                                      Word{"compact,delete", "delete,compact", 2}};
constexpr std::array kDurabilities{Word{"fsync", "", 0}, Word{"os", "", 1}};

Result<std::int64_t> read_integer(std::string_view text, std::int64_t min) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < min)
        return fail(Errc::malformed,
                    fmt::format("a whole number from {} on is expected, not '{}'", min, text));
    return value;
}

Result<double> read_ratio(std::string_view text) {
    double value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
        return fail(Errc::malformed,
                    fmt::format("a number from 0 to 1 is expected, not '{}'", text));
    return value;
}

// Positive, or -1 for no bound.
Result<std::int64_t> read_bound(std::string_view text) {
    HF_TRY(const std::int64_t value, read_integer(text, kUnbounded));
    if (value == 0) return fail(Errc::malformed, "must be positive, or -1 for no bound");
    return value;
}

Result<int> read_word(std::span<const Word> words, std::string_view text) {
    for (const Word& word : words)
        if (!text.empty() && (word.ours == text || word.kafka == text)) return word.value;
    std::string expected;
    for (const Word& word : words) {
        if (expected.ends_with(word.ours)) continue;
        expected += expected.empty() ? "" : ", ";
        expected += word.ours;
    }
    return fail(Errc::malformed, fmt::format("one of {} is expected, not '{}'", expected, text));
}

std::string word_of(std::span<const Word> words, int value, bool in_kafka) {
    for (const Word& word : words)
        if (word.value == value) return std::string(in_kafka ? word.kafka : word.ours);
    return {};
}

struct Setting {
    SettingName name;
    Result<void> (*set)(StreamSettings&, std::string_view);
    std::string (*text)(const StreamSettings&, bool in_kafka);
};

const std::array kSettings{
    Setting{
        {"retention_ms", "retention.ms"},
        [](StreamSettings& settings, std::string_view value) -> Result<void> {
            HF_TRY(settings.retention_ms, read_bound(value));
            return ok();
        },
        [](const StreamSettings& settings, bool) { return fmt::to_string(settings.retention_ms); }},
    Setting{{"retention_bytes", "retention.bytes"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(settings.retention_bytes, read_bound(value));
                return ok();
            },
            [](const StreamSettings& settings, bool) {
                return fmt::to_string(settings.retention_bytes);
            }},
    Setting{{"message_bytes_max", "max.message.bytes"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(const std::int64_t bytes, read_integer(value, kMessageBytesMin));
                if (bytes > kMessageBytesMax)
                    return fail(Errc::malformed,
                                fmt::format("{} at most, not {}", kMessageBytesMax, bytes));
                settings.message_bytes_max = static_cast<std::uint32_t>(bytes);
                return ok();
            },
            [](const StreamSettings& settings, bool) {
                return fmt::to_string(settings.message_bytes_max);
            }},
    Setting{{"timestamp_type", "message.timestamp.type"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(const int number, read_word(kTimestampTypes, value));
                settings.timestamp_type = static_cast<TimestampType>(number);
                return ok();
            },
            [](const StreamSettings& settings, bool in_kafka) {
                return word_of(kTimestampTypes, static_cast<int>(settings.timestamp_type),
                               in_kafka);
            }},
    Setting{{"compression", "compression.type"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(const int number, read_word(kCompressions, value));
                settings.compression = static_cast<record::Compression>(number);
                return ok();
            },
            [](const StreamSettings& settings, bool in_kafka) {
                return word_of(kCompressions, static_cast<int>(settings.compression), in_kafka);
            }},
    Setting{{"cleanup_policy", "cleanup.policy"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(const int number, read_word(kCleanupPolicies, value));
                settings.cleanup_policy = static_cast<CleanupPolicy>(number);
                return ok();
            },
            [](const StreamSettings& settings, bool in_kafka) {
                return word_of(kCleanupPolicies, static_cast<int>(settings.cleanup_policy),
                               in_kafka);
            }},
    Setting{{"delete_retention_ms", "delete.retention.ms"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(settings.delete_retention_ms, read_integer(value, 0));
                return ok();
            },
            [](const StreamSettings& settings, bool) {
                return fmt::to_string(settings.delete_retention_ms);
            }},
    Setting{{"dirty_ratio_min", "min.cleanable.dirty.ratio"},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(settings.dirty_ratio_min, read_ratio(value));
                return ok();
            },
            [](const StreamSettings& settings, bool) {
                return fmt::to_string(settings.dirty_ratio_min);
            }},
    Setting{{"durability", ""},
            [](StreamSettings& settings, std::string_view value) -> Result<void> {
                HF_TRY(const int number, read_word(kDurabilities, value));
                settings.durability = static_cast<Durability>(number);
                return ok();
            },
            [](const StreamSettings& settings, bool) {
                return word_of(kDurabilities, static_cast<int>(settings.durability), false);
            }},
};

Result<const Setting*> find_setting(std::string_view name) {
    for (const Setting& setting : kSettings)
        if (!name.empty() && (setting.name.name == name || setting.name.kafka == name))
            return &setting;
    return fail(Errc::not_found, fmt::format("there is no stream setting '{}'", name));
}

bool is_stream_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

} // namespace

std::span<const SettingName> setting_names() noexcept {
    static const auto names = [] {
        std::array<SettingName, kSettings.size()> all;
        std::ranges::transform(kSettings, all.begin(), &Setting::name);
        return all;
    }();
    return names;
}

Result<void> set_setting(StreamSettings& settings, std::string_view name, std::string_view value) {
    HF_TRY(const Setting* setting, find_setting(name));
    auto outcome = setting->set(settings, value);
    if (!outcome)
        return fail(outcome.error().code, fmt::format("{}: {}", name, outcome.error().context));
    return ok();
}

Result<std::string> setting_text(const StreamSettings& settings, std::string_view name) {
    HF_TRY(const Setting* setting, find_setting(name));
    return setting->text(settings, name == setting->name.kafka);
}

Result<void> check_settings(const StreamSettings& settings) {
    const std::string& name = settings.name;
    const auto refuse = [&](std::string_view what) {
        return fail(Errc::malformed, fmt::format("stream '{}': {}", name, what));
    };
    if (name.empty() || name.size() > 249 || name == "." || name == ".." ||
        !std::all_of(name.begin(), name.end(), is_stream_name_char))
        return refuse("a name has 1 to 249 of a-z A-Z 0-9 . _ - and is not \".\" or \"..\"");
    if (settings.partitions < 1 || settings.partitions > 10'000)
        return refuse("partitions must be 1 to 10000");
    if (settings.retention_ms < kUnbounded || settings.retention_ms == 0 ||
        settings.retention_ms > kDurationMsMax)
        return refuse("retention_ms must be 1 ms to 36500 days, or -1 for ever");
    if (settings.retention_bytes < kUnbounded || settings.retention_bytes == 0)
        return refuse("retention_bytes must be positive, or -1 for no bound");
    if (settings.message_bytes_max < kMessageBytesMin ||
        settings.message_bytes_max > kMessageBytesMax)
        return refuse("message_bytes_max must be 1 KiB to 64 MiB");
    if (settings.delete_retention_ms < 0 || settings.delete_retention_ms > kDurationMsMax)
        return refuse("delete_retention_ms must be 0 to 36500 days");
    if (!(settings.dirty_ratio_min >= 0 && settings.dirty_ratio_min <= 1))
        return refuse("dirty_ratio_min must be 0 to 1");
    return ok();
}

} // namespace holdfast::log
