#include "history/buckets.hpp"

#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kNodeBytes = 64; // of the map, and of the allocations

} // namespace

Bucket& Buckets::at(std::int64_t us) {
    const std::int64_t start = step_us_ == 0 ? from_us_ : bucket_of(us, step_us_, origin_us_);
    // Times mostly rise.
    if (!buckets_.empty() && buckets_.rbegin()->first == start) return buckets_.rbegin()->second;
    Bucket& bucket = buckets_[start];
    if (bucket.rows == 0) {
        bucket.start_us = start;
        bucket.fields.resize(fields_);
    }
    return bucket;
}

std::int64_t Buckets::end_of(std::int64_t us) const noexcept {
    return step_us_ == 0 ? INT64_MAX : bucket_of(us, step_us_, origin_us_) + step_us_;
}

void Buckets::take_before(std::int64_t us, std::vector<Bucket>& out) {
    while (!buckets_.empty() && step_us_ != 0 && buckets_.begin()->first + step_us_ <= us)
        out.push_back(std::move(buckets_.extract(buckets_.begin()).mapped()));
}

void Buckets::take_all(std::vector<Bucket>& out) {
    while (!buckets_.empty()) out.push_back(std::move(buckets_.extract(buckets_.begin()).mapped()));
}

std::size_t Buckets::bytes() const noexcept {
    return buckets_.size() * (sizeof(Bucket) + kNodeBytes + fields_ * sizeof(FieldAggregate));
}

} // namespace holdfast::history
