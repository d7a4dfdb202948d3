#include <holdfast/pipeline/training_service.hpp>

#include "pipeline/training_mark.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/pipeline/training.hpp>

#include <fmt/format.h>

#include <sys/resource.h>
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

namespace holdfast::pipeline {
namespace {

constexpr std::size_t kMiB = 1U << 20U;

// The last of all, since it takes every core it gets for minutes: at 10 the p99 of acknowledgements
// was 2.7 times what it is without a training, at 19 it is 1.4 times (bench/train-load). On Linux a
// nice value belongs to one thread.
void step_back() {
    constexpr int kNice = 19;
    [[maybe_unused]] const int done = setpriority(PRIO_PROCESS, 0, kNice); // less is never refused
}

// What a training took from the account, until it ends.
class Taken {
public:
    Taken(MemoryAccount& memory, std::size_t bytes)
        : memory_(memory), bytes_(memory.try_take(bytes) ? bytes : 0) {}
    ~Taken() { memory_.give_back(bytes_); }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    [[nodiscard]] bool is_there() const noexcept { return bytes_ != 0; }

private:
    MemoryAccount& memory_;
    const std::size_t bytes_;
};

} // namespace

std::string_view to_string(TrainingState state) noexcept {
    switch (state) {
        case TrainingState::waiting: return "waiting";
        case TrainingState::reading: return "reading";
        case TrainingState::training: return "training";
        case TrainingState::done: return "done";
        case TrainingState::failed: return "failed";
        case TrainingState::cancelled: return "cancelled";
        case TrainingState::interrupted: break;
    }
    return "interrupted";
}

class TrainingService::Impl {
public:
    Impl(TrainingSettings settings, Parts parts)
        : settings_(std::move(settings)),
          parts_(parts),
          done_(count("holdfast_trainings_done", "Trainings that made a version.")),
          failed_(count("holdfast_trainings_failed", "Trainings that failed.")),
          cancelled_(count("holdfast_trainings_cancelled", "Trainings that were cancelled.")) {
        for (TrainingMark& mark : take_marks(settings_.directory)) {
            auto job = std::make_shared<Job>();
            job->info.id = std::move(mark.id);
            job->info.model = std::move(mark.model);
            job->info.made_by = std::move(mark.made_by);
            job->info.submitted_ms = mark.submitted_ms;
            job->info.state = TrainingState::interrupted;
            job->info.error = "the server ended before the training did";
            log_warn("models", "training {} was interrupted: {}", job->info.id, job->info.error);
            jobs_.push_back(std::move(job));
        }
        std::ranges::sort(jobs_, {}, [](const auto& job) { return job->info.submitted_ms; });
        thread_ = std::thread([this] {
            step_back();
            run();
        });
    }

    Result<TrainingInfo> submit(Plan plan, std::string made_by, ReadRows read) {
        auto job = std::make_shared<Job>();
        job->plan = std::move(plan);
        job->read = std::move(read);
        job->info.model = job->plan.file.name;
        job->info.made_by = std::move(made_by);
        job->info.submitted_ms = parts_.clock.now_ms();
        HF_TRY(enqueue(job));
        // Not under the lock, which whoever looks at trainings takes: it waits for the disk.
        const auto marked =
            write_mark(settings_.directory,
                       {job->info.id, job->info.model, job->info.made_by, job->info.submitted_ms});
        const std::lock_guard lock(mutex_);
        if (!marked) {
            std::erase(jobs_, job);
            return marked.error();
        }
        job->is_marked = true;
        // Cancelled meanwhile, when there was no mark to take away yet.
        if (job->info.state == TrainingState::cancelled)
            remove_mark(settings_.directory, job->info.id);
        forget_oldest();
        changed_.notify_one();
        return job->info;
    }

    std::optional<TrainingInfo> find(std::string_view id) const {
        const std::lock_guard lock(mutex_);
        const auto found = place_of(id);
        if (found == jobs_.end()) return std::nullopt;
        return (*found)->info;
    }

    std::vector<TrainingInfo> list() const {
        const std::lock_guard lock(mutex_);
        std::vector<TrainingInfo> out;
        for (auto each = jobs_.rbegin(); each != jobs_.rend(); ++each) out.push_back((*each)->info);
        return out;
    }

    Result<void> cancel(std::string_view id) {
        const std::lock_guard lock(mutex_);
        const auto found = place_of(id);
        if (found == jobs_.end())
            return fail(Errc::not_found, fmt::format("there is no training '{}'", id));
        Job& job = **found;
        if (job.info.has_ended())
            return fail(Errc::already_exists,
                        fmt::format("training '{}' has ended: {}", id, to_string(job.info.state)));
        job.stop.request_stop();
        if (job.info.state == TrainingState::waiting)
            end(job, fail(Errc::closed, "the training was cancelled"));
        return ok();
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            is_stopping_ = true;
            for (const auto& job : jobs_) job->stop.request_stop();
            changed_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
    }

private:
    struct Job {
        TrainingInfo info;      // guarded by mutex_, but for what never changes
        bool is_marked = false; // guarded by mutex_; it begins when it is
        Plan plan;
        ReadRows read;
        std::stop_source stop;
    };
    using Jobs = std::deque<std::shared_ptr<Job>>;

    // Its id is its own from now on.
    Result<void> enqueue(const std::shared_ptr<Job>& job) {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) return fail(Errc::closed, "the server ends");
        const auto waits = [](const auto& each) {
            return each->info.state == TrainingState::waiting;
        };
        if (static_cast<std::size_t>(std::ranges::count_if(jobs_, waits)) >= settings_.waiting_max)
            return fail(Errc::limit_exceeded,
                        fmt::format("{} trainings wait already", settings_.waiting_max));
        job->info.id = free_id(job->info);
        jobs_.push_back(job);
        return ok();
    }

    Counter& count(std::string_view name, std::string_view help) {
        return parts_.metrics.counter(name, help);
    }

    [[nodiscard]] Jobs::const_iterator place_of(std::string_view id) const {
        return std::ranges::find_if(jobs_, [id](const auto& job) { return job->info.id == id; });
    }

    // Readable, in order of time, and no other's.
    [[nodiscard]] std::string free_id(const TrainingInfo& info) const {
        for (std::int64_t at = info.submitted_ms;; ++at) {
            std::string id = fmt::format("{}-{}", info.model, at);
            if (place_of(id) == jobs_.end()) return id;
        }
    }

    void forget_oldest() {
        while (jobs_.size() > settings_.shown_max) {
            const auto oldest =
                std::ranges::find_if(jobs_, [](const auto& job) { return job->info.has_ended(); });
            if (oldest == jobs_.end()) return;
            jobs_.erase(oldest);
        }
    }

    void run() {
        for (;;) {
            std::shared_ptr<Job> job;
            {
                std::unique_lock lock(mutex_);
                Jobs::iterator next;
                changed_.wait(lock, [&] {
                    next = std::ranges::find_if(jobs_, [](const auto& each) {
                        return each->is_marked && each->info.state == TrainingState::waiting;
                    });
                    return is_stopping_ || next != jobs_.end();
                });
                if (is_stopping_) return;
                job = *next;
                job->info.state = TrainingState::reading;
                job->info.began_ms = parts_.clock.now_ms();
            }
            auto version = train_caught(*job);
            const std::lock_guard lock(mutex_);
            end(*job, std::move(version));
        }
    }

    Result<std::uint64_t> train_caught(Job& job) {
        try {
            return train_one(job);
        } catch (const std::bad_alloc&) {
            return fail(Errc::limit_exceeded, "there is not enough memory");
        } catch (const std::exception& failure) {
            return fail(Errc::io, failure.what());
        }
    }

    Result<std::uint64_t> train_one(Job& job) {
        const Taken memory(parts_.memory, settings_.memory_bytes);
        if (!memory.is_there())
            return fail(
                Errc::limit_exceeded,
                fmt::format("training.memory of {} MiB does not fit into the {} MiB that "
                            "limits.memory has left: try later, or set one of them",
                            settings_.memory_bytes / kMiB, parts_.memory.free_bytes() / kMiB));
        ml::RunControl control{job.stop.get_token(), {}};
        std::vector<ml::DataRange> data;
        HF_TRY(const TrainingRows rows, read_rows(job, control, data));
        control.progress = [this, &job](double part) {
            const std::lock_guard lock(mutex_);
            job.info.state = TrainingState::training;
            job.info.progress = part;
        };
        HF_TRY(control.step(0.0));
        HF_TRY(Trained trained, train(job.plan, rows, control));
        trained.model.data = std::move(data);
        HF_TRY(const VersionInfo version,
               parts_.versions.add(std::move(trained.model), report_json(trained.report),
                                   job.info.made_by, parts_.clock.now_ms()));
        return version.number;
    }

    // Samples go before the training begins: it needs the room.
    Result<TrainingRows> read_rows(Job& job, const ml::RunControl& control,
                                   std::vector<ml::DataRange>& data) {
        Samples samples(job.plan, settings_.memory_bytes / sizeof(double) / 4);
        auto read = job.read(job.plan, samples, control);
        if (!read) return of_memory(std::move(read).error());
        data = std::move(read).value();
        auto rows = samples.rows();
        if (!rows) return of_memory(std::move(rows).error());
        return rows;
    }

    [[nodiscard]] Error of_memory(Error why) const {
        if (why.code == Errc::too_large)
            why.context +=
                fmt::format(" (training.memory is {} MiB)", settings_.memory_bytes / kMiB);
        return why;
    }

    // Under the lock.
    void end(Job& job, Result<std::uint64_t> version) {
        TrainingInfo& info = job.info;
        info.ended_ms = parts_.clock.now_ms();
        job.read = nullptr;
        if (version) {
            info.version = version.value();
            info.progress = 1.0;
            info.state = TrainingState::done;
            done_.add();
            log_info("models", "training {} made version {} of model '{}'", info.id, info.version,
                     info.model);
        } else if (job.stop.stop_requested()) {
            info.state = is_stopping_ ? TrainingState::interrupted : TrainingState::cancelled;
            info.error = version.error().context;
            if (is_stopping_) return; // its mark stays, for the next start
            cancelled_.add();
            log_info("models", "training {} was cancelled", info.id);
        } else {
            info.state = TrainingState::failed;
            info.error = version.error().context;
            failed_.add();
            log_warn("models", "training {} failed: {}", info.id, info.error);
        }
        remove_mark(settings_.directory, info.id);
    }

    const TrainingSettings settings_;
    const Parts parts_;
    Counter& done_;
    Counter& failed_;
    Counter& cancelled_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Jobs jobs_;                // guarded by mutex_; in order of time
    bool is_stopping_ = false; // guarded by mutex_
    std::thread thread_;       // of run(); one
};

TrainingService::TrainingService(TrainingSettings settings, Parts parts)
    : impl_(std::make_unique<Impl>(std::move(settings), parts)) {}
TrainingService::~TrainingService() {
    stop();
}

Result<TrainingInfo> TrainingService::submit(Plan plan, std::string made_by, ReadRows read) {
    return impl_->submit(std::move(plan), std::move(made_by), std::move(read));
}
std::optional<TrainingInfo> TrainingService::find(std::string_view id) const {
    return impl_->find(id);
}
std::vector<TrainingInfo> TrainingService::list() const {
    return impl_->list();
}
Result<void> TrainingService::cancel(std::string_view id) {
    return impl_->cancel(id);
}
void TrainingService::stop() {
    impl_->stop();
}

} // namespace holdfast::pipeline
