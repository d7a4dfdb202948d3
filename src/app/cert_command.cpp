#include "app/cert_command.hpp"

#include "app/certificate_files.hpp"
#include "app/command_line.hpp"
#include "app/site_files.hpp"
#include "app/text_file.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/whole_file.hpp>
#include <holdfast/identity/certificates.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <system_error>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPemBytesMax = 1U << 20U;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr int kDaysMax = 36'500;

struct Ca {
    identity::CertificateAuthority authority;
    std::int64_t not_after_ms;
};

Result<Ca> load_ca(const fs::path& directory) {
    const fs::path file = certificate_file(directory, kCaName);
    HF_TRY(const std::string certificate, read_text_file(file, kPemBytesMax));
    HF_TRY(const std::string key, read_text_file(key_file(directory, kCaName), kPemBytesMax));
    auto authority = identity::CertificateAuthority::load({certificate, key});
    const auto info = identity::describe_certificate(certificate);
    if (!authority || !info)
        return fail(Errc::malformed,
                    fmt::format("{}: {}", file.string(),
                                (authority ? info.error() : authority.error()).context));
    return Ca{std::move(authority).value(), info.value().not_after_ms};
}

// What a CA signs is of no use after the CA's own end.
Result<int> days_of(const CertArguments& arguments, const Ca& ca) {
    const auto left = static_cast<int>((ca.not_after_ms - SystemClock().now_ms()) / kDayMs);
    if (left < 1)
        return fail(Errc::malformed, fmt::format("the site's CA ended on {}: it signs nothing "
                                                 "that anybody would take",
                                                 date_of(ca.not_after_ms)));
    if (arguments.days && *arguments.days > left)
        return fail(Errc::malformed,
                    fmt::format("--days {}: the site's CA itself ends on {}, in {} days",
                                *arguments.days, date_of(ca.not_after_ms), left));
    return std::min(arguments.days.value_or(kCertificateDays), left);
}

// The key first: a server that looks in between sees two that do not belong together, keeps what it
// has, and looks again when the certificate has come, too.
Result<void> write_pair(const fs::path& directory, const std::string& name,
                        const identity::CertificateAndKey& pair) {
    std::error_code error;
    if (!fs::is_directory(directory, error)) {
        fs::create_directories(directory, error);
        if (!error) fs::permissions(directory, fs::perms::owner_all, error);
        if (error)
            return fail(Errc::io,
                        fmt::format("cannot make {}: {}", directory.string(), error.message()));
    }
    const fs::path certificate = certificate_file(directory, name);
    const bool is_renewal = fs::exists(certificate, error);
    const auto put = [](const fs::path& file, std::string_view text, mode_t mode) {
        return write_whole(file, as_bytes(text),
                           {.mode = mode, .keeps_owner = true, .old_ending = ".old"});
    };
    HF_TRY(put(key_file(directory, name), pair.key, 0600));
    HF_TRY(put(certificate, pair.certificate, 0644));
    HF_TRY(const auto info, identity::describe_certificate(pair.certificate));
    fmt::print("{} and {}: good until {}{}\n", certificate.string(),
               key_file(directory, name).string(), date_of(info.not_after_ms),
               is_renewal ? "; those of before end in .old" : "");
    return ok();
}

std::string join_words(const std::vector<std::string>& words) {
    return fmt::format("{}", fmt::join(words, ", "));
}

// Those given, or those of the certificate that is renewed.
Result<std::vector<std::string>> hosts_of(const CertArguments& arguments,
                                          const fs::path& directory) {
    if (!arguments.hosts.empty()) return arguments.hosts;
    const fs::path file = certificate_file(directory, kServerName);
    const auto before = read_text_file(file, kPemBytesMax);
    if (!before)
        return fail(Errc::malformed, fmt::format("which hosts is the certificate for? Name them: "
                                                 "there is none yet to take them from ({})",
                                                 before.error().context));
    const auto info = identity::describe_certificate(before.value());
    if (!info) return fail(Errc::malformed, file.string() + ": " + info.error().context);
    return info.value().names;
}

Result<void> make_server(const CertArguments& arguments) {
    const fs::path certificates = certificates_of(arguments.config_file);
    const fs::path out = arguments.out.empty() ? certificates : fs::path(arguments.out);
    HF_TRY(const Ca ca, load_ca(certificates));
    HF_TRY(const int days, days_of(arguments, ca));
    HF_TRY(const auto hosts, hosts_of(arguments, out));
    HF_TRY(const auto pair, ca.authority.issue_server(hosts, days));
    HF_TRY(write_pair(out, kServerName, pair));
    fmt::print("for {}\n", join_words(hosts));
    fmt::print("renew it before, with the same command; a running server takes it by itself\n");
    return ok();
}

Result<void> make_client(const CertArguments& arguments) {
    const std::string& name = arguments.name;
    if (!identity::is_user_name(name))
        return fail(Errc::malformed, fmt::format("'{}' is no user name", name));
    if (name.find('/') != std::string::npos || name.starts_with('.'))
        return fail(
            Errc::malformed,
            fmt::format("'{}' cannot be the name of a file, which its certificate is in", name));
    const fs::path certificates = certificates_of(arguments.config_file);
    HF_TRY(const Ca ca, load_ca(certificates));
    HF_TRY(const int days, days_of(arguments, ca));
    HF_TRY(const auto pair, ca.authority.issue_client(name, days));
    const fs::path out = arguments.out.empty() ? certificates / "clients" : fs::path(arguments.out);
    std::error_code ignored; // of a directory that is not there yet: it is another one
    if ((name == kCaName || name == kServerName) && fs::equivalent(out, certificates, ignored))
        return fail(Errc::denied, fmt::format("--out {}: {} there is not a client's", out.string(),
                                              certificate_file(out, name).string()));
    HF_TRY(write_pair(out, name, pair));
    fmt::print(
        "it stands for the user '{}', whose rights hold; renew it before, with the same "
        "command\n",
        name);
    return ok();
}

Result<bool> show(const CertArguments& arguments) {
    HF_TRY(const std::string text, read_text_file(arguments.file, kPemBytesMax));
    const auto info = identity::describe_certificate(text);
    if (!info) return fail(Errc::malformed, arguments.file + ": " + info.error().context);
    const identity::CertificateInfo& shown = info.value();
    fmt::print("name   {}\n", shown.common_name.empty() ? "-" : shown.common_name);
    fmt::print("hosts  {}\n", shown.names.empty() ? "-" : join_words(shown.names));
    const std::int64_t left_ms = shown.not_after_ms - SystemClock().now_ms();
    if (left_ms <= 0)
        fmt::print("ended  {}\n", date_of(shown.not_after_ms));
    else
        fmt::print("until  {}, {} days left\n", date_of(shown.not_after_ms), left_ms / kDayMs);
    return left_ms > 0;
}

} // namespace

CertCommand::CertCommand(CLI::App& cli) {
    auto* cert = cli.add_subcommand("cert", "certificates of the site's own CA");
    cert->require_subcommand(1);
    const auto sub = [&](const char* name, const char* what, const char* out) {
        auto* command = cert->add_subcommand(name, what);
        add_config_option(*command, arguments_.config_file);
        command->add_option("--days", arguments_.days, "it is good for; default 825")
            ->check(CLI::Range(1, kDaysMax));
        command->add_option("--out", arguments_.out, out);
        command->footer(
            "The CA is certs/ca.crt and certs/ca.key beside the configuration. Files "
            "of the same\nnames are replaced, and kept as .old. Exit code 0, or 1 with "
            "the reason on\nstandard error.");
        return command;
    };
    server_ = sub("server", "make or renew the server's: server.crt and server.key",
                  "directory of the files; default certs beside the configuration");
    server_->add_option("host", arguments_.hosts,
                        "names and IP addresses; without: those of the certificate before");
    client_ = sub("client", "make or renew a client's: NAME.crt and NAME.key",
                  "directory of the files; default certs/clients beside the configuration");
    client_->add_option("name", arguments_.name, "of the user that it stands for")->required();
    show_ = cert->add_subcommand("show", "who one stands for, and until when");
    show_->add_option("file", arguments_.file, "in PEM")->required();
    show_->footer("Exit code 0 while it is good, 1 where it has ended or does not read.");
}

std::optional<int> CertCommand::run() const {
    const auto exit_code = [](const Result<void>& outcome) {
        return outcome ? 0 : say_why(outcome.error());
    };
    if (server_->parsed()) return exit_code(make_server(arguments_));
    if (client_->parsed()) return exit_code(make_client(arguments_));
    if (!show_->parsed()) return {};
    const auto shown = show(arguments_);
    if (!shown) return say_why(shown.error());
    return shown.value() ? 0 : kExitFailed;
}

} // namespace holdfast::app
