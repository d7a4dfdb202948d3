#include <holdfast/gateway/rest/notebook_store.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/rest/keyspace.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::uint8_t kVersion = 1;

bool is_name(std::string_view name) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= NotebookStore::kNameBytesMax &&
           std::all_of(name.begin(), name.end(), is_allowed);
}

// Names have no slash, so what follows one is the number.
std::string key_of(std::string_view name, std::uint64_t number) {
    return fmt::format("{}/{:016x}", name, number);
}

std::string encode(const NotebookRevision& revision, std::string_view document) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(kVersion);
    out.u64_be(revision.number);
    out.u64_be(static_cast<std::uint64_t>(revision.saved_ms));
    out.text_with_u16_length(revision.saved_by);
    out.text_with_u16_length(revision.title);
    out.text(document);
    return std::string(as_text(bytes));
}

Result<StoredNotebook> decode(std::string_view value) {
    ByteReader in(as_bytes(value));
    HF_TRY(const auto version, in.u8());
    if (version != kVersion)
        return fail(Errc::not_supported, fmt::format("version {} of a notebook", version));
    StoredNotebook stored;
    HF_TRY(stored.revision.number, in.u64_be());
    HF_TRY(const auto saved_ms, in.u64_be());
    HF_TRY(const auto saved_by, in.utf8_with_u16_length());
    HF_TRY(const auto title, in.utf8_with_u16_length());
    stored.revision.saved_ms = static_cast<std::int64_t>(saved_ms);
    stored.revision.saved_by = saved_by;
    stored.revision.title = title;
    stored.revision.bytes = in.remaining();
    stored.document = as_text(in.rest());
    return stored;
}

Error no_notebook(std::string_view name) {
    return fail(Errc::not_found, fmt::format("there is no notebook '{}'", name));
}

} // namespace

Result<void> NotebookStore::load() {
    const std::lock_guard lock(mutex_);
    std::optional<Error> unknown;
    HF_TRY(
        log_.scan_state(kNotebooksKeyspace, "", [&](std::string_view key, std::string_view value) {
            auto stored = decode(value);
            const std::string_view name = key.substr(0, key.find('/'));
            if (stored && is_name(name) && key == key_of(name, stored.value().revision.number)) {
                bytes_ += stored.value().revision.bytes;
                notebooks_[std::string(name)].push_back(std::move(stored.value().revision));
                return true;
            }
            const std::string why = stored ? "it has another's key" : stored.error().context;
            if (!stored && stored.error().code == Errc::not_supported) {
                unknown =
                    fail(Errc::not_supported, fmt::format("stored notebook {}: {}", key, why));
                return false;
            }
            log_error("notebooks", "stored {} is damaged and left out: {}", key, why);
            return true;
        }));
    if (unknown) return *unknown;
    return ok();
}

std::vector<NotebookSummary> NotebookStore::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<NotebookSummary> all;
    for (const auto& [name, revisions] : notebooks_) all.push_back({name, revisions.back()});
    return all;
}

Result<NotebookRevision> NotebookStore::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = notebooks_.find(name);
    if (found == notebooks_.end()) return no_notebook(name);
    return found->second.back();
}

Result<std::vector<NotebookRevision>> NotebookStore::revisions(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = notebooks_.find(name);
    if (found == notebooks_.end()) return no_notebook(name);
    return Revisions(found->second.rbegin(), found->second.rend());
}

Result<StoredNotebook> NotebookStore::read(std::string_view name, std::uint64_t number) const {
    HF_TRY(const auto newest, find(name));
    const std::uint64_t wanted = number == 0 ? newest.number : number;
    HF_TRY(const auto value, log_.state(kNotebooksKeyspace, key_of(name, wanted)));
    if (!value)
        return fail(Errc::not_found,
                    fmt::format("revision {} of notebook '{}' is not kept", wanted, name));
    auto stored = decode(*value);
    if (!stored)
        return fail(Errc::corrupt, fmt::format("revision {} of notebook '{}': {}", wanted, name,
                                               stored.error().context));
    return stored;
}

Result<void> NotebookStore::check_room(std::string_view name, std::size_t bytes) const {
    if (!is_name(name))
        return fail(Errc::malformed,
                    fmt::format("a notebook's name is 1 to {} letters of a-z and A-Z, digits, - "
                                "and _",
                                kNameBytesMax));
    if (bytes > kDocumentBytesMax)
        return fail(Errc::too_large, fmt::format("a notebook has at most {} bytes, this one has {}",
                                                 kDocumentBytesMax, bytes));
    const std::lock_guard lock(mutex_);
    if (notebooks_.size() >= kNotebooksMax && !notebooks_.contains(name))
        return fail(Errc::limit_exceeded,
                    fmt::format("{} notebooks are kept already: delete one", kNotebooksMax));
    if (bytes_ + bytes > kBytesMax)
        return fail(Errc::limit_exceeded, fmt::format("all notebooks with their revisions have at "
                                                      "most {} bytes: delete one",
                                                      kBytesMax));
    return ok();
}

Result<NotebookRevision> NotebookStore::save(std::string_view name, std::string_view title,
                                             std::string_view by, std::string_view document) {
    HF_TRY(check_room(name, document.size()));
    Revisions revisions;
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = notebooks_.find(name); found != notebooks_.end())
            revisions = found->second;
    }
    NotebookRevision made;
    made.number = revisions.empty() ? 1 : revisions.back().number + 1;
    made.saved_ms = clock_.now_ms();
    made.saved_by = by;
    made.title = title;
    made.bytes = document.size();
    std::vector<log::StateChange> changes;
    changes.push_back({kNotebooksKeyspace, key_of(name, made.number), encode(made, document)});
    std::size_t gone_bytes = 0;
    if (revisions.size() >= kRevisionsMax) {
        changes.push_back({kNotebooksKeyspace, key_of(name, revisions.front().number), {}});
        gone_bytes = revisions.front().bytes;
        revisions.erase(revisions.begin());
    }
    revisions.push_back(made);
    HF_TRY(log::StateWrite::write(log_, std::move(changes)));
    const std::lock_guard lock(mutex_);
    bytes_ += made.bytes;
    bytes_ -= gone_bytes;
    notebooks_.insert_or_assign(std::string(name), std::move(revisions));
    return made;
}

Result<void> NotebookStore::remove(std::string_view name) {
    HF_TRY(const auto gone, revisions(name));
    std::vector<log::StateChange> changes;
    std::size_t gone_bytes = 0;
    for (const auto& revision : gone) {
        changes.push_back({kNotebooksKeyspace, key_of(name, revision.number), {}});
        gone_bytes += revision.bytes;
    }
    HF_TRY(log::StateWrite::write(log_, std::move(changes)));
    const std::lock_guard lock(mutex_);
    bytes_ -= gone_bytes;
    notebooks_.erase(notebooks_.find(name));
    return ok();
}

} // namespace holdfast::gateway
