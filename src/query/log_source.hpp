#pragma once

#include <holdfast/exec/row_source.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::query {

// Records that are known from elsewhere, and are not wanted from the log.
class ToldRows {
public:
    virtual ~ToldRows() = default;
    // The first offset, `offset` or one behind it, of which anything may be wanted.
    [[nodiscard]] virtual Offset next_wanted(PartitionIndex partition, Offset offset) const = 0;
    // From which event time on the device's record is known; nothing: it is not, whatever its time.
    [[nodiscard]] virtual std::optional<std::int64_t> told_from_us(PartitionIndex partition,
                                                                   std::string_view device,
                                                                   Offset offset) const = 0;
};

// The records of streams, partition after partition, from the log as it stands when it is opened.
// With a filter, those whose topic matches it. With `told`, those that are not known from there and
// say something: of a device, with a value, not damaged; it is asked from the first next() on.
// `log`, `source`, `context` and `told` outlive the cursor.
[[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open_log(
    const log::Log& log, const std::vector<std::string>& streams, const sql::SourcePlan& source,
    exec::Context& context, const ToldRows* told = nullptr);

// How many partitions open_log() would read: fewer than there are where the devices are known and
// every key lies where the partitioner puts it.
struct PartitionCount {
    std::size_t read = 0;
    std::size_t all = 0;
};
[[nodiscard]] PartitionCount partitions_read(const log::Log& log,
                                             const std::vector<std::string>& streams,
                                             const sql::SourcePlan& source);

} // namespace holdfast::query
