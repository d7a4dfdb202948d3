// Goal: the parts of the server start in the order of their list and stop in reverse, whatever
// fails, and housekeeping is done when it is due. Method: parts that write down what is done to
// them, and a clock that is moved by hand.
#include "app/housekeeping.hpp"
#include "app/parts/part.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

using Diary = std::vector<std::string>;

class Noted final : public app::Part {
public:
    Noted(Diary& diary, std::string name, bool fails = false)
        : diary_(diary), name_(std::move(name)), fails_(fails) {}
    ~Noted() override { diary_.push_back("end " + name_); }

    Result<void> start() override {
        diary_.push_back("start " + name_);
        if (fails_) return fail(Errc::io, name_ + " has no port");
        return ok();
    }
    void stop() override { diary_.push_back("stop " + name_); }
    std::vector<std::string> listening() const override {
        if (name_ == "log") return {};
        return {"listening " + name_};
    }
    void reload() override { diary_.push_back("reload " + name_); }

private:
    Diary& diary_;
    const std::string name_;
    const bool fails_;
};

} // namespace

TEST_CASE("parts start in order, and stop and end in reverse", "[app]") {
    Diary diary;
    {
        app::PartList parts;
        parts.add<Noted>(diary, "log");
        parts.add<Noted>(diary, "mqtt");
        parts.add<Noted>(diary, "http");
        REQUIRE(parts.start());
        CHECK(parts.listening() == Diary{"listening mqtt", "listening http"});
        CHECK(diary == Diary{"start log", "start mqtt", "start http"});
        diary.clear();
        parts.reload();
        CHECK(diary == Diary{"reload log", "reload mqtt", "reload http"});
        diary.clear();
        parts.stop();
        parts.stop(); // finds nothing to stop
        CHECK(diary == Diary{"stop http", "stop mqtt", "stop log"});
        diary.clear();
    }
    CHECK(diary == Diary{"end http", "end mqtt", "end log"});
}

TEST_CASE("a part that fails to start stops itself and those before it", "[app]") {
    Diary diary;
    app::PartList parts;
    parts.add<Noted>(diary, "log");
    parts.add<Noted>(diary, "mqtt", true);
    parts.add<Noted>(diary, "http");
    const auto started = parts.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().context == "mqtt has no port");
    CHECK(diary == Diary{"start log", "start mqtt", "stop mqtt", "stop log"});
}

TEST_CASE("housekeeping is done when it is due, and a failure ends nothing", "[app]") {
    ManualClock clock;
    app::Housekeeping housekeeping(clock);
    int minutes = 0;
    int seconds = 0;
    housekeeping.add("minutes", 1min, [&]() -> Result<void> {
        ++minutes;
        return fail(Errc::io, "the disk is gone");
    });
    housekeeping.add("seconds", 1s, [&]() -> Result<void> {
        ++seconds;
        return ok();
    });
    housekeeping.run();
    CHECK((minutes == 1 && seconds == 1));
    clock.advance_ms(999);
    housekeeping.run();
    CHECK((minutes == 1 && seconds == 1));
    clock.advance_ms(1);
    housekeeping.run();
    CHECK((minutes == 1 && seconds == 2));
    clock.advance_ms(60'000);
    housekeeping.run();
    CHECK((minutes == 2 && seconds == 3));
}
