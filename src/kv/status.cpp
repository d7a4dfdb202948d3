#include "kv/status.hpp"

#include <fmt/format.h>

#include <string>

namespace holdfast::kv {

namespace {

Errc errc_of(const rocksdb::Status& status) {
    if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit)
        return Errc::no_space;
    if (status.IsNotFound()) return Errc::not_found;
    // A file that a database names must be there.
    if (status.IsCorruption() || status.IsPathNotFound()) return Errc::corrupt;
    if (status.IsNotSupported()) return Errc::not_supported;
    if (status.IsInvalidArgument()) return Errc::malformed;
    if (status.IsShutdownInProgress()) return Errc::closed;
    return Errc::io;
}

} // namespace

Result<void> checked(const rocksdb::Status& status, std::string_view doing) {
    if (status.ok()) return ok();
    return fail(errc_of(status), fmt::format("{}: {}", doing, status.ToString()));
}

} // namespace holdfast::kv
