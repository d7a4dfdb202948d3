#include "app/output_file.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace holdfast::app {

namespace fs = std::filesystem;

OutputFile::~OutputFile() {
    std::error_code ignored;
    if (!beside_.empty()) fs::remove(beside_, ignored);
}

Result<void> OutputFile::open(const std::string& file) {
    name_ = file;
    std::error_code error; // what cannot be looked at cannot be opened either
    const fs::file_status before = fs::status(file, error);
    if (fs::exists(before) && !fs::is_regular_file(before)) {
        out_.open(file, std::ios::binary | std::ios::trunc);
        return out_ ? ok() : Result<void>(fail(Errc::io, name_ + ": " + std::strerror(errno)));
    }
    place_ = fs::is_symlink(fs::symlink_status(file, error)) ? fs::weakly_canonical(file, error)
                                                             : fs::path(file);
    fs::path beside = place_;
    beside += ".new";
    out_.open(beside, std::ios::binary | std::ios::trunc);
    if (!out_) return fail(Errc::io, name_ + ": " + std::strerror(errno));
    beside_ = std::move(beside);
    if (fs::exists(before)) fs::permissions(beside_, before.permissions(), error);
    return ok();
}

Result<void> OutputFile::keep() {
    out_.close();
    if (!out_) return fail(Errc::io, name_ + ": cannot be written: " + std::strerror(errno));
    if (beside_.empty()) return ok();
    std::error_code error;
    fs::rename(beside_, place_, error);
    if (error) return fail(Errc::io, name_ + ": " + error.message());
    beside_.clear();
    return ok();
}

} // namespace holdfast::app
