// Goal: predict() says of a row what the version in use says of a device that sends it first, and
// refuses models that one row is not enough for. Method: a model whose formula is known, y = 2 v.
#include "log/log_fixture.hpp"
#include "pipeline/trained_models.hpp"
#include "query/history_site.hpp"

#include <holdfast/pipeline/version_store.hpp>
#include <holdfast/query/model_predictor.hpp>
#include <support/temp_dir.hpp>

using namespace holdfast;
using Catch::Contains;
using test::Lines;

namespace {

struct Predictions {
    explicit Predictions(const std::string& more = "") : versions({dir.path() / "trained"}) {
        REQUIRE(versions.load());
        add(2.0, more);
        const StreamId stream = log.make_stream("pumps", 1).stream;
        test::WaitedGroup group;
        group.add_keyed({stream, 0},
                        {{"p1", R"({"v":3,"w":1})"}, {"p1", R"({"v":"x"})"}, {"p1", R"({"v":-5})"}},
                        1'700'000'000'000, record::Compression::none);
        log.log->append(group);
        REQUIRE(group.wait());
    }
    void add(double factor, const std::string& more = "") {
        const auto made = versions.add(test::double_model(factor, more), "{}", "", versions_made++);
        REQUIRE(made);
    }
    Lines ask(const std::string& sql, query::MayRead may_read = {}) {
        query::Engine::Parts parts{*log.log, log.clock, [](std::string_view) { return Lines{}; }};
        parts.predictor_of = [this](std::string_view name) {
            return query::predictor_of(versions, name);
        };
        const query::Engine engine({.threads = 0}, std::move(parts));
        test::Collected sink;
        query::Request request{sql};
        request.may_read = std::move(may_read);
        const auto summary = engine.run(request, sink);
        if (!summary) return {summary.error().context};
        sink.lines.push_back(std::to_string(summary.value().mismatches));
        return sink.lines;
    }
    std::string first(const std::string& sql) { return ask(sql).front(); }

    test::TempDir dir;
    test::LogFixture log;
    pipeline::VersionStore versions;
    std::int64_t versions_made = 0;
};

} // namespace

TEST_CASE("predict() asks the version in use", "[query][predict]") {
    Predictions at;
    CHECK_THAT(at.first("SELECT predict('double', 1.0)"),
               Contains("line 1, column 8: no version of a model 'double' is in use"));
    REQUIRE(at.versions.promote("double", 1));
    // What is no number is missing, and then the median of the training, which is 3.
    const Lines expected{"[6.0]", "[6.0]", "[-10.0]", "1"};
    const auto rounded = [&](const std::string& call) {
        return at.ask("SELECT round(" + call + ", 6) AS p FROM pumps");
    };
    CHECK(rounded("predict('double', v)") == expected);
    CHECK(rounded("predict('double')") == expected); // its signal is called v
    CHECK(rounded("predict('double', w + 2)").front() == "[6.0]");
    CHECK(at.ask("SELECT v FROM pumps WHERE predict('double', v) > 5").front() == "[3]");
    at.add(3.0);
    REQUIRE(at.versions.promote("double", 2));
    CHECK(at.first("SELECT round(predict('double', 2), 6)") == "[6.0]");
}

TEST_CASE("predict() says what it takes", "[query][predict]") {
    Predictions at;
    REQUIRE(at.versions.promote("double", 1));
    CHECK_THAT(at.first("SELECT predict('double', 1, 2)"), Contains("takes 1: v"));
    CHECK_THAT(at.first("SELECT predict(v) FROM pumps"), Contains("takes the name of a model"));
    CHECK_THAT(at.first("SELECT predict() FROM pumps"), Contains("is expected"));
    CHECK_THAT(at.first("SELECT predict('none', 1)"), Contains("no version of a model 'none'"));
    const auto no_models = [](query::SourceKind, std::string_view name) -> Result<void> {
        if (name == "models") return fail(Errc::denied, "not models");
        return ok();
    };
    CHECK_THAT(at.ask("SELECT predict('double', 1)", no_models).front(), Contains("not models"));
}

TEST_CASE("a model that looks back is refused, and says at what", "[query][predict]") {
    struct Row {
        const char* more;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"features: [{kind: value}, {kind: mean, samples: 3}]\n",
         "model 'double' needs the samples before: mean(v, 3)"},
        {"features: [{kind: value}, {kind: hour}]\n", "needs the event time: hour"},
        {"cleanse: {step: 2s}\n", "needs the samples of a step"},
    }));
    Predictions at(row.more);
    REQUIRE(at.versions.promote("double", 1));
    CHECK_THAT(at.first("SELECT predict('double', 1)"), Contains(row.error));
}

TEST_CASE("what is said of a row does not depend on the rows before it", "[query][predict]") {
    const char* const more = GENERATE(as<const char*>{}, "", "cleanse: {missing: drop}\n",
                                      "cleanse: {limits: {v: [-4, 4]}, missing: last}\n",
                                      "cleanse: {limits: {v: [-4, 4]}, outside: clip}\n");
    CAPTURE(more);
    Predictions at(more);
    REQUIRE(at.versions.promote("double", 1));
    const Lines alone{at.first("SELECT predict('double', 3)"),
                      at.first("SELECT predict('double', NULL)"),
                      at.first("SELECT predict('double', -5)")};
    Lines together = at.ask("SELECT predict('double') FROM pumps");
    together.pop_back(); // mismatches
    CHECK(together == alone);
}

TEST_CASE("a row goes through the model's own cleansing", "[query][predict]") {
    Predictions at("cleanse: {limits: {v: [0, 10]}, outside: clip}\n");
    REQUIRE(at.versions.promote("double", 1));
    CHECK(at.first("SELECT round(predict('double', 100), 6)") == "[20.0]");
    Predictions strict("cleanse: {limits: {v: [0, 10]}, missing: last}\n");
    REQUIRE(strict.versions.promote("double", 1));
    CHECK(strict.first("SELECT predict('double', 100)") == "[null]");
}
