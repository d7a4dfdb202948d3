#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/kv/database.hpp>
#include <holdfast/kv/side_file.hpp>

#include <filesystem>
#include <optional>
#include <unordered_map>
#include <vector>

namespace holdfast::log {

// Remembers, outside the database, below which offset every partition's offsets were given out.
// Offsets are reserved in steps of 2^20 ahead of their use, so this costs a sync per million
// records; after damage to the write-ahead log the partition goes on behind its ceiling and never
// gives an offset out twice. One thread at a time.
class Ceilings {
public:
    static constexpr Offset kStep = Offset{1} << 20U;
    struct Entry {
        PartitionId partition;
        Offset ceiling = 0;
    };

    struct Loaded {
        std::unordered_map<PartitionId, Offset> ceilings;
        // By close(): the ceilings are ends, and this was the database's list of files.
        std::optional<kv::Manifest> manifest;
    };

    // Reads what is there; a torn tail is forgotten: it was never acknowledged. Errors: io.
    [[nodiscard]] static Result<Loaded> load(const kv::Storage& storage,
                                             const std::filesystem::path& file);
    // Writes the file anew with these entries and keeps it open. Errors: io, no_space.
    [[nodiscard]] static Result<Ceilings> rewrite(const kv::Storage& storage,
                                                  const std::filesystem::path& file,
                                                  const std::vector<Entry>& entries);
    // Writes the file anew with the next offsets themselves, all that is below being stored: what
    // the next start finds less of was lost since. Errors: io, no_space.
    [[nodiscard]] static Result<void> close(const kv::Storage& storage,
                                            const std::filesystem::path& file,
                                            std::vector<Entry> ends, const kv::Manifest& manifest);

    // Durable when it returns. Errors: io, no_space.
    [[nodiscard]] Result<void> raise(const std::vector<Entry>& entries);

private:
    explicit Ceilings(kv::AppendFile file) : file_(std::move(file)) {}
    kv::AppendFile file_;
};

} // namespace holdfast::log
