#include <holdfast/kv/database.hpp>

#include "kv/background_watch.hpp"
#include "kv/options.hpp"
#include "kv/status.hpp"
#include "kv/storage_access.hpp"
#include "kv/wal_foreign_record.hpp"
#include "kv/wal_tail.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/side_file.hpp>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

namespace holdfast::kv {

namespace {

rocksdb::Slice slice(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
ByteView view(const rocksdb::Slice& slice) {
    return {reinterpret_cast<const std::byte*>(slice.data()), slice.size()};
}

// Under the database's lock: a log that is being written is not to be touched.
Result<bool> mend_locked(rocksdb::FileSystem& files, const std::string& path) {
    rocksdb::FileLock* lock = nullptr;
    HF_TRY(checked(files.LockFile(path + "/LOCK", {}, &lock, nullptr), "opening database " + path));
    const Result<bool> mended = mend_wal_tails(files, path, false);
    HF_TRY(checked(files.UnlockFile(lock, {}, nullptr), "unlocking database " + path));
    return mended;
}

// What must outlive the database, then the database itself.
struct Core {
    std::shared_ptr<Storage> storage;
    std::unique_ptr<rocksdb::DB> db;
};

// No new database is made over what is left of another.
Result<void> expect_empty(rocksdb::Env& env, const std::string& path) {
    std::vector<std::string> names;
    if (!env.GetChildren(path, &names).ok()) return ok(); // made by the open
    for (const std::string& name : names)
        if (name.ends_with(".sst") || is_write_ahead_log(name))
            return fail(Errc::corrupt,
                        fmt::format("opening database {}: {} is there, but CURRENT is missing",
                                    path, name));
    return ok();
}

} // namespace

class FamilyHandle {
public:
    FamilyHandle(std::shared_ptr<Core> core, rocksdb::ColumnFamilyHandle* handle)
        : core_(std::move(core)), handle_(handle) {}
    ~FamilyHandle() {
        const auto status = core_->db->DestroyColumnFamilyHandle(handle_);
        status.PermitUncheckedError(); // it cannot fail for a handle that we own
    }
    FamilyHandle(const FamilyHandle&) = delete;
    FamilyHandle& operator=(const FamilyHandle&) = delete;

    [[nodiscard]] rocksdb::ColumnFamilyHandle* get() const { return handle_; }

private:
    std::shared_ptr<Core> core_;
    rocksdb::ColumnFamilyHandle* handle_;
};

struct WriteBatch::Impl {
    rocksdb::WriteBatch batch;
};

WriteBatch::WriteBatch() : impl_(std::make_unique<Impl>()) {}
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;
WriteBatch::~WriteBatch() = default;

// A WriteBatch operation fails only past a size limit, and none is set.
void WriteBatch::put(const Family& family, ByteView key, ByteView value) {
    impl_->batch.Put(family->get(), slice(key), slice(value)).PermitUncheckedError();
}
void WriteBatch::remove(const Family& family, ByteView key) {
    impl_->batch.Delete(family->get(), slice(key)).PermitUncheckedError();
}
void WriteBatch::remove_range(const Family& family, ByteView first, ByteView end) {
    impl_->batch.DeleteRange(family->get(), slice(first), slice(end)).PermitUncheckedError();
}
void WriteBatch::clear() {
    impl_->batch.Clear();
}
bool WriteBatch::empty() const {
    return impl_->batch.Count() == 0;
}
std::size_t WriteBatch::size_bytes() const {
    return impl_->batch.GetDataSize();
}

struct Iterator::Impl {
    Family family; // keeps the column family and the database
    std::string upper_bound;
    rocksdb::Slice upper_bound_slice;
    std::unique_ptr<rocksdb::Iterator> rocks;
};

Iterator::Iterator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Iterator::Iterator(Iterator&&) noexcept = default;
Iterator& Iterator::operator=(Iterator&&) noexcept = default;
Iterator::~Iterator() = default;

void Iterator::seek(ByteView key) {
    impl_->rocks->Seek(slice(key));
}
void Iterator::seek_before_end() {
    impl_->rocks->SeekToLast();
}
void Iterator::next() {
    impl_->rocks->Next();
}
bool Iterator::valid() const {
    return impl_->rocks->Valid();
}
ByteView Iterator::key() const {
    return view(impl_->rocks->key());
}
ByteView Iterator::value() const {
    return view(impl_->rocks->value());
}
Result<void> Iterator::status() const {
    return checked(impl_->rocks->status(), "reading " + impl_->family->get()->GetName());
}

Result<Manifest> read_manifest(const Storage& storage, const std::filesystem::path& directory) {
    HF_TRY(const Bytes current, read_side_file(storage, directory / "CURRENT", 4096));
    std::string_view name = as_text(current);
    constexpr std::string_view kPrefix = "MANIFEST-";
    Manifest manifest;
    if (name.ends_with('\n')) name.remove_suffix(1);
    const std::string path = (directory / name).string();
    const std::string_view digits = name.substr(std::min(kPrefix.size(), name.size()));
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), manifest.number);
    if (!name.starts_with(kPrefix) || error != std::errc() || end != digits.data() + digits.size())
        return fail(Errc::corrupt,
                    fmt::format("{} does not name a manifest", (directory / "CURRENT").string()));
    std::uint64_t bytes = 0;
    HF_TRY(checked(storage.access().env->GetFileSize(path, &bytes), "reading " + path));
    manifest.bytes = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
    return manifest;
}

struct Database::Impl {
    DatabaseOptions options;
    std::shared_ptr<rocksdb::Cache> cache;
    std::shared_ptr<Core> core;
    mutable std::mutex mutex;
    std::map<std::string, Family, std::less<>> families; // guarded by mutex

    std::atomic<bool> has_failed{false};
    std::shared_ptr<BackgroundWatch> background = std::make_shared<BackgroundWatch>();

    // Of a call that changes something.
    [[nodiscard]] Result<void> changed(const rocksdb::Status& status, std::string_view doing) {
        if (status.ok()) return ok();
        has_failed = true;
        return checked(status, doing);
    }
    [[nodiscard]] FamilyUse use_of(std::string_view name) const {
        return options.use_of ? options.use_of(name) : FamilyUse::state;
    }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const DatabaseOptions& options) {
    auto opened = try_open(options);
    if (!options.read_only) return opened;
    // A process that writes may be seen in the middle of a record, or files go while we look.
    constexpr int kLooks = 5;
    for (int i = 1; i < kLooks && !opened; ++i) {
        const Errc why = opened.error().code;
        if (why != Errc::corrupt) break;
        opened = try_open(options);
    }
    return opened;
}

Result<std::unique_ptr<Database>> Database::try_open(const DatabaseOptions& options) {
    auto impl = std::make_unique<Impl>();
    impl->options = options;
    impl->core = std::make_shared<Core>();
    impl->core->storage = options.storage ? options.storage : local_storage();
    impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    rocksdb::Env* env = impl->core->storage->access().env;
    rocksdb::FileSystem& files = *impl->core->storage->access().files;
    const std::string path = options.directory.string();
    const bool direct_writes = !options.read_only && takes_direct_writes(files, path);
    rocksdb::DBOptions db_options = database_options(options, env, direct_writes);
    db_options.listeners.push_back(impl->background);
    const std::string doing = "opening database " + path;

    std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName};
    const bool exists = env->FileExists(path + "/CURRENT").ok();
    if (!exists) {
        HF_TRY(expect_empty(*env, path));
    } else {
        HF_TRY(checked(rocksdb::DB::ListColumnFamilies(db_options, path, &names), doing));
        HF_TRY(const bool is_torn,
               options.read_only ? mend_wal_tails(files, path, true) : mend_locked(files, path));
        if (options.salvage != Salvage::stop_at_damage) {
            HF_TRY(const bool is_found, has_foreign_record(files, path));
            if (is_found)
                return fail(Errc::corrupt,
                            doing + ": a record of a write-ahead log claims to be another log's");
        }
        if (is_torn && options.read_only)
            db_options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    }
    std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
    wanted.reserve(names.size());
    for (const std::string& name : names)
        wanted.emplace_back(name, family_options(options, impl->use_of(name), impl->cache));

    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const auto opened = options.read_only
                            ? rocksdb::DB::OpenForReadOnly(db_options, path, wanted, &handles, &db)
                            : rocksdb::DB::Open(db_options, path, wanted, &handles, &db);
    HF_TRY(checked(opened, doing));
    impl->core->db.reset(db);
    for (std::size_t i = 0; i < names.size(); ++i)
        impl->families[names[i]] = std::make_shared<FamilyHandle>(impl->core, handles[i]);
    return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Family Database::family(std::string_view name) const {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->families.find(name);
    return found == impl_->families.end() ? nullptr : found->second;
}

std::vector<std::string> Database::family_names() const {
    const std::lock_guard lock(impl_->mutex);
    std::vector<std::string> names;
    for (const auto& [name, family] : impl_->families) names.push_back(name);
    return names;
}

Result<Family> Database::create_family(const std::string& name) {
    const auto options = family_options(impl_->options, impl_->use_of(name), impl_->cache);
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    HF_TRY(impl_->changed(impl_->core->db->CreateColumnFamily(options, name, &handle),
                          "making column family " + name));
    auto family = std::make_shared<FamilyHandle>(impl_->core, handle);
    const std::lock_guard lock(impl_->mutex);
    impl_->families[name] = family;
    return family;
}

Result<void> Database::drop_family(std::string_view name) {
    const Family dropped = family(name);
    if (!dropped) return fail(Errc::not_found, fmt::format("no column family {}", name));
    HF_TRY(impl_->changed(impl_->core->db->DropColumnFamily(dropped->get()),
                          fmt::format("dropping column family {}", name)));
    const std::lock_guard lock(impl_->mutex);
    impl_->families.erase(std::string(name));
    return ok();
}

Result<void> Database::write(const WriteBatch& batch, bool synced) {
    if (impl_->background->has_damaged()) leave_damaged_uncompacted();
    rocksdb::WriteOptions options;
    options.sync = synced;
    const auto status = impl_->core->db->Write(options, &batch.impl().batch);
    if (status.ok()) return ok();
    return impl_->changed(status, "writing to database " + impl_->options.directory.string());
}

// Neither tried again and again nor waited for.
void Database::leave_damaged_uncompacted() {
    for (const std::string& name : impl_->background->take_damaged()) {
        const Family damaged = family(name);
        if (!damaged) continue; // dropped
        constexpr const char* kNever = "2147483647";
        const auto status = impl_->core->db->SetOptions(
            damaged->get(), {{"disable_auto_compactions", "true"},
                             {"level0_slowdown_writes_trigger", kNever},
                             {"level0_stop_writes_trigger", kNever},
                             {"soft_pending_compaction_bytes_limit", "0"},
                             {"hard_pending_compaction_bytes_limit", "0"}});
        if (!status.ok()) log_error("kv", "column family {}: {}", name, status.ToString());
    }
}

Result<void> Database::sync() {
    return impl_->changed(impl_->core->db->SyncWAL(),
                          "syncing database " + impl_->options.directory.string());
}

Result<void> Database::finish() {
    rocksdb::CancelAllBackgroundWork(impl_->core->db.get(), true);
    if (has_failed()) // RocksDB asserts on a sync then
        return fail(Errc::io,
                    fmt::format("a write to {} failed", impl_->options.directory.string()));
    return sync();
}

Result<void> Database::flush(const Family& family) {
    return impl_->changed(impl_->core->db->Flush({}, family->get()),
                          "flushing column family " + family->get()->GetName());
}

Result<void> Database::flush_all() {
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    std::vector<Family> held; // against a drop meanwhile
    {
        const std::lock_guard lock(impl_->mutex);
        for (const auto& [name, family] : impl_->families) held.push_back(family);
    }
    for (const Family& family : held) families.push_back(family->get());
    return impl_->changed(impl_->core->db->Flush({}, families), "flushing all column families");
}
std::uint64_t Database::unflushed_bytes() const {
    std::uint64_t bytes = 0;
    impl_->core->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables,
                                              &bytes);
    return bytes;
}
Result<void> Database::checkpoint(const std::filesystem::path& directory) {
    const std::string what = "a checkpoint in " + directory.string();
    if (std::filesystem::exists(directory))
        return fail(Errc::already_exists, what + ": it exists already");
    rocksdb::Checkpoint* made = nullptr;
    HF_TRY(checked(rocksdb::Checkpoint::Create(impl_->core->db.get(), &made), what));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    HF_TRY(checked(checkpoint->CreateCheckpoint(directory.string()), what));
    return ok();
}
Result<void> Database::compact(const Family& family, std::atomic<bool>& cancelled) {
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    options.canceled = &cancelled;
    // The bottom too: there lies most of what was replaced.
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const auto status = impl_->core->db->CompactRange(options, family->get(), nullptr, nullptr);
    if (status.IsColumnFamilyDropped()) return ok(); // and its tables with it
    if (cancelled && (status.IsIncomplete() || status.IsManualCompactionPaused())) return ok();
    if (status.IsCorruption() || status.IsPathNotFound()) // nothing was changed
        return checked(status, "compacting column family " + family->get()->GetName());
    return impl_->changed(status, "compacting column family " + family->get()->GetName());
}

bool Database::has_failed() const noexcept {
    return impl_->has_failed || impl_->background->has_failed();
}

Result<std::optional<std::string>> Database::get(const Family& family, ByteView key) const {
    std::string value;
    const auto status = impl_->core->db->Get({}, family->get(), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    HF_TRY(checked(status, "reading " + family->get()->GetName()));
    return std::optional(std::move(value));
}

Iterator Database::iterate(const Family& family, std::optional<ByteView> upper_bound) const {
    auto impl = std::make_unique<Iterator::Impl>();
    impl->family = family;
    rocksdb::ReadOptions options;
    options.background_purge_on_iterator_cleanup = true;
    if (upper_bound) {
        impl->upper_bound = as_text(*upper_bound);
        impl->upper_bound_slice = impl->upper_bound;
        options.iterate_upper_bound = &impl->upper_bound_slice;
    }
    impl->rocks.reset(impl_->core->db->NewIterator(options, family->get()));
    return Iterator(std::move(impl));
}

} // namespace holdfast::kv
