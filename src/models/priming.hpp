#pragma once

#include "models/scorer.hpp"

#include <holdfast/base/metrics.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/models/model_spec.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::models {

// What a new model has learnt from history about the devices of a partition, and what of the log is
// still to be read before it is live.
struct PrimedPartition {
    std::unique_ptr<Scorer> scorer;
    Offset from = 0;                                       // the log is read from here,
    Offset until = 0;                                      // and raises alarms from here on
    std::map<std::string, Offset, std::less<>> read_below; // devices: these were in history
    std::int64_t since_ms = INT64_MIN;                     // older samples are passed over
};

// One model's priming, for the thread that does it and those that look on.
struct Priming {
    std::shared_ptr<const ModelSpec> spec;
    std::shared_ptr<const log::Stream> stream;
    std::map<PartitionIndex, Offset> partitions; // to be primed; where each goes on if it cannot be
    std::stop_source stop;
    std::atomic<std::size_t> devices = 0;
    std::atomic<std::size_t> devices_done = 0;
    std::atomic<std::uint64_t> samples = 0;
    Counter* rows = nullptr; // of all models, which outlives it; null: nobody counts
};

using PrimedPartitions = std::map<PartitionIndex, PrimedPartition>;

// Feeds the model with what history has from `now_ms` less its `prime` on, device after device, and
// says where the log goes on for each of them, so that no sample is missed or seen twice. A device
// counts for the partition that the partitioner gives its key. Devices over the bound are left out,
// as they are live. `history` null, or a model with a topic, which history does not keep: the log
// alone has it. BLOCKS. Errors: closed (it was stopped),
// those of Replay and Log::offset_at().
[[nodiscard]] Result<PrimedPartitions> prime(Priming& priming, const history::Store* history,
                                             const log::Log& log, std::int64_t now_ms);

} // namespace holdfast::models
