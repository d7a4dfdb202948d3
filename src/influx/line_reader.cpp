#include <holdfast/influx/line_reader.hpp>

#include <holdfast/base/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace holdfast::influx {
namespace {

constexpr std::string_view kNameStops = ",= "; // of tags and of fields' names

template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::optional<bool> boolean_of(std::string_view word) noexcept {
    if (word == "t" || word == "T" || word == "true" || word == "True" || word == "TRUE")
        return true;
    if (word == "f" || word == "F" || word == "false" || word == "False" || word == "FALSE")
        return false;
    return std::nullopt;
}

std::optional<double> float_of(std::string_view word) noexcept {
    if (word.starts_with('+') && word.substr(1, 1) != "-") word.remove_prefix(1);
    const auto value = number_of<double>(word);
    // from_chars takes "inf" and "nan", which no JSON can carry.
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> to_ms(std::int64_t count, Precision precision) noexcept {
    const auto divided = [count](std::int64_t by) {
        return count / by - (count % by < 0 ? 1 : 0); // down, also before 1970
    };
    const auto multiplied = [count](std::int64_t by) -> std::optional<std::int64_t> {
        const std::int64_t most = std::numeric_limits<std::int64_t>::max() / by;
        if (count > most || count < -most) return std::nullopt;
        return count * by;
    };
    switch (precision) {
        case Precision::ns: return divided(1'000'000);
        case Precision::us: return divided(1'000);
        case Precision::ms: return count;
        case Precision::s: return multiplied(1'000);
        case Precision::m: return multiplied(60'000);
        case Precision::h: return multiplied(3'600'000);
    }
    return std::nullopt;
}

template <class Named>
bool is_last_a_repetition(const Named& named) noexcept {
    return std::any_of(named.begin(), named.end() - 1,
                       [&](const auto& each) { return each.first == named.back().first; });
}

} // namespace

Result<bool> LineReader::next(Line& line) {
    pass_over_empty_lines();
    if (at_ == text_.size()) return false;
    end_ = std::min(text_.size(), begin_ + kLineBytesMax);
    given_ = number_;
    auto outcome = read(line);
    if (is_cut())
        outcome = fail(Errc::limit_exceeded, fmt::format("longer than {} bytes", kLineBytesMax));
    const auto error = outcome ? std::nullopt : std::optional(located(outcome.error()));
    pass_over_line();
    if (error) return *error;
    return true;
}

void LineReader::pass_over_empty_lines() noexcept {
    for (;;) {
        at_ = std::min(text_.find_first_not_of(" \t\r", at_), text_.size());
        if (at_ == text_.size()) return;
        if (text_[at_] != '\n' && text_[at_] != '#') return;
        pass_over_line();
    }
}

void LineReader::pass_over_line() noexcept {
    const auto line_break = text_.find('\n', at_);
    at_ = line_break == std::string_view::npos ? text_.size() : line_break + 1;
    const auto passed = text_.substr(begin_, at_ - begin_);
    number_ += static_cast<std::uint64_t>(std::ranges::count(passed, '\n'));
    begin_ = at_;
}

Error LineReader::located(const Error& error) const {
    const auto passed = text_.substr(begin_, at_ - begin_);
    const auto breaks = static_cast<std::uint64_t>(std::ranges::count(passed, '\n'));
    const auto last_break = passed.rfind('\n');
    const auto column =
        last_break == std::string_view::npos ? passed.size() + 1 : passed.size() - last_break;
    return fail(error.code,
                fmt::format("line {}, column {}: {}", number_ + breaks, column, error.context));
}

bool LineReader::is_at_end() const noexcept {
    if (at_ == end_ || text_[at_] == '\n') return true;
    return text_[at_] == '\r' && (at_ + 1 == end_ || text_[at_ + 1] == '\n');
}

bool LineReader::is_cut() const noexcept {
    return at_ == end_ && end_ < text_.size() && text_[end_] != '\n';
}

bool LineReader::take(char expected) noexcept {
    if (is_at_end() || text_[at_] != expected) return false;
    ++at_;
    return true;
}

void LineReader::read_name(std::string& out, std::string_view stops) {
    out.clear();
    const auto is_stop = [&](std::size_t at) {
        return stops.find(text_[at]) != std::string_view::npos;
    };
    while (!is_at_end() && !is_stop(at_)) {
        if (text_[at_] == '\\' && at_ + 1 < end_ && is_stop(at_ + 1)) ++at_;
        out += text_[at_++];
    }
}

std::string_view LineReader::peek_word() const noexcept {
    const auto rest = text_.substr(at_, end_ - at_);
    return rest.substr(0, rest.find_first_of(", \r\n"));
}

Result<void> LineReader::read(Line& line) {
    read_name(line.measurement, ", ");
    if (line.measurement.empty()) return fail(Errc::malformed, "the measurement is missing");
    HF_TRY(read_tags(line));
    HF_TRY(read_fields(line));
    HF_TRY(read_time(line));
    if (is_utf8(text_.substr(begin_, at_ - begin_))) return ok();
    at_ = begin_;
    return fail(Errc::malformed, "not UTF-8");
}

Result<void> LineReader::read_tags(Line& line) {
    line.tags.clear();
    while (take(',')) {
        if (line.tags.size() == kTagsMax)
            return fail(Errc::limit_exceeded, fmt::format("more than {} tags", kTagsMax));
        auto& [name, value] = line.tags.emplace_back();
        read_name(name, kNameStops);
        if (name.empty()) return fail(Errc::malformed, "the name of a tag is missing");
        if (is_last_a_repetition(line.tags))
            return fail(Errc::malformed, fmt::format("tag '{}' is given twice", name));
        if (!take('='))
            return fail(Errc::malformed, fmt::format("'=' is expected behind tag '{}'", name));
        read_name(value, kNameStops);
        if (value.empty()) return fail(Errc::malformed, fmt::format("tag '{}' has no value", name));
        if (!is_at_end() && text_[at_] == '=')
            return fail(Errc::malformed,
                        fmt::format("'=' in the value of tag '{}' needs a \\", name));
    }
    return ok();
}

Result<void> LineReader::read_fields(Line& line) {
    line.fields.clear();
    while (take(' ')) {}
    do {
        if (line.fields.size() == kFieldsMax)
            return fail(Errc::limit_exceeded, fmt::format("more than {} fields", kFieldsMax));
        auto& [name, value] = line.fields.emplace_back();
        read_name(name, kNameStops);
        if (name.empty()) return fail(Errc::malformed, "the name of a field is missing");
        if (is_last_a_repetition(line.fields))
            return fail(Errc::malformed, fmt::format("field '{}' is given twice", name));
        if (!take('='))
            return fail(Errc::malformed, fmt::format("'=' is expected behind field '{}'", name));
        auto read = read_value();
        if (!read)
            return fail(read.error().code,
                        fmt::format("field '{}': {}", name, read.error().context));
        value = std::move(read).value();
    } while (take(','));
    return ok();
}

Result<Value> LineReader::read_value() {
    if (!is_at_end() && text_[at_] == '"') return read_string();
    const std::string_view word = peek_word();
    std::optional<Value> value;
    if (const auto boolean = boolean_of(word)) {
        value = *boolean;
    } else if (word.ends_with('i')) {
        if (const auto integer = number_of<std::int64_t>(word.substr(0, word.size() - 1)))
            value = *integer;
    } else if (word.ends_with('u')) {
        if (const auto integer = number_of<std::uint64_t>(word.substr(0, word.size() - 1)))
            value = *integer;
    } else if (const auto real = float_of(word)) {
        value = *real;
    }
    if (!value)
        return fail(Errc::malformed,
                    word.empty()
                        ? std::string("the value is missing")
                        : fmt::format("'{}' is no finite number, integer, boolean or quoted text",
                                      word.substr(0, 64)));
    at_ += word.size();
    return std::move(*value);
}

Result<Value> LineReader::read_string() {
    const std::size_t quote = at_++;
    std::string text;
    for (; at_ < end_ && text_[at_] != '"'; ++at_) {
        const bool is_escape = text_[at_] == '\\' && at_ + 1 < end_ &&
                               (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
        text += text_[is_escape ? ++at_ : at_];
    }
    if (at_ == end_) {
        at_ = quote; // the lines behind it are not lost
        return fail(
            Errc::malformed,
            fmt::format("the quote does not close within the {} bytes of a line", kLineBytesMax));
    }
    ++at_;
    return Value(std::move(text));
}

Result<void> LineReader::read_time(Line& line) {
    line.time_ms.reset();
    if (!is_at_end() && text_[at_] != ' ')
        return fail(Errc::malformed, "a comma or a blank is expected behind a value");
    while (take(' ')) {}
    if (is_at_end()) return ok();
    const std::string_view word = peek_word();
    const auto count = number_of<std::int64_t>(word);
    if (count) line.time_ms = to_ms(*count, precision_);
    if (!line.time_ms)
        return fail(Errc::malformed,
                    fmt::format("'{}' is no time in whole units of the precision, or too far away",
                                word.substr(0, 64)));
    at_ += word.size();
    while (take(' ')) {}
    if (!is_at_end()) return fail(Errc::malformed, "the line goes on behind its time");
    return ok();
}

} // namespace holdfast::influx
