#include <holdfast/gateway/http/reply.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <boost/asio/post.hpp>

#include <atomic>

namespace holdfast::gateway {

void Gate::post(const boost::asio::any_io_executor& executor, std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (is_open_) boost::asio::post(executor, std::move(task));
}

void Gate::close() {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
}

struct Reply::State {
    State(boost::asio::any_io_executor session, std::shared_ptr<Gate> server_gate, Sink receiver,
          std::stop_token client_gone)
        : executor(std::move(session)),
          gate(std::move(server_gate)),
          sink(std::move(receiver)),
          gone(std::move(client_gone)) {}
    ~State() {
        if (!is_sent) send(problem(500, "the handler gave no answer"));
    }
    void send(HttpResponse response) {
        if (is_sent.exchange(true)) return;
        if (observer) observer(response);
        gate->post(executor, [to = std::move(sink), what = std::move(response)]() mutable {
            to(std::move(what));
        });
    }

    const boost::asio::any_io_executor executor;
    const std::shared_ptr<Gate> gate;
    Sink sink;
    Observer observer;
    const std::stop_token gone;
    std::atomic<bool> is_sent{false};
};

Reply::Reply(boost::asio::any_io_executor executor, std::shared_ptr<Gate> gate, Sink sink,
             std::stop_token gone)
    : state_(std::make_shared<State>(std::move(executor), std::move(gate), std::move(sink),
                                     std::move(gone))) {}

void Reply::send(HttpResponse response) const {
    state_->send(std::move(response));
}

void Reply::observe(Observer observer) const {
    state_->observer = std::move(observer);
}

void Reply::post(std::function<void()> task) const {
    state_->gate->post(state_->executor, std::move(task));
}

const std::stop_token& Reply::gone() const noexcept {
    return state_->gone;
}

const boost::asio::any_io_executor& Reply::executor() const noexcept {
    return state_->executor;
}

} // namespace holdfast::gateway
