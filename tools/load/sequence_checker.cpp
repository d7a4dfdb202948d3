#include <load/sequence_checker.hpp>

#include <algorithm>

namespace holdfast::load {

SequenceCounts& SequenceCounts::operator+=(const SequenceCounts& other) noexcept {
    received += other.received;
    duplicated += other.duplicated;
    reordered += other.reordered;
    foreign += other.foreign;
    return *this;
}

bool SequenceChecker::fill(std::vector<Gap>& gaps, std::uint64_t sequence) {
    const auto gap = std::find_if(gaps.begin(), gaps.end(), [&](const Gap& candidate) {
        return sequence >= candidate.first && sequence < candidate.end;
    });
    if (gap == gaps.end()) return false;
    const Gap after{sequence + 1, gap->end};
    gap->end = sequence;
    if (gap->first == gap->end) {
        *gap = after;
        if (gap->first == gap->end) gaps.erase(gap);
    } else if (after.first != after.end) {
        gaps.insert(gap + 1, after);
    }
    return true;
}

void SequenceChecker::out_of_sequence(std::uint32_t publisher, std::uint64_t sequence) noexcept {
    constexpr std::uint64_t kSane = std::uint64_t{1} << 48U;
    if (publisher >= next_.size() || sequence >= kSane) {
        ++counts_.foreign;
        return;
    }
    std::uint64_t& next = next_[publisher];
    std::vector<Gap>& gaps = gaps_[publisher];
    if (sequence > next) {
        if (gaps.size() >= kGapsMax) {
            if (forgotten_.empty()) forgotten_.resize(next_.size(), 0);
            forgotten_[publisher] += gaps.front().end - gaps.front().first;
            gaps.erase(gaps.begin());
        }
        gaps.push_back({next, sequence});
        next = sequence + 1;
        ++counts_.received;
    } else if (fill(gaps, sequence)) {
        ++counts_.received;
        ++counts_.reordered;
    } else {
        ++counts_.duplicated;
    }
}

std::uint64_t SequenceChecker::missing(std::uint32_t publisher, std::uint64_t sent) const noexcept {
    if (publisher >= next_.size()) return sent;
    std::uint64_t missing = forgotten_.empty() ? 0 : forgotten_[publisher];
    for (const Gap& gap : gaps_[publisher]) {
        if (gap.first < sent) missing += std::min(gap.end, sent) - gap.first;
    }
    if (next_[publisher] < sent) missing += sent - next_[publisher];
    return missing;
}

} // namespace holdfast::load
