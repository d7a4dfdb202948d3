#include "kv/storage_access.hpp"

#include "kv/preallocated_logs.hpp"
#include "kv/status.hpp"

#include <fmt/format.h>

namespace holdfast::kv {

Storage::Storage(std::unique_ptr<Access> access) : access_(std::move(access)) {}
Storage::~Storage() = default;

Result<std::uint64_t> Storage::free_bytes(const std::filesystem::path& path) const {
    std::uint64_t free = 0;
    HF_TRY(checked(access_->files->GetFreeSpace(path.string(), {}, &free, nullptr),
                   fmt::format("free space of {}", path.string())));
    return free;
}

std::shared_ptr<Storage> local_storage() {
    auto access = std::make_unique<Storage::Access>();
    access->files = with_preallocated_logs(rocksdb::FileSystem::Default());
    access->owned_env = rocksdb::NewCompositeEnv(access->files);
    access->env = access->owned_env.get();
    return std::make_shared<Storage>(std::move(access));
}

} // namespace holdfast::kv
