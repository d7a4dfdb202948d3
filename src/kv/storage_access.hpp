#pragma once

#include <holdfast/kv/storage.hpp>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>

namespace holdfast::kv {

struct Storage::Access {
    std::shared_ptr<rocksdb::FileSystem> files;
    std::unique_ptr<rocksdb::Env> owned_env;
    rocksdb::Env* env = nullptr;
};

} // namespace holdfast::kv
