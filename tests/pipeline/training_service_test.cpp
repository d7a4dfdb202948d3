// Goal: trainings run one after the other, can be followed and cancelled, keep to their memory, and
// none that was cut is forgotten. Method: rows that the test hands out, when it wants to.
#include "pipeline/trained_models.hpp"

#include <holdfast/pipeline/training_service.hpp>
#include <support/temp_dir.hpp>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

using namespace holdfast;
using Catch::Contains;
using pipeline::TrainingInfo;
using pipeline::TrainingService;
using pipeline::TrainingState;
using test::double_plan;

namespace {

using Ranges = std::vector<ml::DataRange>;

// A door that readers of rows wait at.
class Door {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    TrainingService::ReadRows reader() {
        return [this](const pipeline::Plan&, pipeline::Samples& out,
                      const ml::RunControl& control) -> Result<Ranges> {
            const std::stop_callback wake(control.stop, [this] { changed_.notify_all(); });
            std::unique_lock lock(mutex_);
            while (!is_open_ && !control.stop.stop_requested())
                changed_.wait_for(lock, std::chrono::milliseconds(20));
            if (!is_open_) return fail(Errc::closed, "the query was cancelled");
            test::add_doubles(out);
            return Ranges{{"s", 0, 5, 65}};
        };
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

struct Trainings {
    explicit Trainings(std::size_t memory_bytes = 16U << 20U) {
        settings.directory = dir.path() / "trained";
        settings.memory_bytes = memory_bytes;
        settings.waiting_max = 2;
        settings.shown_max = 4;
        versions = std::make_unique<pipeline::VersionStore>(
            pipeline::VersionStoreSettings{settings.directory});
        REQUIRE(versions->load());
        start();
    }
    void start() {
        service.reset();
        service = std::make_unique<TrainingService>(
            settings, TrainingService::Parts{*versions, memory, metrics, clock});
    }
    std::string submit(TrainingService::ReadRows read, const std::string& more = "") {
        const auto made = service->submit(double_plan(more), "ann", std::move(read));
        if (!made) FAIL(made.error().context);
        return made.value().id;
    }
    TrainingInfo wait(const std::string& id, TrainingState state) {
        for (;;) {
            const auto info = service->find(id);
            REQUIRE(info);
            if (info->state == state) return *info;
            if (info->has_ended()) FAIL(to_string(info->state) << ": " << info->error);
            std::this_thread::yield();
        }
    }

    test::TempDir dir;
    SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{32U << 20U};
    pipeline::TrainingSettings settings;
    std::unique_ptr<pipeline::VersionStore> versions;
    Door door; // outlives the service
    std::unique_ptr<TrainingService> service;
};

} // namespace

TEST_CASE("a training makes a version that says where its rows came from", "[pipeline][service]") {
    Trainings at;
    const std::string id = at.submit(at.door.reader());
    at.wait(id, TrainingState::reading);
    CHECK(at.memory.used_bytes() == at.settings.memory_bytes);
    at.door.open();
    const auto info = at.wait(id, TrainingState::done);
    CHECK(info.version == 1);
    CHECK(info.progress == 1.0);
    CHECK(info.made_by == "ann");
    const auto version = at.versions->read("double", 1);
    REQUIRE(version);
    CHECK(version.value().info.data == Ranges{{"s", 0, 5, 65}});
    CHECK_THAT(version.value().report, Contains(R"("name":"double")"));
    CHECK_THAT(at.metrics.render(), Contains("holdfast_trainings_done_total 1"));
}

TEST_CASE("the same file, rows and seed make the same model", "[pipeline][service]") {
    Trainings at;
    at.door.open();
    const std::string how = "seed: 7\n";
    at.wait(at.submit(at.door.reader(), how), TrainingState::done);
    at.wait(at.submit(at.door.reader(), how), TrainingState::done);
    const auto first = at.versions->read("double", 1);
    const auto second = at.versions->read("double", 2);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first.value().report == second.value().report);
    CHECK(ml::encode_model(first.value().model) == ml::encode_model(second.value().model));
}

TEST_CASE("trainings wait for each other, so many and no more", "[pipeline][service]") {
    Trainings at;
    const std::string first = at.submit(at.door.reader());
    at.wait(first, TrainingState::reading);
    const std::string second = at.submit(at.door.reader());
    const std::string third = at.submit(at.door.reader());
    CHECK(at.service->find(second)->state == TrainingState::waiting);
    CHECK(at.service->submit(double_plan(), "", at.door.reader()).error().code ==
          Errc::limit_exceeded);
    CHECK(first != second);
    at.door.open();
    at.wait(third, TrainingState::done);
    CHECK(at.service->find(second)->version == 2);
    const auto all = at.service->list();
    REQUIRE(all.size() == 3);
    CHECK(all[0].id == third);
}

TEST_CASE("a training is cancelled while it runs or waits", "[pipeline][service]") {
    Trainings at;
    const std::string running = at.submit(at.door.reader());
    const std::string waiting = at.submit(at.door.reader());
    at.wait(running, TrainingState::reading);
    REQUIRE(at.service->cancel(waiting));
    CHECK(at.service->find(waiting)->state == TrainingState::cancelled);
    REQUIRE(at.service->cancel(running));
    at.wait(running, TrainingState::cancelled);
    CHECK(at.service->cancel(running).error().code == Errc::already_exists);
    CHECK(at.service->cancel("none").error().code == Errc::not_found);
    CHECK(at.versions->list().empty());
    at.start();
    CHECK(at.service->list().empty()); // nothing of it was interrupted
}

TEST_CASE("what fails says why", "[pipeline][service]") {
    Trainings at;
    const auto no_rows = [](const pipeline::Plan&, pipeline::Samples&,
                            const ml::RunControl&) -> Result<Ranges> { return Ranges{}; };
    const auto failed = at.wait(at.submit(no_rows), TrainingState::failed);
    CHECK_THAT(failed.error, Contains("none of 0 rows has a target"));
    const auto throws = [](const pipeline::Plan&, pipeline::Samples&,
                           const ml::RunControl&) -> Result<Ranges> { throw std::bad_alloc(); };
    CHECK_THAT(at.wait(at.submit(throws), TrainingState::failed).error, Contains("memory"));
    CHECK(at.memory.used_bytes() == 0);
}

TEST_CASE("a training that needs more memory than it may have is refused", "[pipeline][service]") {
    const auto many = [](const pipeline::Plan&, pipeline::Samples& out,
                         const ml::RunControl&) -> Result<Ranges> {
        const std::vector signals{1.0};
        for (int i = 0;; ++i)
            if (auto added = out.add("d", i, signals, 1.0); !added) return added.error();
    };
    Trainings at;
    CHECK_THAT(at.wait(at.submit(many), TrainingState::failed).error,
               Contains("more than") && Contains("training.memory is 16 MiB"));
    REQUIRE(at.memory.try_take(20U << 20U)); // others need it
    at.door.open();
    CHECK_THAT(at.wait(at.submit(at.door.reader()), TrainingState::failed).error,
               Contains("training.memory of 16 MiB does not fit into the 12 MiB"));
    at.memory.give_back(20U << 20U);
}

TEST_CASE("what is no mark of a training is left alone", "[pipeline][service]") {
    Trainings at;
    const auto theirs = at.settings.directory / "morning.training";
    std::ofstream(theirs) << "run 10 km";
    at.submit(at.door.reader());
    at.service->stop();
    std::filesystem::path mark;
    for (const auto& each : std::filesystem::directory_iterator(at.settings.directory))
        if (each.path() != theirs && each.path().extension() == ".training") mark = each.path();
    REQUIRE_FALSE(mark.empty());
    const auto copy = at.settings.directory / "copy.training";
    std::filesystem::copy(mark, copy);
    at.start();
    CHECK(at.service->list().size() == 1);
    CHECK(std::filesystem::exists(theirs));
    CHECK(std::filesystem::exists(copy));
    CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("the end of a server interrupts what was under way", "[pipeline][service]") {
    Trainings at;
    const std::string running = at.submit(at.door.reader());
    const std::string waiting = at.submit(at.door.reader());
    at.wait(running, TrainingState::reading);
    at.service->stop();
    CHECK(at.service->find(running)->state == TrainingState::interrupted);
    CHECK(at.service->submit(double_plan(), "", at.door.reader()).error().code == Errc::closed);
    at.start();
    for (const auto& id : {running, waiting}) {
        CHECK(at.service->find(id)->state == TrainingState::interrupted);
        CHECK(at.service->find(id)->made_by == "ann");
        CHECK(at.service->find(id)->model == "double");
    }
    at.door.open();
    at.wait(at.submit(at.door.reader()), TrainingState::done);
}
