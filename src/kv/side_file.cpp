#include <holdfast/kv/side_file.hpp>

#include "kv/status.hpp"
#include "kv/storage_access.hpp"

#include <fmt/format.h>

namespace holdfast::kv {

namespace {

rocksdb::Slice slice(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> sync_directory(const Storage& storage, const std::filesystem::path& directory) {
    std::unique_ptr<rocksdb::FSDirectory> handle;
    const std::string doing = fmt::format("sync of directory {}", directory.string());
    HF_TRY(checked(storage.access().files->NewDirectory(directory.string(), {}, &handle, nullptr),
                   doing));
    HF_TRY(checked(handle->Fsync({}, nullptr), doing));
    return checked(handle->Close({}, nullptr), doing);
}

} // namespace

Result<Bytes> read_side_file(const Storage& storage, const std::filesystem::path& path,
                             std::size_t bytes_max) {
    auto& files = *storage.access().files;
    const std::string doing = fmt::format("read of {}", path.string());
    std::uint64_t size = 0;
    HF_TRY(checked(files.FileExists(path.string(), {}, nullptr), doing));
    HF_TRY(checked(files.GetFileSize(path.string(), {}, &size, nullptr), doing));
    if (size > bytes_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("{}: {} bytes, at most {} were expected", doing, size, bytes_max));
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    HF_TRY(checked(files.NewSequentialFile(path.string(), {}, &file, nullptr), doing));
    Bytes content(static_cast<std::size_t>(size));
    std::size_t have = 0;
    while (have < content.size()) {
        rocksdb::Slice piece;
        HF_TRY(checked(file->Read(content.size() - have, {}, &piece,
                                  reinterpret_cast<char*>(content.data()) + have, nullptr),
                       doing));
        if (piece.empty()) break;
        have += piece.size();
    }
    content.resize(have);
    return content;
}

Result<void> replace_side_file(const Storage& storage, const std::filesystem::path& path,
                               ByteView content) {
    auto& files = *storage.access().files;
    const std::string fresh = path.string() + ".new";
    const std::string doing = fmt::format("write of {}", path.string());
    std::unique_ptr<rocksdb::FSWritableFile> file;
    HF_TRY(checked(files.NewWritableFile(fresh, {}, &file, nullptr), doing));
    HF_TRY(checked(file->Append(slice(content), {}, nullptr), doing));
    HF_TRY(checked(file->Sync({}, nullptr), doing));
    HF_TRY(checked(file->Close({}, nullptr), doing));
    HF_TRY(checked(files.RenameFile(fresh, path.string(), {}, nullptr), doing));
    return sync_directory(storage, path.parent_path());
}

Result<void> make_directory(const Storage& storage, const std::filesystem::path& path) {
    const auto parent = std::filesystem::absolute(path).parent_path();
    auto& files = *storage.access().files;
    if (parent != path && !files.FileExists(parent.string(), {}, nullptr).ok()) {
        HF_TRY(make_directory(storage, parent));
    }
    return checked(files.CreateDirIfMissing(path.string(), {}, nullptr),
                   fmt::format("making directory {}", path.string()));
}

struct AppendFile::Impl {
    std::string doing;
    std::unique_ptr<rocksdb::FSWritableFile> file;
};

AppendFile::AppendFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AppendFile::AppendFile(AppendFile&&) noexcept = default;
AppendFile& AppendFile::operator=(AppendFile&&) noexcept = default;

AppendFile::~AppendFile() {
    if (!impl_) return;
    const rocksdb::IOStatus closed = impl_->file->Close({}, nullptr);
    closed.PermitUncheckedError(); // all that matters was synced
}

Result<AppendFile> AppendFile::open(const Storage& storage, const std::filesystem::path& path) {
    auto impl = std::make_unique<Impl>();
    impl->doing = fmt::format("append to {}", path.string());
    HF_TRY(
        checked(storage.access().files->ReopenWritableFile(path.string(), {}, &impl->file, nullptr),
                impl->doing));
    return AppendFile(std::move(impl));
}

Result<void> AppendFile::append_synced(ByteView bytes) {
    HF_TRY(checked(impl_->file->Append(slice(bytes), {}, nullptr), impl_->doing));
    return checked(impl_->file->Sync({}, nullptr), impl_->doing);
}

} // namespace holdfast::kv
