#include "app/certificate_files.hpp"

#include <holdfast/column/timestamp.hpp>

namespace holdfast::app {

std::filesystem::path certificates_of(const std::filesystem::path& config_file) {
    return config_file.parent_path() / "certs";
}

std::filesystem::path certificate_file(const std::filesystem::path& directory,
                                       const std::string& name) {
    return directory / (name + ".crt");
}

std::filesystem::path key_file(const std::filesystem::path& directory, const std::string& name) {
    return directory / (name + ".key");
}

std::string date_of(std::int64_t epoch_ms) {
    return column::format_timestamp(epoch_ms * 1000).substr(0, 10);
}

} // namespace holdfast::app
