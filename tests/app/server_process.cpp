#include "app/server_process.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace holdfast::test {
namespace {

constexpr int kPatienceMs = 60'000; // of a step that takes well under a second: a hang, not a race

[[noreturn]] void give_up(const std::string& doing) {
    throw std::runtime_error(doing + ": " + std::strerror(errno));
}

int exit_code_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

// In the child, between fork() and exec(): only what is safe after a fork of many threads.
[[noreturn]] void become(char* const* arguments, int output, int errors, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127); // it died before the call above
    // Where root runs the tests, a read-only directory is to be one for the server all the same.
    ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

} // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{HOLDFAST_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) give_up("pipe");
    error_descriptor_ = ::memfd_create("stderr", MFD_CLOEXEC);
    if (error_descriptor_ < 0) give_up("memfd");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) give_up("fork");
    if (pid_ == 0) become(pointers.data(), pipe[1], error_descriptor_, parent);
    ::close(pipe[1]);
    output_descriptor_ = pipe[0];
}

ServerProcess::~ServerProcess() {
    if (!exit_code_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_descriptor_);
    ::close(error_descriptor_);
}

bool ServerProcess::read_output() {
    pollfd ready{output_descriptor_, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) != 1)
        throw std::runtime_error("the server is silent; it has said: " + output_ + errors());
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(output_descriptor_, piece.data(), piece.size());
    if (got <= 0) return false;
    output_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

bool ServerProcess::wait_until_ready() {
    while (output_.find("ready\n") == std::string::npos)
        if (!read_output()) return false;
    return true;
}

std::uint16_t ServerProcess::port(const std::string& listener) const {
    const auto line = output_.find("listening " + listener + " ");
    if (line == std::string::npos) return 0;
    const auto end = output_.find('\n', line);
    const auto colon = output_.rfind(':', end);
    std::uint16_t port = 0;
    std::from_chars(output_.data() + colon + 1, output_.data() + end, port);
    return port;
}

void ServerProcess::signal(int number) const {
    if (!exit_code_) ::kill(pid_, number);
}

int ServerProcess::wait() {
    while (!exit_code_ && read_output()) {} // its end of the pipe closes when it ends
    if (!exit_code_) {
        int status = 0;
        if (::waitpid(pid_, &status, 0) != pid_) give_up("waitpid");
        exit_code_ = exit_code_of(status);
    }
    return *exit_code_;
}

bool ServerProcess::is_running() {
    if (exit_code_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
    exit_code_ = exit_code_of(status);
    return false;
}

std::string ServerProcess::errors() const {
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got =
            ::pread(error_descriptor_, piece.data(), piece.size(), static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

Outcome run_holdfast(const std::vector<std::string>& arguments) {
    ServerProcess process(arguments);
    Outcome outcome;
    outcome.exit_code = process.wait();
    outcome.output = process.output();
    outcome.errors = process.errors();
    return outcome;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

} // namespace holdfast::test
