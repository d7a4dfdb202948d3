#include "gateway/mqtt/poller.hpp"

#include <boost/system/system_error.hpp>

#include <sys/epoll.h>
#include <cerrno>

namespace holdfast::gateway {
namespace {

int make_epoll() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0)
        throw boost::system::system_error(errno, boost::system::system_category(), "epoll_create1");
    return fd;
}

epoll_event event_of(std::uint32_t tag, Poller::Interest wanted) noexcept {
    epoll_event event{};
    event.events = (wanted.readable ? EPOLLIN : 0U) | (wanted.writable ? EPOLLOUT : 0U);
    event.data.u32 = tag;
    return event;
}

} // namespace

Poller::Poller(boost::asio::io_context& io) : epoll_(io, make_epoll()) {}
Poller::~Poller() = default;

Result<void> Poller::add(int fd, std::uint32_t tag) {
    epoll_event event = event_of(tag, {});
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0)
        return fail(Errc::io,
                    "cannot watch a socket: " + boost::system::system_category().message(errno));
    return ok();
}

void Poller::want(int fd, std::uint32_t tag, Interest wanted) {
    epoll_event event = event_of(tag, wanted);
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) {
    ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
}

void Poller::async_wait(std::function<void()> ready) {
    epoll_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [ready = std::move(ready)](const boost::system::error_code& error) {
                          if (!error) ready();
                      });
}

std::span<const Poller::Event> Poller::poll() {
    std::array<epoll_event, kEventsMax> raw; // filled by the kernel
    const int count = ::epoll_wait(epoll_.native_handle(), raw.data(), kEventsMax, 0);
    const std::size_t ready = count > 0 ? static_cast<std::size_t>(count) : 0;
    for (std::size_t i = 0; i < ready; ++i) {
        events_[i].tag = raw[i].data.u32;
        events_[i].readable = (raw[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
        events_[i].writable = (raw[i].events & EPOLLOUT) != 0;
    }
    return std::span(events_).first(ready);
}

void Poller::cancel() {
    boost::system::error_code ignored; // cancelling what is not waiting is no error to us
    epoll_.cancel(ignored);
}

} // namespace holdfast::gateway
