#include <holdfast/record/payload_columns.hpp>

#include "record/fitting_numbers.hpp"
#include "record/payload_shapes.hpp"

#include <holdfast/column/timestamp.hpp>

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace holdfast::record {
namespace {

namespace dom = simdjson::dom;
using column::Field;
using column::FieldKind;
using column::Path;
using column::Value;

constexpr std::array<const char*, 3> kTimeNames = {"ts", "timestamp", "time"};

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

// The same of a member that was read without a document.
std::optional<std::int64_t> as_event_time(const Value& value) noexcept {
    switch (value.type()) {
        case column::Type::int64: return column::timestamp_from_epoch(value.as_int());
        case column::Type::float64: return column::timestamp_from_epoch(value.as_float());
        case column::Type::text: return column::parse_timestamp(value.as_text());
        case column::Type::null:
        case column::Type::boolean:
        case column::Type::timestamp: break;
    }
    return std::nullopt;
}

} // namespace

class PayloadColumns::Impl {
public:
    Impl(std::vector<Field> fields, Members members)
        : fields_(std::move(fields)), wants_members_(members == Members::all) {
        columns_.resize(fields_.size());
        implausible_.resize(fields_.size());
        for (const Field& field : fields_) {
            needs_time_ = needs_time_ || field.kind == FieldKind::ts;
            needs_document_ = needs_document_ || field.is_from_payload() ||
                              (field.kind == FieldKind::ts && !field.path.steps.empty());
        }
        needs_payload_ = wants_members_ || needs_document_;
    }

    void decode(std::span<const MessageView> messages) {
        rows_ = messages.size();
        arena_.clear();
        shapes_.begin_batch();
        errors_.assign(rows_, {});
        members_.clear();
        member_ends_.clear();
        row_begin_ = 0;
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
        std::string_view bare_text{};      // where it is text that is not JSON
        std::span<const Member> members{}; // all it has, where it was read by its shape
    };

    void decode_row(std::size_t row, const MessageView& message) {
        Document document;
        before_begin_ = std::exchange(row_begin_, members_.size());
        const bool is_read = wants_members_ && !needs_document_ &&
                             message.payload.size() <= kPayloadBytesMax && // as parse() has it
                             shapes_.read(as_text(message.payload), arena_, members_);
        if (is_read)
            document.members = std::span(members_).subspan(row_begin_);
        else if (needs_payload_ || (needs_time_ && !message.event_ms))
            errors_[row] = parse(message.payload, document);
        if (!needs_payload_) errors_[row] = {};
        for (std::size_t field = 0; field < fields_.size(); ++field)
            columns_[field].set(row, read(field, row, message, document));
        if (!wants_members_) return;
        if (!is_read) add_members(message, document);
        member_ends_.push_back(members_.size());
    }

    void add_members(const MessageView& message, const Document& document) {
        path_.clear();
        seen_.clear();
        is_as_before_ = true;
        if (document.is_json && document.root.is_object()) {
            add_members(document.root.get_object().value_unsafe(), 1);
            if (!needs_document_)
                shapes_.learn(as_text(message.payload), std::span(members_).subspan(row_begin_));
        } else if (document.is_json || !document.bare_text.empty()) {
            members_.push_back({"value", bare_value(document)});
        }
    }

    void add_members(const dom::object& object, std::size_t depth) {
        const std::size_t parent = path_.size();
        for (const auto& [name, element] : object) {
            column::append_member(path_, name);
            dom::object inner;
            const bool is_deep = depth == Path::kStepsMax;
            const bool is_object = element.get(inner) == simdjson::SUCCESS;
            if (is_object && !is_deep && inner.begin() != inner.end()) {
                add_members(inner, depth + 1);
            } else if (const auto path = new_path()) {
                members_.push_back({*path, cell(element, arena_)});
            }
            path_.resize(parent);
        }
    }

    // The path at hand, kept; nothing where the row has it already. Messages mostly have the
    // members of the one before, in its order: as long as they do none comes twice, and no path is
    // copied.
    std::optional<std::string_view> new_path() {
        const std::size_t before = before_begin_ + (members_.size() - row_begin_);
        if (is_as_before_ && before < row_begin_ && members_[before].path == path_)
            return members_[before].path;
        if (std::exchange(is_as_before_, false))
            for (std::size_t i = row_begin_; i < members_.size(); ++i)
                seen_.insert(members_[i].path);
        if (seen_.contains(path_)) return std::nullopt;
        const std::string_view path = arena_.keep(path_);
        seen_.insert(path);
        return path;
    }

    // Empty where all went well.
    std::string_view parse(ByteView payload, Document& document) {
        const std::string_view text = as_text(payload);
        if (text.size() > kPayloadBytesMax) return "payload is larger than 16 MiB";
        if (text.empty()) return {};
        auto error = try_parse(text, document.root);
        if (error == simdjson::NUMBER_ERROR)
            error = try_parse(with_fitting_numbers(text), document.root);
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
        for (const char* name : kTimeNames) {
            const auto at = time_of(document, name);
            if (at && *at >= kGuessedTimeMinUs) {
                is_implausible = false;
                return at;
            }
            is_implausible = is_implausible || at.has_value();
        }
        return std::nullopt;
    }

    // Of a member of the payload itself.
    static std::optional<std::int64_t> time_of(const Document& document, std::string_view name) {
        const auto found = std::ranges::find(document.members, name, &Member::path);
        if (found != document.members.end()) return as_event_time(found->value);
        dom::element at;
        if (!document.is_json || document.root.at_key(name).get(at) != simdjson::SUCCESS)
            return std::nullopt;
        return as_event_time(at);
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
    std::size_t before_begin_ = 0;              // in members_: of the row before the one at hand
    std::size_t row_begin_ = 0;                 // of the row at hand
    bool is_as_before_ = true;                  // its members so far are those of the row before
    bool needs_payload_ = false;
    bool needs_time_ = false;
    const Path value_path_{{Path::Step{std::string("value")}}};
    bool needs_document_ = false; // that is more than what members say
    PayloadShapes shapes_;
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
