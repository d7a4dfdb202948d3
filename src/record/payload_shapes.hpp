#pragma once

#include <holdfast/record/payload_columns.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::record {

// What stands between the values of a payload, from its first byte to its last, and the path of
// each value. Whatever has the same text there, and single values between, has the same members.
struct PayloadShape {
    std::string glue;                // all of it, one piece behind the other
    std::vector<std::size_t> begins; // of the piece in front of each value, and of the last
    std::vector<std::string> paths;  // of the values, in their order; none comes twice
    std::vector<std::string_view>
        kept_paths;                  // the same in the arena of the batch at hand, if it is
    std::uint64_t kept_in_batch = 0; // this one
};

// Reads payloads that differ from others before them in nothing but their values, as those of one
// kind of device do, without building a document. What it reads is,
// to the bit, what the parser makes of it; everything else is left to the parser: texts with
// escapes, integers of many digits, arrays, and whatever is no JSON.
//
// Holds few shapes of bounded size, of which the oldest give way. One thread at a time.
class PayloadShapes {
public:
    // Values from here on are kept in another arena, or in one that was cleared.
    void begin_batch() noexcept { ++batch_; }

    // Appends the members of `json`, in its order. False, and `out` as it was, where it is not read
    // here. Text and paths are kept in `arena`.
    [[nodiscard]] bool read(std::string_view json, column::TextArena& arena,
                            std::vector<Member>& out);
    // `json`, a sound document of an object whose members are these, was not read: may be, the next
    // one like it is.
    void learn(std::string_view json, std::span<const Member> members);

private:
    static constexpr std::size_t kShapesMax = 8;
    static constexpr std::size_t kPayloadBytesMax = 16U << 10U; // of one that is learnt
    static constexpr int kCreditMax = 64;
    static constexpr unsigned kMissesPerTrial = 32;

    std::vector<PayloadShape> shapes_;
    std::size_t last_ = 0;     // the one that was met, and is tried first
    std::size_t replaced_ = 0; // the one that gives way next
    std::uint64_t batch_ = 0;
    int credit_ = kCreditMax; // what is gained by shapes, less what it costs to learn them
    unsigned misses_ = 0;
};

} // namespace holdfast::record
