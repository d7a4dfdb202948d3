#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/identity/certificates.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace holdfast::app {

// Where a site has its certificates: `certs` beside its configuration.
[[nodiscard]] std::filesystem::path certificates_of(const std::filesystem::path& config_file);

inline constexpr const char* kCaName = "ca";
inline constexpr const char* kServerName = "server";

// A site's CA is to outlive what stands under it; what it signs is to be made anew now and then.
// More than 825 days some clients refuse in a server's certificate.
inline constexpr int kCaDays = 7'300;
inline constexpr int kCertificateDays = 825;

// `NAME.crt` or `NAME.key` of the directory.
[[nodiscard]] std::filesystem::path certificate_file(const std::filesystem::path& directory,
                                                     const std::string& name);
[[nodiscard]] std::filesystem::path key_file(const std::filesystem::path& directory,
                                             const std::string& name);

// The moment as a date, of which people plan by the day.
[[nodiscard]] std::string date_of(std::int64_t epoch_ms);

} // namespace holdfast::app
