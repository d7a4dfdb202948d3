#include <holdfast/column/column.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

namespace holdfast::column {

// A new last block that `size` characters fit; false past the limit.
bool TextArena::grow(std::size_t size) {
    const std::size_t left = bytes_max_ - std::min(bytes_, bytes_max_);
    is_full_ = is_full_ || size > left;
    if (is_full_) return false;
    const std::size_t block = std::max(size, std::min(kBlockBytes, left));
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(block), block});
    bytes_ += block;
    used_ = 0;
    return true;
}

std::string_view TextArena::keep(std::string_view text) {
    if (text.empty()) return {};
    const bool fits = !blocks_.empty() && blocks_.back().size - used_ >= text.size();
    if (!fits && !grow(text.size())) return {};
    char* at = blocks_.back().bytes.get() + used_;
    used_ += text.size();
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
}

void TextArena::clear() noexcept {
    if (blocks_.size() > 1 || (!blocks_.empty() && blocks_.front().size > kBlockBytes)) {
        blocks_.clear();
        bytes_ = 0;
    }
    used_ = 0;
    is_full_ = false;
}

void Column::reset(std::size_t rows) {
    types_.assign(rows, Type::null);
    words_.assign(rows, 0);
    texts_.clear();
}

void Column::set(std::size_t row, const Value& value) {
    types_[row] = value.type();
    switch (value.type()) {
        case Type::null: break;
        case Type::float64: words_[row] = std::bit_cast<std::int64_t>(value.as_float()); break;
        case Type::text:
            if (texts_.empty()) texts_.resize(types_.size());
            texts_[row] = value.as_text();
            break;
        case Type::int64:
        case Type::boolean:
        case Type::timestamp: words_[row] = value.as_int(); break;
    }
}

Value Column::at(std::size_t row) const noexcept {
    switch (types_[row]) {
        case Type::null: break;
        case Type::int64: return Value::of_int(words_[row]);
        case Type::float64: return Value::of_float(std::bit_cast<double>(words_[row]));
        case Type::boolean: return Value::of_bool(words_[row] != 0);
        case Type::text: return Value::of_text(texts_[row]);
        case Type::timestamp: return Value::of_timestamp_us(words_[row]);
    }
    return {};
}

Type Column::uniform_type() const noexcept {
    if (types_.empty()) return Type::null;
    const Type first = types_.front();
    const bool same =
        std::all_of(types_.begin(), types_.end(), [first](Type type) { return type == first; });
    return same ? first : Type::null;
}

std::int64_t* Column::fill(Type type, std::size_t rows) {
    assert(type != Type::text && type != Type::null);
    types_.assign(rows, type);
    words_.resize(rows);
    texts_.clear();
    return words_.data();
}

Column Column::gather(const std::vector<std::uint32_t>& rows) const {
    Column out;
    out.types_.resize(rows.size());
    out.words_.resize(rows.size());
    if (!texts_.empty()) out.texts_.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        out.types_[i] = types_[rows[i]];
        out.words_[i] = words_[rows[i]];
        if (!texts_.empty()) out.texts_[i] = texts_[rows[i]];
    }
    return out;
}

} // namespace holdfast::column
