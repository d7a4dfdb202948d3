#pragma once

#include <holdfast/base/metrics.hpp>

namespace holdfast::log {

// What the log counts.
struct LogMetrics {
    explicit LogMetrics(Metrics& metrics)
        : records(metrics.counter("holdfast_log_appended_records", "Records appended")),
          bytes(metrics.counter("holdfast_log_appended_bytes", "Bytes of record batches appended")),
          groups(metrics.counter("holdfast_log_groups", "Append groups stored")),
          writes(metrics.counter("holdfast_log_writes", "Group commits written")),
          syncs(metrics.counter("holdfast_log_syncs", "Group commits that waited for the disk")),
          write_us(metrics.counter("holdfast_log_write_microseconds",
                                   "Time spent writing and syncing group commits")),
          refused(metrics.counter("holdfast_log_refused_groups", "Append groups that failed")),
          dropped_bytes(metrics.counter("holdfast_log_dropped_bytes",
                                        "Bytes of slices that were dropped for want of space")),
          compacted_bytes(metrics.counter("holdfast_log_compacted_bytes",
                                          "Bytes of batches that compaction took out")) {}

    Counter& records;
    Counter& bytes;
    Counter& groups;
    Counter& writes;
    Counter& syncs;
    Counter& write_us;
    Counter& refused;
    Counter& dropped_bytes;
    Counter& compacted_bytes;
};

} // namespace holdfast::log
