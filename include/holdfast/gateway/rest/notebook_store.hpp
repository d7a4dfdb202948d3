#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/log/log.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::gateway {

// One saving of a notebook.
struct NotebookRevision {
    std::uint64_t number = 0; // 1 for the first, rising
    std::int64_t saved_ms = 0;
    std::string saved_by; // a user; empty: nobody in particular
    std::string title;
    std::size_t bytes = 0; // of its document
};

struct NotebookSummary {
    std::string name;
    NotebookRevision newest;
};

struct StoredNotebook {
    NotebookRevision revision;
    std::string document; // JSON, as it was saved
};

// Notebooks of the page with their last revisions, in kNotebooksKeyspace (docs/format/log.md). It
// knows nothing of what is in a document. Thread-safe, but one thread at a time saves and removes;
// all but list(), find() and revisions() BLOCK. The log and the clock outlive it.
class NotebookStore {
public:
    static constexpr std::size_t kNotebooksMax = 500;
    static constexpr std::size_t kRevisionsMax = 20; // of one notebook: then the oldest goes
    static constexpr std::size_t kDocumentBytesMax = 256U << 10U;
    static constexpr std::size_t kBytesMax = 64U << 20U; // of all documents
    static constexpr std::size_t kNameBytesMax = 64;

    NotebookStore(log::Log& log, const Clock& clock) : log_(log), clock_(clock) {}

    // What is stored, once, before all else. A damaged revision is named in a log line and left
    // out. Errors: not_supported, of one that a later version stored; io.
    [[nodiscard]] Result<void> load();

    [[nodiscard]] std::vector<NotebookSummary> list() const; // by name
    // The newest revision. not_found.
    [[nodiscard]] Result<NotebookRevision> find(std::string_view name) const;
    // All that are kept, newest first. not_found.
    [[nodiscard]] Result<std::vector<NotebookRevision>> revisions(std::string_view name) const;
    // `number` 0: the newest. not_found, corrupt, io.
    [[nodiscard]] Result<StoredNotebook> read(std::string_view name, std::uint64_t number) const;

    // A new revision, durable. malformed (name), too_large, limit_exceeded, or of a write.
    [[nodiscard]] Result<NotebookRevision> save(std::string_view name, std::string_view title,
                                                std::string_view by, std::string_view document);
    // With all its revisions. not_found, or of a write.
    [[nodiscard]] Result<void> remove(std::string_view name);

private:
    using Revisions = std::vector<NotebookRevision>; // oldest first, never empty

    [[nodiscard]] Result<void> check_room(std::string_view name, std::size_t bytes) const;

    log::Log& log_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Revisions, std::less<>> notebooks_; // guarded by mutex_
    std::size_t bytes_ = 0;                                   // guarded by mutex_
};

} // namespace holdfast::gateway
