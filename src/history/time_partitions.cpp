#include "history/time_partitions.hpp"

#include "history/keys.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>

namespace holdfast::history {
namespace {

void put_time(Bytes& out, std::int64_t us) {
    ByteWriter(out).u64_be(static_cast<std::uint64_t>(us));
}

std::int64_t time_at(const std::byte* from) {
    return static_cast<std::int64_t>(load_u64_be(from));
}

} // namespace

Result<void> TimePartitions::load(kv::Database& database) {
    database_ = &database;
    meta_ = database.family("default");
    HF_TRY(const auto kept_from, database.get(meta_, as_bytes(kKeptFromKey)));
    if (kept_from && kept_from->size() != 8)
        return fail(Errc::corrupt, "history: the begin of what is kept has a wrong length");
    if (kept_from) kept_from_us_ = time_at(as_bytes(*kept_from).data());
    const std::byte first[] = {std::byte{'a'}};
    kv::Iterator each = database.iterate(meta_);
    for (each.seek(first); each.valid() && each.key()[0] == first[0]; each.next()) {
        if (each.key().size() != 5 || each.value().size() != 16)
            return fail(Errc::corrupt, "history: a stream's own retention has a wrong length");
        Apart& apart = apart_[StreamId{load_u32_be(each.key().data() + 1)}];
        apart.from_us = time_at(each.value().data());
        apart.kept_from_us = time_at(each.value().data() + 8);
    }
    HF_TRY(each.status());
    for (const std::string& name : database.family_names()) {
        if (const auto partition = partition_of_family(name))
            shared_[*partition] = database.family(name);
        if (const auto own = own_partition_of_family(name))
            apart_[own->stream].families[own->start_us] = database.family(name);
    }
    return ok();
}

Result<kv::Family> TimePartitions::family_for(StreamId stream, std::int64_t partition_us) {
    const auto apart = apart_.find(stream);
    const bool is_apart = apart != apart_.end() && partition_us >= apart->second.from_us;
    Families& families = is_apart ? apart->second.families : shared_;
    const auto found = families.find(partition_us);
    if (found != families.end()) return found->second;
    HF_TRY(const kv::Family family, database_->create_family(name_of(stream, partition_us)));
    families[partition_us] = family;
    return family;
}

std::string TimePartitions::name_of(StreamId stream, std::int64_t partition_us) const {
    const auto apart = apart_.find(stream);
    const bool is_apart = apart != apart_.end() && partition_us >= apart->second.from_us;
    return is_apart ? own_family_name(stream, partition_us) : family_name(partition_us);
}

std::int64_t TimePartitions::start_of(std::string_view family) {
    if (const auto own = own_partition_of_family(family)) return own->start_us;
    return partition_of_family(family).value();
}

std::set<std::int64_t> TimePartitions::starts() const {
    std::set<std::int64_t> starts;
    for (const auto& [start, family] : shared_) starts.insert(start);
    for (const auto& [stream, apart] : apart_)
        for (const auto& [start, family] : apart.families) starts.insert(start);
    return starts;
}

Result<void> TimePartitions::renew(const std::string& family) {
    const auto own = own_partition_of_family(family);
    Families& families = own ? apart_[own->stream].families : shared_;
    const std::int64_t start_us = start_of(family);
    if (families.erase(start_us) > 0) {
        HF_TRY(database_->drop_family(family));
    }
    HF_TRY(families[start_us], database_->create_family(family));
    return ok();
}

TimePartitions::Families TimePartitions::of(StreamId stream) const {
    const auto apart = apart_.find(stream);
    if (apart == apart_.end()) return shared_;
    Families all = apart->second.families;
    all.insert(shared_.begin(), shared_.lower_bound(apart->second.from_us));
    return all;
}

std::int64_t TimePartitions::kept_from_us(StreamId stream) const {
    const auto apart = apart_.find(stream);
    if (apart == apart_.end()) return kept_from_us_;
    return std::max(apart->second.kept_from_us, std::min(kept_from_us_, apart->second.from_us));
}

void TimePartitions::put(StreamId stream, const Apart& apart, const kv::Family& meta,
                         kv::WriteBatch& batch) {
    Bytes value;
    put_time(value, apart.from_us);
    put_time(value, apart.kept_from_us);
    batch.put(meta, apart_key(stream), value);
}

Result<void> TimePartitions::keep_apart(StreamId stream, bool is_new) {
    if (apart_.contains(stream)) return ok();
    Apart apart;
    apart.from_us = is_new || shared_.empty() ? INT64_MIN : shared_.rbegin()->first + width_us_;
    kv::WriteBatch batch;
    put(stream, apart, meta_, batch);
    HF_TRY(database_->write(batch, true)); // before a family is found that needs it
    apart_.emplace(stream, std::move(apart));
    return ok();
}

// A full disk must not keep what is over, so that an error is only said: the first drop after a
// start says the same again.
void TimePartitions::keep_from(std::int64_t us) {
    if (us <= kept_from_us_) return;
    kept_from_us_ = us;
    Bytes value;
    put_time(value, us);
    kv::WriteBatch batch;
    batch.put(meta_, as_bytes(kKeptFromKey), value);
    if (const auto stored = database_->write(batch, false); !stored)
        log_warn("history", "{}", stored.error().context);
}

void TimePartitions::keep_from(StreamId stream, Apart& apart, std::int64_t us) {
    if (us <= apart.kept_from_us) return;
    apart.kept_from_us = us;
    kv::WriteBatch batch;
    put(stream, apart, meta_, batch);
    if (const auto stored = database_->write(batch, false); !stored)
        log_warn("history", "{}", stored.error().context);
}

Result<std::size_t> TimePartitions::drop(Families& families, std::optional<StreamId> stream,
                                         std::int64_t us) {
    std::size_t dropped = 0;
    while (!families.empty() && families.begin()->first + width_us_ <= us) {
        const std::int64_t start_us = families.begin()->first;
        HF_TRY(database_->drop_family(stream ? own_family_name(*stream, start_us)
                                             : family_name(start_us)));
        families.erase(families.begin());
        ++dropped;
    }
    return dropped;
}

Result<std::size_t> TimePartitions::drop_before(std::int64_t us,
                                                const std::map<StreamId, std::int64_t>& own) {
    keep_from(partition_of(us, width_us_));
    HF_TRY(std::size_t dropped, drop(shared_, std::nullopt, us));
    for (auto& [stream, apart] : apart_) {
        const auto found = own.find(stream);
        const std::int64_t before_us = found == own.end() ? us : found->second;
        keep_from(stream, apart, partition_of(before_us, width_us_));
        HF_TRY(const std::size_t more, drop(apart.families, stream, before_us));
        dropped += more;
    }
    return dropped;
}

Result<std::optional<std::int64_t>> TimePartitions::drop_oldest() {
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> last;
    const auto look = [&](const Families& families) {
        if (families.empty()) return;
        first = std::min(first.value_or(INT64_MAX), families.begin()->first);
        last = std::max(last.value_or(INT64_MIN), families.rbegin()->first);
    };
    look(shared_);
    for (const auto& [stream, apart] : apart_) look(apart.families);
    if (!first || *first == *last) return std::optional<std::int64_t>();
    const std::int64_t end_us = *first + width_us_;
    keep_from(end_us);
    HF_TRY(drop(shared_, std::nullopt, end_us));
    for (auto& [stream, apart] : apart_) {
        keep_from(stream, apart, end_us);
        HF_TRY(drop(apart.families, stream, end_us));
    }
    return std::optional<std::int64_t>(end_us);
}

} // namespace holdfast::history
