#include "app/child.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
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

Child::Child(std::vector<std::string> words) {
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

Child::~Child() {
    if (!exit_code_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(output_descriptor_);
    ::close(error_descriptor_);
}

bool Child::read_output() {
    pollfd ready{output_descriptor_, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) != 1)
        throw std::runtime_error("the child is silent; it has said: " + output_ + errors());
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(output_descriptor_, piece.data(), piece.size());
    if (got <= 0) return false;
    output_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

bool Child::wait_for_output(const std::string& text) {
    while (output_.find(text) == std::string::npos)
        if (!read_output()) return false;
    return true;
}

void Child::signal(int number) const {
    if (!exit_code_) ::kill(pid_, number);
}

int Child::wait() {
    while (!exit_code_ && read_output()) {} // its end of the pipe closes when it ends
    if (!exit_code_) {
        int status = 0;
        if (::waitpid(pid_, &status, 0) != pid_) give_up("waitpid");
        exit_code_ = exit_code_of(status);
    }
    return *exit_code_;
}

bool Child::is_running() {
    if (exit_code_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
    exit_code_ = exit_code_of(status);
    return false;
}

std::string Child::errors() const {
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got =
            ::pread(error_descriptor_, piece.data(), piece.size(), static_cast<off_t>(text.size()));
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

} // namespace holdfast::test
