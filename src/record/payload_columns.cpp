#include <holdfast/record/payload_columns.hpp>

#include <holdfast/column/timestamp.hpp>

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_set>

namespace holdfast::record {
namespace {

namespace dom = simdjson::dom;
using column::Field;
using column::FieldKind;
using column::Path;
using column::Value;

// simdjson refuses integers beyond 64 bits. Given an exponent of zero they are doubles, which is
// what the dialect makes of them.
std::string with_wide_integers_as_doubles(std::string_view json) {
    std::string out;
    bool in_text = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        out += c;
        if (in_text && c == '\\' && at + 1 < json.size()) {
            out += json[++at];
        } else if (c == '"') {
            in_text = !in_text;
        } else if (!in_text && c >= '0' && c <= '9') {
            const std::size_t first = at;
            while (at + 1 < json.size() &&
                   std::strchr("0123456789.eE+-", json[at + 1]) != nullptr && json[at + 1] != '\0')
                out += json[++at];
            const std::string_view number = json.substr(first, at + 1 - first);
            const bool is_whole = number.find_first_of(".eE+-") == std::string_view::npos;
            if (is_whole && number.size() >= 19) out += "e0";
        }
    }
    return out;
}

bool begins_document(std::string_view payload) noexcept {
    const std::size_t first = payload.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos &&
           (payload[first] == '{' || payload[first] == '[' || payload[first] == '"');
}

// Moves `at` to the element that `path` names; false where there is none.
bool walk(dom::element& at, const Path& path) noexcept {
    for (const Path::Step& step : path.steps) {
        if (const auto* name = std::get_if<std::string>(&step)) {
            dom::object object;
            if (at.get(object) != simdjson::SUCCESS) return false;
            if (object.at_key(*name).get(at) != simdjson::SUCCESS) return false;
            continue;
        }
        dom::array array;
        if (at.get(array) != simdjson::SUCCESS) return false;
        std::int64_t index = std::get<std::int64_t>(step);
        if (index < 0) {
            // array::size() saturates at 2^24 - 1 elements, so long arrays are counted.
            index += static_cast<std::int64_t>(std::distance(array.begin(), array.end()));
        }
        if (index < 0) return false;
        if (array.at(static_cast<std::size_t>(index)).get(at) != simdjson::SUCCESS) return false;
    }
    return true;
}

Value cell(const dom::element& element, column::TextArena& arena) {
    switch (element.type()) {
        case dom::element_type::INT64: return Value::of_int(element.get_int64().value_unsafe());
        case dom::element_type::UINT64:
            return Value::of_float(static_cast<double>(element.get_uint64().value_unsafe()));
        case dom::element_type::DOUBLE: return Value::of_float(element.get_double().value_unsafe());
        case dom::element_type::BOOL: return Value::of_bool(element.get_bool().value_unsafe());
        case dom::element_type::STRING:
            return Value::of_text(arena.keep(element.get_string().value_unsafe()));
        case dom::element_type::OBJECT:
        case dom::element_type::ARRAY: return Value::of_text(arena.keep(simdjson::minify(element)));
        case dom::element_type::NULL_VALUE: break;
    }
    return {};
}

std::optional<std::int64_t> as_event_time(const dom::element& element) noexcept {
    if (element.is_int64()) return column::timestamp_from_epoch(element.get_int64().value_unsafe());
    if (element.is_double())
        return column::timestamp_from_epoch(element.get_double().value_unsafe());
    if (element.is_string()) return column::parse_timestamp(element.get_string().value_unsafe());
    return std::nullopt;
}

Path member(const char* name) {
    return Path{{Path::Step{std::string(name)}}};
}

} // namespace

class PayloadColumns::Impl {
public:
    Impl(std::vector<Field> fields, Members members)
        : fields_(std::move(fields)), wants_members_(members == Members::all) {
        needs_payload_ = wants_members_;
        columns_.resize(fields_.size());
        implausible_.resize(fields_.size());
        for (const Field& field : fields_) {
            needs_payload_ = needs_payload_ || field.is_from_payload() ||
                             (field.kind == FieldKind::ts && !field.path.steps.empty());
            needs_time_ = needs_time_ || field.kind == FieldKind::ts;
        }
    }

    void decode(std::span<const MessageView> messages) {
        rows_ = messages.size();
        arena_.clear();
        errors_.assign(rows_, {});
        members_.clear();
        member_ends_.clear();
        for (auto& column : columns_) column.reset(rows_);
        for (std::size_t field = 0; field < fields_.size(); ++field)
            implausible_[field].assign(fields_[field].kind == FieldKind::ts ? rows_ : 0, false);
        for (std::size_t row = 0; row < rows_; ++row) decode_row(row, messages[row]);
    }

    std::vector<Field> fields_;
    std::vector<column::Column> columns_;
    std::vector<std::vector<bool>> implausible_; // by field; empty but for ts
    std::vector<std::string_view> errors_;       // static texts
    std::size_t rows_ = 0;
    std::vector<Member> members_; // of all rows
    std::vector<std::size_t> member_ends_;

private:
    // What is known of one payload.
    struct Document {
        bool is_json = false;
        dom::element root{};
        std::string_view bare_text{}; // where it is text that is not JSON
    };

    void decode_row(std::size_t row, const MessageView& message) {
        Document document;
        if (needs_payload_ || (needs_time_ && !message.event_ms))
            errors_[row] = parse(message.payload, document);
        if (!needs_payload_) errors_[row] = {};
        for (std::size_t field = 0; field < fields_.size(); ++field)
            columns_[field].set(row, read(field, row, message, document));
        if (!wants_members_) return;
        path_.clear();
        seen_.clear();
        if (document.is_json && document.root.is_object()) {
            add_members(document.root.get_object().value_unsafe(), 1);
        } else if (document.is_json || !document.bare_text.empty()) {
            members_.push_back({"value", bare_value(document)});
        }
        member_ends_.push_back(members_.size());
    }

    void add_members(const dom::object& object, std::size_t depth) {
        const std::size_t parent = path_.size();
        for (const auto& [name, element] : object) {
            column::append_member(path_, name);
            dom::object inner;
            const bool is_deep = depth == Path::kStepsMax;
            if (!is_deep && element.get(inner) == simdjson::SUCCESS) {
                add_members(inner, depth + 1);
            } else if (!seen_.contains(path_)) {
                const std::string_view path = arena_.keep(path_);
                seen_.insert(path);
                members_.push_back({path, cell(element, arena_)});
            }
            path_.resize(parent);
        }
    }

    // Empty where all went well.
    std::string_view parse(ByteView payload, Document& document) {
        const std::string_view text = as_text(payload);
        if (text.size() > kPayloadBytesMax) return "payload is larger than 16 MiB";
        if (text.empty()) return {};
        auto error = try_parse(text, document.root);
        // simdjson tells a too wide integer only as a wrong number
        if (error == simdjson::NUMBER_ERROR)
            error = try_parse(with_wide_integers_as_doubles(text), document.root);
        document.is_json = error == simdjson::SUCCESS;
        if (document.is_json) return {};
        if (error == simdjson::DEPTH_ERROR) return "JSON is nested deeper than 256";
        if (!is_utf8(text)) return "payload is neither JSON nor UTF-8 text";
        if (begins_document(text)) return "payload is damaged JSON";
        document.bare_text = text;
        return {};
    }

    simdjson::error_code try_parse(std::string_view text, dom::element& root) {
        if (padded_.size() < text.size() + simdjson::SIMDJSON_PADDING)
            padded_.resize(text.size() + simdjson::SIMDJSON_PADDING);
        std::memcpy(padded_.data(), text.data(), text.size());
        if (parser_.capacity() < text.size()) {
            const auto grown = parser_.allocate(text.size(), kDepthMax);
            if (grown != simdjson::SUCCESS) return grown;
        }
        return parser_.parse(padded_.data(), text.size(), false).get(root);
    }

    Value read(std::size_t index, std::size_t row, const MessageView& message,
               const Document& document) {
        const Field& field = fields_[index];
        switch (field.kind) {
            case FieldKind::path: return at_path(document, field.path);
            case FieldKind::value: return bare_value(document);
            case FieldKind::payload:
                if (!is_utf8(as_text(message.payload))) return {};
                return Value::of_text(as_text(message.payload));
            case FieldKind::topic: return text_or_null(message.topic);
            case FieldKind::topic_level: {
                std::string_view level;
                if (message.topic.empty() ||
                    !column::topic_level(message.topic, field.level, level))
                    return {};
                return Value::of_text(level);
            }
            case FieldKind::device:
                return message.device ? Value::of_text(*message.device) : Value();
            case FieldKind::client_id: return text_or_null(message.client_id);
            case FieldKind::qos: return Value::of_int(message.qos);
            case FieldKind::ts: return event_time(index, row, message, document);
            case FieldKind::arrival_ts: return Value::of_timestamp_us(message.arrival_ms * 1000);
            case FieldKind::stream: return text_or_null(message.stream);
            case FieldKind::partition: return Value::of_int(message.partition);
            case FieldKind::offset: return Value::of_int(message.offset);
        }
        return {};
    }

    static Value text_or_null(std::string_view text) {
        return text.empty() ? Value() : Value::of_text(text);
    }

    Value at_path(const Document& document, const Path& path) {
        if (!document.is_json) return {};
        dom::element at = document.root;
        return walk(at, path) ? cell(at, arena_) : Value();
    }

    Value bare_value(const Document& document) {
        if (!document.bare_text.empty()) return Value::of_text(arena_.keep(document.bare_text));
        if (!document.is_json) return {};
        if (document.root.is_object()) return at_path(document, value_path_);
        return cell(document.root, arena_);
    }

    Value event_time(std::size_t index, std::size_t row, const MessageView& message,
                     const Document& document) {
        const std::int64_t arrival_us = message.arrival_ms * 1000;
        std::optional<std::int64_t> us = time_at(document, fields_[index].path);
        if (!us && message.event_ms)
            us = std::clamp<std::int64_t>(*message.event_ms, 0, INT64_MAX / 1000) * 1000;
        bool is_implausible = false;
        if (!us) us = guessed_time(document, is_implausible);
        // A clock that far ahead is wrong by an unknown amount: arrival is the better guess, and
        // one such message must not move a watermark.
        if (us && *us > arrival_us + kAheadOfArrivalMaxUs) {
            is_implausible = true;
            us.reset();
        }
        implausible_[index][row] = is_implausible;
        return Value::of_timestamp_us(us.value_or(arrival_us));
    }

    // From members that mostly, but not always, are the event time; `is_implausible` tells that one
    // was there and cannot be it.
    std::optional<std::int64_t> guessed_time(const Document& document, bool& is_implausible) const {
        for (const Path& path : time_paths_) {
            const auto at = time_at(document, path);
            if (at && *at >= kGuessedTimeMinUs) {
                is_implausible = false;
                return at;
            }
            is_implausible = is_implausible || at.has_value();
        }
        return std::nullopt;
    }

    static std::optional<std::int64_t> time_at(const Document& document, const Path& path) {
        if (!document.is_json || path.steps.empty()) return std::nullopt;
        dom::element at = document.root;
        if (!walk(at, path)) return std::nullopt;
        return as_event_time(at);
    }

    const bool wants_members_;
    std::string path_;                          // of the member at hand
    std::unordered_set<std::string_view> seen_; // paths of the row at hand
    bool needs_payload_ = false;
    bool needs_time_ = false;
    const Path value_path_ = member("value");
    const Path time_paths_[3] = {member("ts"), member("timestamp"), member("time")};
    dom::parser parser_{kPayloadBytesMax + 1024 * 1024};
    std::vector<char> padded_;
    column::TextArena arena_;
};

PayloadColumns::PayloadColumns(std::vector<Field> fields, Members members)
    : impl_(std::make_unique<Impl>(std::move(fields), members)) {}
PayloadColumns::~PayloadColumns() = default;
PayloadColumns::PayloadColumns(PayloadColumns&&) noexcept = default;
PayloadColumns& PayloadColumns::operator=(PayloadColumns&&) noexcept = default;

const std::vector<Field>& PayloadColumns::fields() const noexcept {
    return impl_->fields_;
}
void PayloadColumns::decode(std::span<const MessageView> messages) {
    impl_->decode(messages);
}
const column::Column& PayloadColumns::column(std::size_t field) const {
    return impl_->columns_[field];
}
std::size_t PayloadColumns::rows() const noexcept {
    return impl_->rows_;
}
std::span<const Member> PayloadColumns::members(std::size_t row) const {
    if (row >= impl_->member_ends_.size()) return {};
    const std::size_t begin = row == 0 ? 0 : impl_->member_ends_[row - 1];
    return std::span(impl_->members_).subspan(begin, impl_->member_ends_[row] - begin);
}
std::string_view PayloadColumns::error(std::size_t row) const {
    return impl_->errors_[row];
}
bool PayloadColumns::is_implausible(std::size_t field, std::size_t row) const {
    return !impl_->implausible_[field].empty() && impl_->implausible_[field][row];
}

} // namespace holdfast::record
