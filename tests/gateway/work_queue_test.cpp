// Goal: a queue of work outlives what its tasks throw. Method: tasks that throw, and one after
// them; a handler that throws, asked over HTTP.
#include <holdfast/gateway/rest/work_queue.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>
#include <string>

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("what a task throws ends neither the queue nor the process", "[gateway]") {
    gateway::WorkQueue queue(1);
    REQUIRE(queue.try_push([] { throw std::runtime_error("of a task"); }));
    REQUIRE(queue.try_push([] { throw 7; }));
    std::promise<void> done;
    REQUIRE(queue.try_push([&] { done.set_value(); }));
    done.get_future().get();
}

TEST_CASE("a handler that throws answers 500, and the connection goes on", "[gateway][http]") {
    gateway::Router router;
    gateway::WorkQueue queue(1);
    router.add("GET", "/here", {}, gateway::Right::open("a test"),
               [](const gateway::HttpRequest&, const gateway::Reply&) -> void {
                   throw std::runtime_error("on the session's thread");
               });
    router.add("GET", "/there", {}, gateway::Right::open("a test"),
               [&queue](const gateway::HttpRequest&, const gateway::Reply& reply) {
                   REQUIRE(queue.try_push([reply] { throw std::runtime_error("on a queue"); }));
               });
    RunningServer running(router);
    {
        Client client(running.server().port());
        CHECK(client.get("/here").status == 500);
        CHECK(client.get("/there").status == 500);
        CHECK(client.get("/here").status == 500);
    }
    running.stop();
    queue.stop();
}
