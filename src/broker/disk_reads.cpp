#include "broker/disk_reads.hpp"

#include <cassert>
#include <utility>

namespace holdfast::broker {

void DiskReads::run(std::function<Answer()> read) {
    if (under_way_ == kAtATime)
        waiting_.push_back(std::move(read));
    else
        begin(std::move(read));
}

void DiskReads::begin(std::function<Answer()> read) {
    ++under_way_;
    broker_.reads().run([this, &broker = broker_, shard = shard_, read = std::move(read)] {
        broker.port(shard).post([this, answer = read()](Shard&) { finish(answer); });
    });
}

void DiskReads::finish(const Answer& answer) {
    assert(under_way_ != 0);
    --under_way_;
    // Before the answer, which may ask for more: nobody overtakes those who wait.
    if (!waiting_.empty()) {
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        begin(std::move(next));
    }
    answer();
}

} // namespace holdfast::broker
