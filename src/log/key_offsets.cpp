#include "log/key_offsets.hpp"

#include <xxhash.h>

namespace holdfast::log {

void KeyOffsets::note(ByteView key, Offset offset) {
    offsets_[hash_of(key)] = offset;
}

std::optional<Offset> KeyOffsets::last(ByteView key) const {
    const auto found = offsets_.find(hash_of(key));
    return found == offsets_.end() ? std::nullopt : std::optional(found->second);
}

KeyOffsets::KeyHash KeyOffsets::hash_of(ByteView key) noexcept {
    const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
    return {hash.low64, hash.high64};
}

} // namespace holdfast::log
