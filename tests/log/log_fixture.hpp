#pragma once

#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/log/log.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <support/keyspaces.hpp>

namespace holdfast::test {

// A log in a directory of its own, with a clock that the test moves.
struct LogFixture {
    enum class Start : std::uint8_t { now, later };
    explicit LogFixture(std::shared_ptr<kv::Storage> with = nullptr) : storage(std::move(with)) {
        start();
    }
    explicit LogFixture(Start when) {
        if (when == Start::now) start();
    }

    TempDir directory;
    ManualClock clock;
    Metrics metrics;
    std::shared_ptr<kv::Storage> storage;
    std::uint64_t disk_bytes_max = 0;
    std::filesystem::path disk_beside{};
    std::size_t write_buffer_bytes = 1U << 20U;
    std::unique_ptr<log::Log> log;

    [[nodiscard]] std::filesystem::path path() const { return directory.path() / "log"; }
    [[nodiscard]] Result<std::unique_ptr<log::Log>> open() {
        log::LogOptions options;
        options.keyspaces = test::all_keyspaces();
        options.directory = path();
        options.write_buffer_bytes = write_buffer_bytes;
        options.storage = storage;
        options.disk_bytes_max = disk_bytes_max;
        options.disk_beside = disk_beside;
        return log::Log::open(std::move(options), clock, metrics);
    }
    void start() {
        auto opened = open();
        if (!opened) throw std::runtime_error(opened.error().context);
        log = std::move(opened).value();
    }
    void reopen() {
        log.reset();
        start();
    }
    PartitionId make_stream(const std::string& name, PartitionIndex partitions = 1,
                            std::int64_t retention_ms = 7LL * 86'400'000) {
        log::StreamSettings settings;
        settings.name = name;
        settings.partitions = partitions;
        settings.retention_ms = retention_ms;
        return {log->create_stream(settings).value()->id, 0};
    }
};

} // namespace holdfast::test
