#pragma once

#include <holdfast/ml/training/model_file.hpp>
#include <holdfast/pipeline/applied_model.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::pipeline {

// Exact in whatever reads JSON, and an offset, which stored state keeps it as.
inline constexpr std::uint64_t kVersionNumberMax = (1ULL << 53U) - 1;

struct VersionStoreSettings {
    std::filesystem::path directory; // made where it is not there
    std::size_t models_max = 100;
    std::size_t versions_max = 10; // of a model; the oldest goes, but not the promoted one
};

// What is known of a version without reading it.
struct VersionInfo {
    std::uint64_t number = 0;
    std::int64_t trained_ms = 0;
    std::string made_by; // empty: the operator
    std::uint64_t bytes = 0;
    std::uint64_t seed = 0;
    std::int64_t first_event_ms = 0;
    std::int64_t last_event_ms = 0;
    std::vector<ml::DataRange> data;
    std::vector<ml::Figure> figures;
    std::string damage; // why it cannot be read; empty: it can
    bool is_promoted = false;
};

struct StoredVersion {
    VersionInfo info;
    std::string report; // JSON
    ml::TrainedModel model;
};

struct VersionedModel {
    std::string name;
    std::vector<VersionInfo> versions;     // the newest first
    std::optional<std::uint64_t> promoted; // the last that was
    std::optional<std::uint64_t> in_use;   // that one, unless it could not be read at the start
};

// The versions of trained models, each in a file of its own (docs/format/version_file.md), and
// which of them is in use. A version never changes once it is there.
//
// Thread-safe. All members but list(), find() and promoted() read or write the disk;
// changes wait for each other, and nobody else for them.
class VersionStore {
public:
    explicit VersionStore(VersionStoreSettings settings) : settings_(std::move(settings)) {}

    // Reads what is there. What is damaged, or of somebody else, gets a log line that names it, is
    // left where it is, and is shown as damaged where its name says whose it is: it stops nothing.
    // io.
    [[nodiscard]] Result<void> load();

    // The next version of the model. limit_exceeded: one model too many, or no number
    // left; too_large, io, no_space.
    [[nodiscard]] Result<VersionInfo> add(ml::TrainedModel model, std::string report,
                                          std::string made_by, std::int64_t now_ms);

    [[nodiscard]] std::vector<VersionedModel> list() const;                 // by name
    [[nodiscard]] Result<VersionedModel> find(std::string_view name) const; // not_found
    // not_found; corrupt, io, naming the file.
    [[nodiscard]] Result<StoredVersion> read(std::string_view name, std::uint64_t number) const;

    // From now on this version is the one in use, also after a restart. Errors as read().
    [[nodiscard]] Result<void> promote(std::string_view name, std::uint64_t number);
    // Back to the one that was promoted before, or to this one of those; its number. What was
    // promoted after it is forgotten. not_found where there is none; corrupt, naming those before,
    // where it is damaged: then nothing changes.
    [[nodiscard]] Result<std::uint64_t> roll_back(std::string_view name,
                                                  std::optional<std::uint64_t> to = {});
    // Where roll_back() would lead. Errors likewise.
    [[nodiscard]] Result<StoredVersion> before(std::string_view name,
                                               std::optional<std::uint64_t> to = {}) const;

    // All versions, for good. not_found, io.
    [[nodiscard]] Result<void> remove(std::string_view name);

    // The version in use, ready to be asked, and its number. Null: none is.
    struct Promoted {
        std::shared_ptr<const AppliedModel> model;
        std::uint64_t number = 0;
    };
    [[nodiscard]] Promoted promoted(std::string_view name) const;
    // Whether some version was, also where it does not read now and none is in use.
    [[nodiscard]] bool has_promotions(std::string_view name) const;

    // Links all files, as they are, into a new directory on the same file system. io.
    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory) const;

private:
    struct Model {
        std::map<std::uint64_t, VersionInfo> versions; // by number
        std::vector<std::uint64_t> promotions;         // the newest last
        std::shared_ptr<const AppliedModel> applied;   // of promotions.back()
    };
    using Applied = Result<std::shared_ptr<const AppliedModel>>;
    void take_up(const std::filesystem::path& file);
    void take_up_promotions(const std::filesystem::path& file);
    [[nodiscard]] Result<std::uint64_t> next_number(const std::string& name) const;
    [[nodiscard]] std::vector<std::uint64_t> drop_oldest(Model& model) const;
    // Under mutex_. not_found.
    [[nodiscard]] Result<const Model*> model_of(std::string_view name) const;
    // Not under mutex_: it reads the file.
    [[nodiscard]] Applied read_applied(std::string_view name, std::uint64_t number) const;
    // Under changing_ alone.
    [[nodiscard]] Result<void> use(const std::string& name, std::vector<std::uint64_t> promotions);
    // Those that roll_back() leaves, its goal last.
    [[nodiscard]] Result<std::vector<std::uint64_t>> promotions_until(
        std::string_view name, std::optional<std::uint64_t> to) const;
    [[nodiscard]] static VersionedModel shown(const std::string& name, const Model& model);
    [[nodiscard]] std::filesystem::path version_path(std::string_view name,
                                                     std::uint64_t number) const;
    [[nodiscard]] std::filesystem::path promotions_path(std::string_view name) const;

    const VersionStoreSettings settings_;
    mutable std::mutex changing_;                      // one change at a time; before mutex_
    mutable std::mutex mutex_;                         // never held over a write
    std::map<std::string, Model, std::less<>> models_; // guarded by mutex_
};

} // namespace holdfast::pipeline
