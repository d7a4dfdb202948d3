#include "app/new_password.hpp"

#include <holdfast/identity/password.hpp>

#include <fmt/format.h>

#include <sys/random.h>
#include <termios.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

namespace holdfast::app {
namespace {

volatile std::sig_atomic_t signal_seen = 0; // while a Quiet lives

// The terminal without echo. A signal that would end us is kept until the echo is back: whoever
// gives up at the prompt must not be left with a terminal that shows nothing.
class Quiet {
public:
    Quiet() {
        ::tcgetattr(STDIN_FILENO, &before_);
        signal_seen = 0;
        struct sigaction keep{};
        keep.sa_handler = [](int number) { signal_seen = number; };
        for (std::size_t i = 0; i < kSignals.size(); ++i) // without SA_RESTART: read() comes back
            ::sigaction(kSignals.at(i), &keep, &handlers_.at(i));
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    ~Quiet() {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        fmt::print(stderr, "\n"); // the one that was typed was not shown either
        for (std::size_t i = 0; i < kSignals.size(); ++i)
            ::sigaction(kSignals.at(i), &handlers_.at(i), nullptr);
        if (signal_seen != 0) std::raise(signal_seen);
    }

private:
    static constexpr std::array<int, 4> kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    termios before_{};
    std::array<struct sigaction, kSignals.size()> handlers_{};
};

// Byte by byte: what follows the line is not ours. Nothing more than its line is read.
Result<std::string> read_line() {
    std::string line;
    for (;;) {
        char c = 0;
        const ssize_t got = ::read(STDIN_FILENO, &c, 1);
        if (got < 0 && errno == EINTR && signal_seen == 0) continue;
        if (got < 0)
            return fail(Errc::closed, fmt::format("standard input: {}", std::strerror(errno)));
        if (got == 0 && line.empty()) return fail(Errc::closed, "standard input: no password came");
        if (got == 0 || c == '\n') break;
        line += c;
        if (line.size() > identity::kPasswordBytesMax)
            return fail(Errc::too_large, fmt::format("a password has at most {} bytes",
                                                     identity::kPasswordBytesMax));
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
}

Result<std::string> ask(const std::string& prompt) {
    const Quiet quiet; // before anybody is asked to type
    fmt::print(stderr, "{}", prompt);
    return read_line();
}

} // namespace

Result<std::string> generate_password() {
    constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz23456789";
    constexpr std::size_t kLength = 20;
    constexpr std::size_t kGroup = 5;
    // Above the last whole multiple the first letters would come more often than the others.
    constexpr std::size_t kFair = 256 / kLetters.size() * kLetters.size();
    std::string password;
    for (std::size_t count = 0; count < kLength;) {
        unsigned char byte = 0;
        const ssize_t got = ::getrandom(&byte, 1, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got != 1) return fail(Errc::io, fmt::format("no randomness: {}", std::strerror(errno)));
        if (byte >= kFair) continue;
        if (count != 0 && count % kGroup == 0) password += '-';
        password += kLetters[byte % kLetters.size()];
        ++count;
    }
    return password;
}

Result<std::string> ask_password(const std::string& user) {
    if (::isatty(STDIN_FILENO) != 1)
        return fail(Errc::not_supported,
                    "standard input is no terminal to ask for a password at: give "
                    "--password-stdin or --generate");
    HF_TRY(std::string first, ask(fmt::format("password of {}: ", user)));
    HF_TRY(const std::string second, ask("the same again: "));
    if (first != second) return fail(Errc::malformed, "the two passwords differ");
    return first;
}

Result<std::string> read_password() {
    signal_seen = 0;
    return read_line();
}

} // namespace holdfast::app
