#include "log/checkpoint.hpp"

#include "log/recovery.hpp"

#include <system_error>
#include <utility>
#include <vector>

namespace holdfast::log {

Result<void> mark_closed(const Store& store, const std::filesystem::path& directory) {
    HF_TRY(const kv::Manifest manifest, kv::read_manifest(*store.storage, directory));
    std::vector<Ceilings::Entry> ends;
    for (const auto& entry : store.streams.all())
        for (const auto& partition : entry->partitions)
            if (partition->next_offset > 0)
                ends.push_back({partition->id(), partition->next_offset});
    return Ceilings::close(*store.storage, directory / Store::kCeilingsFile, std::move(ends),
                           manifest);
}

Result<void> make_checkpoint(const Store& store, const std::filesystem::path& directory) {
    HF_TRY(store.database->checkpoint(directory));
    auto completed = write_format(*store.storage, directory);
    if (completed) completed = mark_closed(store, directory);
    std::error_code ignored; // what is left is not a log: it lacks its last file
    if (!completed) std::filesystem::remove_all(directory, ignored);
    return completed;
}

} // namespace holdfast::log
