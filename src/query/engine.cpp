#include <holdfast/query/engine.hpp>

#include "query/statement_run.hpp"

#include <sys/resource.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace holdfast::query {
namespace {

// Stops when either of two says so: whoever asked has gone, or the engine ends.
class EitherStop {
public:
    EitherStop(std::stop_token first, std::stop_token second)
        : on_first_(std::move(first), [this] { source_.request_stop(); }),
          on_second_(std::move(second), [this] { source_.request_stop(); }) {}
    [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

private:
    std::stop_source source_; // before the callbacks, which may run while they are made
    std::stop_callback<std::function<void()>> on_first_;
    std::stop_callback<std::function<void()>> on_second_;
};

// Where there are too few cores, whoever takes messages goes first. On Linux a nice value belongs
// to one thread.
void step_back() {
    constexpr int kNice = 10;
    [[maybe_unused]] const int done = setpriority(PRIO_PROCESS, 0, kNice); // less is never refused
}

} // namespace

class Engine::Impl {
public:
    Impl(EngineSettings settings, Parts parts) : settings_(settings), parts_(std::move(parts)) {
        for (std::size_t i = 0; i < settings_.threads; ++i)
            threads_.emplace_back([this] { work(); });
    }
    ~Impl() {
        stop_.request_stop();
        {
            const std::lock_guard lock(mutex_);
            is_ending_ = true;
        }
        wake_.notify_all();
        for (std::thread& each : threads_) each.join();
        for (Job& job : waiting_)
            job.done(fail(Errc::closed, "the query did not begin: the server ends"));
    }

    Result<Summary> run(const Request& request, Sink& sink) const {
        const EitherStop either(request.stop, stop_.get_token());
        Request stoppable = request;
        stoppable.stop = either.token();
        return StatementRun(settings_, parts_).run(stoppable, sink);
    }

    Result<void> submit(Request request, std::shared_ptr<Sink> sink, Done done) {
        {
            const std::lock_guard lock(mutex_);
            if (is_ending_) return fail(Errc::closed, "the server ends");
            if (waiting_.size() >= settings_.waiting_max)
                return fail(Errc::limit_exceeded, "too many queries wait already");
            waiting_.push_back({std::move(request), std::move(sink), std::move(done)});
        }
        wake_.notify_one();
        return ok();
    }

private:
    struct Job {
        Request request;
        std::shared_ptr<Sink> sink;
        Done done;
    };

    void work() {
        step_back();
        for (;;) {
            std::optional<Job> job;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
                if (is_ending_) return;
                job.emplace(std::move(waiting_.front()));
                waiting_.pop_front();
            }
            auto outcome = run(job->request, *job->sink);
            job->done(std::move(outcome));
        }
    }

    const EngineSettings settings_;
    const Parts parts_;
    std::stop_source stop_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> waiting_; // guarded by mutex_
    bool is_ending_ = false;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

Engine::Engine(EngineSettings settings, Parts parts)
    : impl_(std::make_unique<Impl>(settings, std::move(parts))) {}
Engine::~Engine() = default;

Result<Summary> Engine::run(const Request& request, Sink& sink) const {
    return impl_->run(request, sink);
}
Result<void> Engine::submit(Request request, std::shared_ptr<Sink> sink, Done done) {
    return impl_->submit(std::move(request), std::move(sink), std::move(done));
}

} // namespace holdfast::query
