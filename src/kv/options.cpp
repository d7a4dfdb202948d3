#include "kv/options.hpp"

#include <holdfast/base/log_line.hpp>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <limits>
#include <memory>

namespace holdfast::kv {

namespace {

constexpr std::size_t kPayloadPrefixBytes = 8; // FamilyUse::payload

// RocksDB's warnings as lines of ours; its owner says what matters. A file of its own would end the
// process: RocksDB asserts when it goes on writing to one that a full disk has cut short.
class LineLogger final : public rocksdb::Logger {
public:
    LineLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
    using rocksdb::Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        if (!log_enabled(LogLevel::debug)) return;
        std::array<char, 512> line; // NOLINT: filled by vsnprintf
        std::vsnprintf(line.data(), line.size(), format, arguments);
        log_debug("kv", "{}", line.data());
    }
};

rocksdb::WALRecoveryMode recovery_mode(Salvage salvage) {
    switch (salvage) {
        case Salvage::skip_damage: return rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
        case Salvage::stop_at_damage: return rocksdb::WALRecoveryMode::kPointInTimeRecovery;
        case Salvage::none: break;
    }
    return rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
}

} // namespace

bool takes_direct_writes(rocksdb::FileSystem& files, const std::string& directory) {
    // Opening is what file systems without direct I/O refuse. Any other trouble with the directory
    // is met again by the database's own open, which has words for it.
    if (!files.CreateDirIfMissing(directory, {}, nullptr).ok()) return false;
    const std::string path = directory + "/direct-write-probe";
    rocksdb::FileOptions options;
    options.use_direct_writes = true;
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const bool is_open = files.NewWritableFile(path, options, &file, nullptr).ok();
    if (is_open) file->Close({}, nullptr).PermitUncheckedError(); // nothing was written
    files.DeleteFile(path, {}, nullptr).PermitUncheckedError();   // may not be there
    return is_open;
}

rocksdb::DBOptions database_options(const DatabaseOptions& options, rocksdb::Env* env,
                                    bool direct_writes) {
    rocksdb::DBOptions db;
    db.env = env;
    db.create_if_missing = !options.read_only;
    db.info_log = std::make_shared<LineLogger>();
    // A torn tail is what a power loss leaves; anything else that does not read is damage, and the
    // open says so. (The default, point-in-time, forgets synced records behind a flipped bit.)
    db.wal_recovery_mode = recovery_mode(options.salvage);
    db.avoid_flush_during_recovery = options.keep_logs;
    // Not paranoid, RocksDB opens past damaged tables, but does not notice where a log is damaged.
    db.paranoid_checks = options.salvage != Salvage::skip_damage;
    db.skip_checking_sst_file_sizes_on_db_open = true; // a short table fails when it is read
    db.skip_stats_update_on_db_open = true;
    db.advise_random_on_open = false;
    db.max_open_files = 1000;
    db.max_background_jobs = 2;
    db.max_total_wal_size = 4 * static_cast<std::uint64_t>(options.write_buffer_bytes);
    db.db_write_buffer_size = 4 * options.write_buffer_bytes;
    // One thread writes: nothing to share, nothing to spin for.
    db.allow_concurrent_memtable_write = false;
    db.enable_write_thread_adaptive_yield = false;
    db.max_bgerror_resume_count = 0; // the owner reopens: that reads back what the disk really has
    db.stats_dump_period_sec = 0;
    db.stats_persist_period_sec = 0;
    // Smooth flushes: a burst of them makes the p99 of fsync.
    constexpr std::int64_t kRefillUs = 5'000;
    db.rate_limiter.reset(rocksdb::NewGenericRateLimiter(
        static_cast<std::int64_t>(options.background_bytes_per_second), kRefillUs));
    db.bytes_per_sync = 1U << 20U;
    // What is flushed is rarely read soon: past the page cache it costs half the CPU, and a burst
    // of dirty pages does not delay the write-ahead log's syncs.
    db.use_direct_io_for_flush_and_compaction = direct_writes;
    return db;
}

rocksdb::ColumnFamilyOptions family_options(const DatabaseOptions& options, FamilyUse use,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.format_version = 5;
    rocksdb::ColumnFamilyOptions family;
    family.compression = rocksdb::kNoCompression; // record batches come compressed, or not
    if (use == FamilyUse::payload) {
        // With logs that are kept no buffer must count as full before all is read back.
        family.write_buffer_size = options.write_buffer_bytes * (options.keep_logs ? 4 : 1);
        family.max_write_buffer_number = 4;
        // Each key finds its place from the one before it with its prefix.
        family.memtable_insert_with_hint_prefix_extractor.reset(
            rocksdb::NewFixedPrefixTransform(kPayloadPrefixBytes));
        // Level 0 only: a flush writes a payload once, and the family's end deletes it.
        family.disable_auto_compactions = true;
        constexpr int kNever = std::numeric_limits<int>::max();
        family.level0_file_num_compaction_trigger = kNever;
        family.level0_slowdown_writes_trigger = kNever;
        family.level0_stop_writes_trigger = kNever;
        family.soft_pending_compaction_bytes_limit = 0;
        family.hard_pending_compaction_bytes_limit = 0;
        table.block_size = 32U << 10U;
    } else if (use == FamilyUse::compacted) {
        family.write_buffer_size = options.write_buffer_bytes / 2;
        table.block_size = 32U << 10U;
    } else {
        family.write_buffer_size = options.write_buffer_bytes / 4;
    }
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return family;
}

} // namespace holdfast::kv
