// The store's door: its database, and another one once a write to it failed.
#include "history/current_store.hpp"

#include <fmt/format.h>

#include <utility>

namespace holdfast::history {
namespace {

// Keeps the database that it reads open. Where there is none it says why.
class HeldReading final : public Reading {
public:
    HeldReading(std::shared_ptr<Store::Impl> impl, std::unique_ptr<Reading> reading,
                const ScanRequest& request)
        : impl_(std::move(impl)),
          reading_(std::move(reading)),
          stream_(request.stream),
          range_{request.from_us, request.to_us} {}
    Result<bool> next(ScanBatch& out) override {
        auto any = reading_->next(out);
        if (!any && any.error().code == Errc::corrupt) impl_->suspect(stream_, range_);
        return any;
    }
    const Offsets& told_below() const noexcept override { return reading_->told_below(); }
    bool is_ahead() const noexcept override { return reading_->is_ahead(); }
    std::int64_t kept_from_us() const noexcept override { return reading_->kept_from_us(); }
    std::size_t bytes() const noexcept override { return reading_->bytes(); }

private:
    const std::shared_ptr<Store::Impl> impl_;
    const std::unique_ptr<Reading> reading_; // goes before it
    const StreamId stream_;
    const TimeRange range_;
};

class HeldAggregation final : public Aggregation {
public:
    HeldAggregation(std::shared_ptr<Store::Impl> impl, std::unique_ptr<Aggregation> aggregation,
                    const AggregateRequest& request)
        : impl_(std::move(impl)),
          aggregation_(std::move(aggregation)),
          stream_(request.stream),
          range_{request.from_us, request.to_us} {}
    Result<bool> next(std::vector<Bucket>& out) override {
        auto any = aggregation_->next(out);
        if (!any && any.error().code == Errc::corrupt) impl_->suspect(stream_, range_);
        return any;
    }
    const Offsets& told_below() const noexcept override { return aggregation_->told_below(); }
    bool is_ahead() const noexcept override { return aggregation_->is_ahead(); }
    std::int64_t kept_from_us() const noexcept override { return aggregation_->kept_from_us(); }
    AggregateCost cost() const noexcept override { return aggregation_->cost(); }
    std::size_t bytes() const noexcept override { return aggregation_->bytes(); }

private:
    const std::shared_ptr<Store::Impl> impl_;
    const std::unique_ptr<Aggregation> aggregation_; // goes before it
    const StreamId stream_;
    const TimeRange range_;
};

class NoReading final : public Reading {
public:
    explicit NoReading(Error why) : why_(std::move(why)) {}
    Result<bool> next(ScanBatch&) override { return why_; }
    const Offsets& told_below() const noexcept override { return nothing_; }
    bool is_ahead() const noexcept override { return false; }
    std::int64_t kept_from_us() const noexcept override { return INT64_MAX; }
    std::size_t bytes() const noexcept override { return 0; }

private:
    const Error why_;
    const Offsets nothing_;
};

class NoAggregation final : public Aggregation {
public:
    explicit NoAggregation(Error why) : why_(std::move(why)) {}
    Result<bool> next(std::vector<Bucket>&) override { return why_; }
    const Offsets& told_below() const noexcept override { return nothing_; }
    bool is_ahead() const noexcept override { return false; }
    std::int64_t kept_from_us() const noexcept override { return INT64_MAX; }
    AggregateCost cost() const noexcept override { return {}; }
    std::size_t bytes() const noexcept override { return 0; }

private:
    const Error why_;
    const Offsets nothing_;
};

} // namespace

Store::Store(std::unique_ptr<Current> current) : current_(std::move(current)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, MemoryAccount& memory,
                                           Metrics& metrics) {
    auto current = std::make_unique<Current>(std::move(options), memory, metrics);
    HF_TRY(current->reopen());
    return std::unique_ptr<Store>(new Store(std::move(current)));
}

std::optional<Error> Store::stopped() const {
    return current_->stopped();
}
Result<void> Store::reopen() {
    return current_->reopen();
}
Offset Store::position(PartitionId partition) const {
    const auto impl = current_->get();
    return impl ? impl->position(partition) : 0;
}
Offset Store::sealed_below(PartitionId partition) const {
    const auto impl = current_->get();
    return impl ? impl->sealed_below(partition) : 0;
}
Result<void> Store::add(PartitionId partition, std::span<const NewRow> rows, Offset next,
                        std::optional<Offset> from) {
    HF_TRY(const auto impl, current_->writable());
    return impl->add(partition, rows, next, from);
}
Result<void> Store::seal_all() {
    HF_TRY(const auto impl, current_->writable());
    return impl->seal_all();
}
Result<void> Store::seal_below(const std::map<PartitionId, Offset>& below) {
    HF_TRY(const auto impl, current_->writable());
    return impl->seal_below(below);
}
Result<void> Store::rewind(PartitionId partition, Offset end) {
    HF_TRY(const auto impl, current_->writable());
    return impl->rewind(partition, end);
}
Result<void> Store::checkpoint(const std::filesystem::path& directory) const {
    HF_TRY(const auto impl, current_->writable());
    return impl->checkpoint(directory);
}
std::unique_ptr<Reading> Store::read(const ScanRequest& request) const {
    const auto impl = current_->readable();
    if (!impl) return std::make_unique<NoReading>(impl.error());
    for (;;) {
        const auto rebuilds = impl.value()->rebuilds();
        if (auto why = impl.value()->emptied_in(request.stream, {request.from_us, request.to_us}))
            return std::make_unique<NoReading>(std::move(*why));
        auto reading = impl.value()->read(request);
        if (impl.value()->rebuilds() != rebuilds) continue; // it may have met one half done
        return std::make_unique<HeldReading>(impl.value(), std::move(reading), request);
    }
}
std::unique_ptr<Aggregation> Store::aggregate(const AggregateRequest& request) const {
    const auto impl = current_->readable();
    if (!impl) return std::make_unique<NoAggregation>(impl.error());
    for (;;) {
        const auto rebuilds = impl.value()->rebuilds();
        if (auto why = impl.value()->emptied_in(request.stream, {request.from_us, request.to_us}))
            return std::make_unique<NoAggregation>(std::move(*why));
        auto aggregation = impl.value()->aggregate(request);
        if (impl.value()->rebuilds() != rebuilds) continue; // it may have met one half done
        return std::make_unique<HeldAggregation>(impl.value(), std::move(aggregation), request);
    }
}
Result<void> Store::scan(StreamId stream, std::string_view device,
                         std::span<const std::string> fields, std::int64_t from_us,
                         std::int64_t to_us, const EachBatch& each) const {
    const auto reading =
        read({stream, std::string(device), {fields.begin(), fields.end()}, from_us, to_us});
    for (ScanBatch batch;;) {
        HF_TRY(const bool any, reading->next(batch));
        if (!any || !each(batch)) return ok();
    }
}
std::vector<std::string> Store::fields(StreamId stream, std::string_view device) const {
    const auto impl = current_->get();
    return impl ? impl->fields(stream, device) : std::vector<std::string>();
}
std::vector<std::string> Store::fields(StreamId stream, std::size_t max) const {
    const auto impl = current_->get();
    return impl ? impl->fields(stream, max) : std::vector<std::string>();
}
std::vector<DeviceSummary> Store::summaries(StreamId stream, std::string_view after,
                                            std::size_t max) const {
    const auto impl = current_->get();
    return impl ? impl->summaries(stream, after, max) : std::vector<DeviceSummary>();
}
std::optional<DeviceSummary> Store::summary(StreamId stream, std::string_view device) const {
    const auto impl = current_->get();
    return impl ? impl->summary(stream, device) : std::nullopt;
}
Result<Latest> Store::latest(StreamId stream, std::string_view device) const {
    HF_TRY(const auto impl, current_->readable());
    return impl->latest(stream, device);
}
Offsets Store::told_below(StreamId stream) const {
    const auto impl = current_->get();
    return impl ? impl->told_below(stream) : Offsets();
}
Coverage Store::coverage(StreamId stream) const {
    const auto impl = current_->get();
    return impl ? impl->coverage(stream) : Coverage{INT64_MAX, false};
}
std::vector<std::string> Store::devices(StreamId stream) const {
    const auto impl = current_->get();
    return impl ? impl->devices(stream) : std::vector<std::string>();
}
Result<std::size_t> Store::drop_before(std::int64_t us,
                                       const std::map<StreamId, std::int64_t>& own) {
    HF_TRY(const auto impl, current_->writable());
    return impl->drop_before(us, own);
}
Result<std::optional<std::int64_t>> Store::drop_oldest() {
    HF_TRY(const auto impl, current_->writable());
    return impl->drop_oldest();
}
Result<ErasedDevice> Store::erase(StreamId stream, const std::string& device,
                                  const Offsets& below) {
    HF_TRY(const auto impl, current_->writable());
    return impl->erase(stream, device, below);
}
Result<void> Store::rewrite_erased(StreamId stream, const std::string& device,
                                   const std::stop_token& stop) {
    HF_TRY(const auto impl, current_->writable());
    return impl->rewrite_erased(stream, device, stop);
}
Result<void> Store::end_erasure(StreamId stream, const std::string& device) {
    HF_TRY(const auto impl, current_->writable());
    return impl->end_erasure(stream, device);
}
std::vector<std::pair<StreamId, std::string>> Store::erasures() const {
    const auto impl = current_->get();
    return impl ? impl->erasures() : std::vector<std::pair<StreamId, std::string>>();
}
bool Store::may_be_damaged() const {
    const auto impl = current_->get();
    return impl && impl->may_be_damaged();
}
Result<std::vector<DamagedPartition>> Store::find_damage(const std::stop_token& stop) {
    HF_TRY(const auto impl, current_->readable());
    return impl->find_damage(stop);
}
Result<void> Store::begin_rebuild(const DamagedPartition& part) {
    HF_TRY(const auto impl, current_->writable());
    return impl->begin_rebuild(part);
}
Result<void> Store::tell_again(PartitionId from, std::span<const NewRow> rows) {
    HF_TRY(const auto impl, current_->writable());
    return impl->tell_again(from, rows);
}
Result<void> Store::end_rebuild() {
    HF_TRY(const auto impl, current_->writable());
    return impl->end_rebuild();
}
StoreCounts Store::counts() const {
    const auto impl = current_->get();
    return impl ? impl->counts() : StoreCounts();
}

} // namespace holdfast::history
