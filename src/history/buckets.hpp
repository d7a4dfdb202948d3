#pragma once

#include <holdfast/history/aggregate.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace holdfast::history {

// Buckets that are being filled, of one device.
class Buckets {
public:
    explicit Buckets(const AggregateRequest& request)
        : from_us_(request.from_us),
          step_us_(request.step_us),
          origin_us_(request.origin_us),
          fields_(request.fields.size()) {}

    // The one that holds `us`, made where it is not there yet.
    [[nodiscard]] Bucket& at(std::int64_t us);
    // The first time behind the bucket that holds `us`.
    [[nodiscard]] std::int64_t end_of(std::int64_t us) const noexcept;
    // Moves those that end at or before `us` to the back of `out`.
    void take_before(std::int64_t us, std::vector<Bucket>& out);
    void take_all(std::vector<Bucket>& out);
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    const std::int64_t from_us_;
    const std::int64_t step_us_;
    const std::int64_t origin_us_;
    const std::size_t fields_;
    std::map<std::int64_t, Bucket> buckets_; // by their begin
};

} // namespace holdfast::history
