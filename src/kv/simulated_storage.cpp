#include <holdfast/kv/simulated_storage.hpp>

#include "kv/preallocated_logs.hpp"
#include "kv/simulated_files.hpp"
#include "kv/storage_access.hpp"

#include <rocksdb/env.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace holdfast::kv {

namespace {

namespace rdb = rocksdb;
using rdb::IODebugContext;
using rdb::IOOptions;
using rdb::IOStatus;

// Stops at the first failure.
#define HF_BEFORE_CHANGE(files) \
    if (IOStatus refused = (files)->before_change(); !refused.ok()) return refused

class SimulatedFile final : public rdb::FSWritableFileOwnerWrapper {
public:
    SimulatedFile(std::unique_ptr<rdb::FSWritableFile> file, std::string path,
                  std::shared_ptr<SimulatedFiles> files)
        : FSWritableFileOwnerWrapper(std::move(file)),
          path_(std::move(path)),
          files_(std::move(files)) {}

    IOStatus Append(const rdb::Slice& data, const IOOptions& options,
                    IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        IOStatus status = target()->Append(data, options, debug);
        if (status.ok()) files_->wrote(path_, target()->GetFileSize(options, debug));
        return status;
    }
    IOStatus Append(const rdb::Slice& data, const IOOptions& options,
                    const rdb::DataVerificationInfo&, IODebugContext* debug) override {
        return Append(data, options, debug);
    }
    // Direct writes come with their place.
    IOStatus PositionedAppend(const rdb::Slice& data, std::uint64_t offset,
                              const IOOptions& options, IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        IOStatus status = target()->PositionedAppend(data, offset, options, debug);
        if (status.ok()) files_->wrote(path_, target()->GetFileSize(options, debug));
        return status;
    }
    IOStatus PositionedAppend(const rdb::Slice& data, std::uint64_t offset,
                              const IOOptions& options, const rdb::DataVerificationInfo&,
                              IODebugContext* debug) override {
        return PositionedAppend(data, offset, options, debug);
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions& options,
                      IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        return target()->Truncate(size, options, debug);
    }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        files_->before_sync();
        HF_BEFORE_CHANGE(files_);
        files_->synced(path_);
        return IOStatus::OK();
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
        return Sync(options, debug);
    }
    IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
        return IOStatus::OK();
    }

private:
    const std::string path_;
    const std::shared_ptr<SimulatedFiles> files_;
};

class SimulatedDirectory final : public rdb::FSDirectory {
public:
    SimulatedDirectory(std::string path, std::shared_ptr<SimulatedFiles> files)
        : path_(std::move(path)), files_(std::move(files)) {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        HF_BEFORE_CHANGE(files_);
        files_->directory_synced(path_);
        return IOStatus::OK();
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

private:
    const std::string path_;
    const std::shared_ptr<SimulatedFiles> files_;
};

class SimulatedFileSystem final : public rdb::FileSystemWrapper {
public:
    explicit SimulatedFileSystem(std::shared_ptr<SimulatedFiles> files)
        : FileSystemWrapper(with_preallocated_logs(rdb::FileSystem::Default())),
          files_(std::move(files)) {}

    const char* Name() const override { return "SimulatedFileSystem"; }

    IOStatus NewWritableFile(const std::string& path, const rdb::FileOptions& options,
                             std::unique_ptr<rdb::FSWritableFile>* file,
                             IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        return wrap(target()->NewWritableFile(path, options, file, debug), path, true, file);
    }
    IOStatus ReopenWritableFile(const std::string& path, const rdb::FileOptions& options,
                                std::unique_ptr<rdb::FSWritableFile>* file,
                                IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        const bool fresh = !std::filesystem::exists(path);
        return wrap(target()->ReopenWritableFile(path, options, file, debug), path, fresh, file);
    }
    IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions& options,
                      IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        files_->opened(path, false);
        IOStatus status = target()->Truncate(path, size, options, debug);
        if (status.ok()) files_->wrote(path, size);
        return status;
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions&,
                          std::unique_ptr<rdb::FSDirectory>* directory, IODebugContext*) override {
        *directory = std::make_unique<SimulatedDirectory>(path, files_);
        return IOStatus::OK();
    }
    IOStatus CreateDir(const std::string& path, const IOOptions& options,
                       IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        return target()->CreateDir(path, options, debug);
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                        IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        IOStatus status = target()->DeleteFile(path, options, debug);
        if (status.ok()) files_->removed(path);
        return status;
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                        IODebugContext* debug) override {
        HF_BEFORE_CHANGE(files_);
        std::optional<std::string> replaced;
        if (std::ifstream old(to, std::ios::binary); old)
            replaced.emplace(std::istreambuf_iterator<char>(old), std::istreambuf_iterator<char>());
        IOStatus status = target()->RenameFile(from, to, options, debug);
        if (status.ok()) files_->renamed(from, to, std::move(replaced));
        return status;
    }
    IOStatus GetFreeSpace(const std::string& path, const IOOptions& options, std::uint64_t* free,
                          IODebugContext* debug) override {
        const auto told = files_->free_bytes();
        if (!told) return target()->GetFreeSpace(path, options, free, debug);
        *free = *told;
        return IOStatus::OK();
    }

private:
    IOStatus wrap(IOStatus status, const std::string& path, bool fresh,
                  std::unique_ptr<rdb::FSWritableFile>* file) {
        if (!status.ok()) return status;
        files_->opened(path, fresh);
        *file = std::make_unique<SimulatedFile>(std::move(*file), path, files_);
        return status;
    }

    const std::shared_ptr<SimulatedFiles> files_;
};

#undef HF_BEFORE_CHANGE

// RocksDB sleeps a second after a failed flush: tests need not.
class ImpatientClock final : public rdb::SystemClockWrapper {
public:
    ImpatientClock() : SystemClockWrapper(rdb::SystemClock::Default()) {}
    const char* Name() const override { return "ImpatientClock"; }
    void SleepForMicroseconds(int us) override {
        target_->SleepForMicroseconds(std::min(us, 1'000));
    }
};

class SimulatedEnv final : public rdb::EnvWrapper {
public:
    explicit SimulatedEnv(const std::shared_ptr<rdb::FileSystem>& files)
        : EnvWrapper(rdb::NewCompositeEnv(files)) {
        file_system_ = files;
        system_clock_ = std::make_shared<ImpatientClock>();
    }
};

} // namespace

struct SimulatedStorage::State {
    explicit State(std::uint64_t seed) : files(std::make_shared<SimulatedFiles>(seed)) {}
    std::shared_ptr<SimulatedFiles> files;
};

SimulatedStorage::SimulatedStorage(std::uint64_t seed) : state_(std::make_shared<State>(seed)) {
    auto access = std::make_unique<Storage::Access>();
    access->files = std::make_shared<SimulatedFileSystem>(state_->files);
    access->owned_env = std::make_unique<SimulatedEnv>(access->files);
    access->env = access->owned_env.get();
    storage_ = std::make_shared<Storage>(std::move(access));
}
SimulatedStorage::~SimulatedStorage() = default;

std::shared_ptr<Storage> SimulatedStorage::storage() const {
    return storage_;
}
void SimulatedStorage::set_full(bool full) {
    state_->files->set_full(full);
}
void SimulatedStorage::set_free_bytes(std::uint64_t bytes) {
    state_->files->set_free_bytes(bytes);
}
void SimulatedStorage::fail_after(std::uint64_t nth) {
    state_->files->fail_after(nth);
}
void SimulatedStorage::heal() {
    state_->files->heal();
}
std::uint64_t SimulatedStorage::writes_and_syncs() const {
    return state_->files->calls();
}
void SimulatedStorage::hold_syncs(bool hold) {
    state_->files->hold_syncs(hold);
}
void SimulatedStorage::wait_for_held_sync() const {
    state_->files->wait_for_held_sync();
}
void SimulatedStorage::cut_power() {
    state_->files->cut_power();
}
void SimulatedStorage::restore() {
    state_->files->restore();
}

} // namespace holdfast::kv
