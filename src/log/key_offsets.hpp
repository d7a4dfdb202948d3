#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace holdfast::log {

// The last offset of each key in a stretch of a partition. Keys are known by a hash of 128 bits
// (XXH3), as Kafka's cleaner knows them by an MD5: two keys in one place are not to be expected.
class KeyOffsets {
public:
    // About 16 MiB. A partition with more new keys is compacted in several passes.
    static constexpr std::size_t kKeysMax = 500'000;

    void note(ByteView key, Offset offset);
    [[nodiscard]] std::optional<Offset> last(ByteView key) const;
    [[nodiscard]] bool is_full() const noexcept { return offsets_.size() >= kKeysMax; }

private:
    using KeyHash = std::pair<std::uint64_t, std::uint64_t>;
    struct TakeHalf {
        using is_avalanching = void;
        std::size_t operator()(const KeyHash& hash) const noexcept { return hash.first; }
    };
    static KeyHash hash_of(ByteView key) noexcept;

    boost::unordered_flat_map<KeyHash, Offset, TakeHalf> offsets_;
};

} // namespace holdfast::log
