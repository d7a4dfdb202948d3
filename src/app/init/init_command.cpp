#include "app/init/init_command.hpp"

#include "app/certificate_files.hpp"
#include "app/command_line.hpp"
#include "app/init/new_files.hpp"
#include "app/init/site_texts.hpp"
#include "app/new_password.hpp"

#include <holdfast/identity/certificates.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <unistd.h>
#include <algorithm>
#include <array>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdministrator = "admin";
constexpr mode_t kSecret = 0600;
constexpr mode_t kShown = 0644;

std::string name_of_this_machine() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    std::string text(name.data());
    // One that no certificate can be made for must not keep a site from being made.
    const bool is_host = text.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                             "XYZ0123456789-.") == std::string::npos;
    return is_host ? text : std::string();
}

// What the server's certificate stands for: the names given first, then those that always hold.
std::vector<std::string> hosts_of(const std::vector<std::string>& given) {
    std::vector<std::string> hosts = given;
    for (const std::string& host : {name_of_this_machine(), std::string("localhost"),
                                    std::string("127.0.0.1"), std::string("::1")})
        if (!host.empty() && std::ranges::find(hosts, host) == hosts.end()) hosts.push_back(host);
    return hosts;
}

Result<void> write_pair(NewFiles& files, const fs::path& directory, const std::string& name,
                        const identity::CertificateAndKey& pair) {
    HF_TRY(files.write(key_file(directory, name), pair.key, kSecret));
    return files.write(certificate_file(directory, name), pair.certificate, kShown);
}

Result<void> write_certificates(NewFiles& files, const fs::path& directory,
                                const std::vector<std::string>& hosts) {
    HF_TRY(const identity::CertificateAndKey ca,
           identity::CertificateAuthority::make(
               fmt::format("Holdfast CA of {}", hosts.front()).substr(0, 64), kCaDays));
    HF_TRY(const auto authority, identity::CertificateAuthority::load(ca));
    HF_TRY(const auto server, authority.issue_server(hosts, kCertificateDays));
    HF_TRY(files.use_directory(directory));
    HF_TRY(write_pair(files, directory, kCaName, ca));
    return write_pair(files, directory, kServerName, server);
}

Result<void> write_administrator(NewFiles& files, const fs::path& users_file,
                                 const std::string& password) {
    identity::User admin;
    admin.name = kAdministrator;
    admin.roles = {"administrator"};
    HF_TRY(admin.password_hash, identity::hash_password(password));
    identity::Users users;
    users.users.push_back(std::move(admin));
    return files.write(users_file, identity::to_text(users), kSecret);
}

// How the directory is written on a shell's command line.
std::string quoted(const std::string& text) {
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./+,:@") == std::string::npos)
        return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

Result<void> make_site(const fs::path& directory, const std::vector<std::string>& given) {
    const std::vector<std::string> hosts = hosts_of(given);
    HF_TRY(const std::string password, generate_password());
    std::error_code error;
    const fs::path absolute = fs::absolute(directory, error).lexically_normal();
    if (error) return fail(Errc::io, fmt::format("{}: {}", directory.string(), error.message()));
    NewFiles files;
    HF_TRY(files.use_directory(directory));
    HF_TRY(write_certificates(files, directory / "certs", hosts));
    HF_TRY(files.write(directory / "access.yaml", site_access(), kShown));
    HF_TRY(write_administrator(files, directory / "users", password));
    // Last: without it there is nothing to serve, should the machine stop before.
    const fs::path config = directory / "holdfast.yaml";
    HF_TRY(files.write(config, site_config(absolute / "data"), kShown));
    files.keep();

    fmt::print("{}: holdfast.yaml, access.yaml, users, certs/\n", directory.string());
    fmt::print("certificate   for {}\n", fmt::join(hosts, ", "));
    fmt::print("administrator {}\n", kAdministrator);
    fmt::print("password      {}   (shown only now)\n\n", password);
    const std::string option = "-c " + quoted(config.string());
    fmt::print("start the server:   holdfast serve {}\n", option);
    fmt::print("let a device in:    holdfast user add NAME --role device --generate {}\n", option);
    fmt::print("give clients the CA {}; over TLS MQTT is on port 8883, HTTP on 8443\n",
               certificate_file(directory / "certs", kCaName).string());
    return ok();
}

} // namespace

InitCommand::InitCommand(CLI::App& cli) {
    init_ = cli.add_subcommand("init", "make a site that may stand on a network");
    init_->add_option("directory", directory_, "absent or empty")->required();
    init_
        ->add_option("--host", hosts_,
                     "a name or IP address that clients reach the server by, beside localhost and "
                     "this machine's name; may be given again")
        ->allow_extra_args(false);
    init_->footer(
        "Writes holdfast.yaml, access.yaml, users, and certs/ with a CA and the server's\n"
        "certificate, and prints the administrator's password once. All of it is made, or\n"
        "nothing. Exit code 0, or 1 with the reason on standard error.");
}

std::optional<int> InitCommand::run() const {
    if (!init_->parsed()) return {};
    const auto made = make_site(directory_, hosts_);
    return made ? 0 : say_why(made.error());
}

} // namespace holdfast::app
