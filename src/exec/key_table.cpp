#include "exec/key_table.hpp"

#include <bit>
#include <functional>

namespace holdfast::exec {
namespace {

using column::Type;
using column::Value;

std::uint64_t mixed(std::uint64_t h) noexcept { // the finaliser of SplitMix64
    h = (h ^ (h >> 30U)) * 0xbf58476d1ce4e5b9U;
    h = (h ^ (h >> 27U)) * 0x94d049bb133111ebU;
    return h ^ (h >> 31U);
}

std::uint64_t hash(const Value& value) noexcept {
    switch (value.type()) {
        case Type::null: return 0x9e3779b97f4a7c15U;
        case Type::text: return std::hash<std::string_view>()(value.as_text());
        case Type::float64: {
            // a whole double hashes as the integer that it equals
            const double real = value.as_float();
            const bool is_whole = real >= -9.2e18 && real <= 9.2e18 &&
                                  real == static_cast<double>(static_cast<std::int64_t>(real));
            return mixed(is_whole ? static_cast<std::uint64_t>(static_cast<std::int64_t>(real))
                                  : std::bit_cast<std::uint64_t>(real));
        }
        case Type::int64:
        case Type::boolean:
        case Type::timestamp: break;
    }
    return mixed(static_cast<std::uint64_t>(value.as_int()));
}

std::uint64_t hash(std::span<const Value> key) noexcept {
    std::uint64_t h = 0;
    for (const Value& each : key) h = mixed(h + 0x9e3779b97f4a7c15U) ^ hash(each);
    return h;
}

bool same(const Value& a, const Value& b) noexcept {
    if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
    return column::comparable(a, b) && column::compare(a, b) == 0;
}

constexpr std::size_t kFirstSlots = 64;

} // namespace

bool KeyTable::is_key(std::uint32_t number, std::span<const Value> key) const noexcept {
    for (std::size_t i = 0; i < width_; ++i)
        if (!same(keys_.at(number, i), key[i])) return false;
    return true;
}

std::uint32_t KeyTable::find(std::span<const Value> key) const noexcept {
    if (slots_.empty()) return kNone;
    const std::uint64_t h = hash(key);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = h & mask; slots_[at] != kNone; at = (at + 1) & mask)
        if (hashes_[slots_[at]] == h && is_key(slots_[at], key)) return slots_[at];
    return kNone;
}

Result<std::uint32_t> KeyTable::add(std::span<const Value> key) {
    if (hashes_.size() * 2 >= slots_.size()) {
        HF_TRY(grow());
    }
    const std::uint64_t h = hash(key);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = h & mask;
    for (; slots_[at] != kNone; at = (at + 1) & mask)
        if (hashes_[slots_[at]] == h && is_key(slots_[at], key)) return slots_[at];
    const std::uint32_t number = keys_.rows();
    HF_TRY(keys_.append(key));
    hashes_.push_back(h);
    slots_[at] = number;
    return number;
}

// The old and the new slots are there together while keys move.
Result<void> KeyTable::grow() {
    const std::size_t size = slots_.empty() ? kFirstSlots : slots_.size() * 2;
    HF_TRY(
        held_.hold((size + slots_.size()) * sizeof(std::uint32_t) + size * sizeof(std::uint64_t)));
    slots_.assign(size, kNone);
    hashes_.reserve(size / 2);
    for (std::uint32_t number = 0; number < hashes_.size(); ++number) {
        std::size_t at = hashes_[number] & (size - 1);
        while (slots_[at] != kNone) at = (at + 1) & (size - 1);
        slots_[at] = number;
    }
    return ok();
}

} // namespace holdfast::exec
