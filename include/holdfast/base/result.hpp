#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/success_failure.hpp>
#include <boost/outcome/try.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

// Every way an operation can fail that a caller is expected to handle. A broken
// invariant of our own is never an Errc: it is an assertion.
enum class Errc : std::uint8_t {
    malformed,      // input breaks the rules of its protocol, language or file format
    not_supported,  // well formed, but a feature or version we do not speak
    limit_exceeded, // a configured bound was reached; retrying later may work
    too_large,      // more than whatever takes it ever takes: the same again fails again
    not_found,      // no such topic, stream, partition, offset, rule or session
    already_exists, // the name is taken
    denied,         // rights do not allow it
    corrupt,        // stored bytes fail their checksum or their own lengths
    io,             // the operating system or RocksDB refused
    no_space,       // the disk, or the configured part of it, is full; retrying later may work
    closed,         // the other side, or a shutdown, ended the operation
    out_of_order,   // something that should come before it is missing
    fenced,         // a newer instance of the same producer has taken over
};

// The enumerator's name, for log lines and problem details.
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

struct Error {
    Errc code;
    std::string context; // what was being done, to which topic/partition/offset

    friend bool operator==(const Error&, const Error&) = default;
};

// Reading .value() of a failure is a bug in the reader, so it terminates.
template <class T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

[[nodiscard]] inline Error fail(Errc code, std::string context) {
    return Error{code, std::move(context)};
}

// What a Result<void> function returns when all went well: `return ok();`
[[nodiscard]] inline auto ok() noexcept {
    return boost::outcome_v2::success();
}

} // namespace holdfast

// HF_TRY(auto x, f()) binds f()'s value or returns its Error to our caller.
#define HF_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
#define HF_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
