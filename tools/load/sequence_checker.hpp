#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::load {

// What one subscriber saw of its publishers' numbered messages.
struct SequenceCounts {
    std::uint64_t received = 0;   // distinct messages
    std::uint64_t duplicated = 0; // seen before
    std::uint64_t reordered = 0;  // arrived after a later one of the same publisher
    std::uint64_t foreign = 0;    // of no publisher of ours, or with a number out of range

    SequenceCounts& operator+=(const SequenceCounts& other) noexcept;
};

// Follows the sequence numbers (from 0, step 1) of every publisher as one subscriber receives
// them. Gaps that a late message may still fill are kept as ranges, bounded per publisher: a
// number older than all that is kept counts as duplicated.
class SequenceChecker {
public:
    explicit SequenceChecker(std::size_t publishers) : next_(publishers, 0), gaps_(publishers) {}

    void on_message(std::uint32_t publisher, std::uint64_t sequence) noexcept {
        if (publisher < next_.size() && sequence == next_[publisher]) {
            ++next_[publisher];
            ++counts_.received;
            return;
        }
        out_of_sequence(publisher, sequence);
    }

    [[nodiscard]] const SequenceCounts& counts() const noexcept { return counts_; }

    // How many of `publisher`'s first `sent` messages never came.
    [[nodiscard]] std::uint64_t missing(std::uint32_t publisher, std::uint64_t sent) const noexcept;

private:
    struct Gap { // [first, end): not received, though a later one was
        std::uint64_t first;
        std::uint64_t end;
    };
    static constexpr std::size_t kGapsMax = 1024;

    void out_of_sequence(std::uint32_t publisher, std::uint64_t sequence) noexcept;
    [[nodiscard]] static bool fill(std::vector<Gap>& gaps, std::uint64_t sequence);

    std::vector<std::uint64_t> next_;
    std::vector<std::vector<Gap>> gaps_;
    std::vector<std::uint64_t> forgotten_; // messages in gaps that were dropped from the list
    SequenceCounts counts_;
};

} // namespace holdfast::load
