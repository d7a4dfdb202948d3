#include <load/loop.hpp>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace holdfast::load {
namespace {

constexpr std::size_t kReadBufferBytes = std::size_t{1} << 20U;
constexpr std::size_t kUnsentBytesMax = std::size_t{16} << 20U;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

} // namespace

std::uint64_t monotonic_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
           static_cast<std::uint64_t>(now.tv_nsec);
}

Link::~Link() {
    if (socket_ >= 0) ::close(socket_);
}

void Link::shut() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
    closed_ = true;
}

void Link::close_because(std::string reason) {
    if (closed_) return;
    close_reason_ = std::move(reason);
    shut();
    if (loop_ != nullptr) loop_->failed(*this);
}

void Link::send(ByteView bytes) {
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    send(std::span(&piece, 1));
}

void Link::send(std::span<iovec> pieces) {
    if (closed_) return;
    std::size_t taken = 0;
    if (unsent_.empty()) {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            close_because(fmt::format("send: {}", std::strerror(errno)));
            return;
        }
        taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }
    const bool was_clear = unsent_.empty();
    for (const iovec& piece : pieces) {
        const std::size_t skipped = std::min(taken, piece.iov_len);
        taken -= skipped;
        const auto* from = static_cast<const std::byte*>(piece.iov_base);
        unsent_.insert(unsent_.end(), from + skipped, from + piece.iov_len);
    }
    if (was_clear && !unsent_.empty()) watch_writable(true);
    if (unsent_.size() - unsent_from_ > kUnsentBytesMax) close_because("the server does not read");
}

void Link::flush() {
    while (unsent_from_ < unsent_.size()) {
        const ssize_t sent = ::send(socket_, unsent_.data() + unsent_from_,
                                    unsent_.size() - unsent_from_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) close_because(fmt::format("send: {}", std::strerror(errno)));
            return;
        }
        unsent_from_ += static_cast<std::size_t>(sent);
    }
    unsent_.clear();
    unsent_from_ = 0;
    watch_writable(false);
}

void Link::watch_writable(bool wanted) {
    if (loop_ == nullptr) return;
    epoll_event event{};
    event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(loop_->epoll_, EPOLL_CTL_MOD, socket_, &event);
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), read_buffer_(kReadBufferBytes) {
    if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
    ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); // open-loop sends are due to the microsecond
}

Loop::~Loop() {
    ::close(epoll_);
}

void Loop::add(Link& link) {
    link.loop_ = this;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &link;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, link.socket_, &event) != 0) {
        throw std::runtime_error(fmt::format("epoll_ctl: {}", std::strerror(errno)));
    }
}

void Loop::turn(std::uint64_t timeout_ns) {
    std::array<epoll_event, 512> events; // NOLINT: the kernel fills it
    const timespec timeout{static_cast<time_t>(timeout_ns / kNsPerSecond),
                           static_cast<long>(timeout_ns % kNsPerSecond)};
    const int ready =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        Link& link = *static_cast<Link*>(event.data.ptr);
        if (link.closed_) continue;
        const std::uint64_t now_ns = monotonic_ns();
        if ((event.events & EPOLLOUT) != 0) {
            link.flush();
            if (!link.closed_ && !link.congested()) link.on_writable(now_ns);
        }
        if ((event.events & ~EPOLLOUT) != 0 && !link.closed_) serve_readable(link, now_ns);
    }
}

void Loop::serve_readable(Link& link, std::uint64_t now_ns) {
    const std::size_t kept = link.partial_.size();
    if (kept >= read_buffer_.size() / 2) {
        link.close_because("packet larger than this generator reads");
        return;
    }
    if (kept > 0) std::memcpy(read_buffer_.data(), link.partial_.data(), kept);
    const ssize_t got =
        ::recv(link.socket_, read_buffer_.data() + kept, read_buffer_.size() - kept, MSG_DONTWAIT);
    if (got <= 0) {
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        link.close_because(got == 0 ? "closed by the server"
                                    : fmt::format("recv: {}", std::strerror(errno)));
        return;
    }
    const ByteView bytes(read_buffer_.data(), kept + static_cast<std::size_t>(got));
    const std::size_t consumed = link.on_bytes(bytes, now_ns);
    if (link.closed_) return;
    const ByteView rest = bytes.subspan(consumed);
    link.partial_.assign(rest.begin(), rest.end());
}

void Loop::failed(Link& link) {
    ++failures_;
    if (first_failure_.empty()) first_failure_ = link.close_reason_;
}

} // namespace holdfast::load
