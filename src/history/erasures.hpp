#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/history/reading.hpp>
#include <holdfast/kv/database.hpp>

#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace holdfast::history {

// `offsets` are from now on at least what `others` are.
void raise(Offsets& offsets, const Offsets& others);

// Devices whose rows below some offsets must not come back while the log may still hold them. Few,
// and there only until the log has none of them. Not thread-safe.
class Erasures {
public:
    using Name = std::pair<StreamId, std::string>; // of a device in a stream
    using All = std::map<Name, Offsets>;

    // What is stored. Errors: corrupt, io.
    [[nodiscard]] Result<void> load(const kv::Database& database);

    [[nodiscard]] const All& all() const noexcept { return all_; }
    [[nodiscard]] bool cover(PartitionId from, std::string_view device, Offset offset) const;

    // Each is two steps: what is to be stored, and, once it is, the same in memory.
    static void stage(const Name& name, const Offsets& below, const kv::Family& family,
                      kv::WriteBatch& batch);
    void keep(const Name& name, Offsets below) { all_[name] = std::move(below); }
    static void stage_end(const Name& name, const kv::Family& family, kv::WriteBatch& batch);
    void end(const Name& name) { all_.erase(name); }
    // Offsets of the partition from `end` on are not covered any more.
    void stage_rewind(PartitionId partition, Offset end, const kv::Family& family,
                      kv::WriteBatch& batch) const;
    void rewind(PartitionId partition, Offset end);

private:
    All all_;
};

} // namespace holdfast::history
