#include <holdfast/pipeline/version_store.hpp>

#include "pipeline/promotions_file.hpp"
#include "pipeline/version_file.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/base/whole_file.hpp>
#include <holdfast/config/model_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace holdfast::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVersionEnding = ".version";
constexpr std::string_view kPromotionsEnding = ".promoted";

// What `pump-life.3.version` says of itself.
struct FileName {
    std::string model;
    std::uint64_t number = 0;
};

std::optional<FileName> read_name(std::string_view name) {
    if (!name.ends_with(kVersionEnding)) return std::nullopt;
    name.remove_suffix(kVersionEnding.size());
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || !config::is_model_name(name.substr(0, dot)))
        return std::nullopt;
    FileName out{std::string(name.substr(0, dot))};
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + dot + 1, end, out.number);
    if (error != std::errc() || stop != end || out.number == 0) return std::nullopt;
    return out;
}

VersionInfo info_of(const VersionFile& file, std::uint64_t bytes) {
    VersionInfo out;
    out.number = file.number;
    out.trained_ms = file.trained_ms;
    out.made_by = file.made_by;
    out.bytes = bytes;
    out.seed = file.model.seed;
    out.first_event_ms = file.model.first_event_ms;
    out.last_event_ms = file.model.last_event_ms;
    out.data = file.model.data;
    out.figures = file.model.figures;
    return out;
}

Result<VersionFile> read_version(const fs::path& path, std::string_view name, std::uint64_t number,
                                 std::uint64_t* bytes_read = nullptr) {
    HF_TRY(const Bytes bytes, read_whole(path, kVersionFileBytesMax));
    if (bytes_read != nullptr) *bytes_read = bytes.size();
    auto file = decode_version(bytes);
    if (!file) return fail(file.error().code, path.string() + ": " + file.error().context);
    if (file.value().model.name != name || file.value().number != number)
        return fail(Errc::corrupt, fmt::format("{}: it is version {} of '{}'", path.string(),
                                               file.value().number, file.value().model.name));
    return file;
}

Error no_model(std::string_view name) {
    return fail(Errc::not_found, fmt::format("there is no version of a model '{}'", name));
}

} // namespace

fs::path VersionStore::version_path(std::string_view name, std::uint64_t number) const {
    return settings_.directory / fmt::format("{}.{}{}", name, number, kVersionEnding);
}

fs::path VersionStore::promotions_path(std::string_view name) const {
    return settings_.directory / fmt::format("{}{}", name, kPromotionsEnding);
}

Result<void> VersionStore::load() {
    const std::lock_guard lock(mutex_);
    std::error_code error;
    fs::create_directories(settings_.directory, error);
    std::vector<fs::path> files;
    if (!error)
        for (fs::directory_iterator at(settings_.directory, error), end; !error && at != end;
             at.increment(error))
            files.push_back(at->path());
    if (error)
        return fail(Errc::io, fmt::format("cannot read {}: {}", settings_.directory.string(),
                                          error.message()));
    std::ranges::sort(files);
    for (const fs::path& file : files) take_up(file);
    for (const fs::path& file : files) { // once their versions are known
        const std::string name = file.filename().string();
        if (name.ends_with(kPromotionsEnding))
            take_up_promotions(file, name.substr(0, name.size() - kPromotionsEnding.size()));
    }
    return ok();
}

void VersionStore::take_up(const fs::path& file) {
    const std::string file_name = file.filename().string();
    const auto is_ours = [&](std::string_view ending) {
        return file_name.ends_with(std::string(ending) + ".new");
    };
    if (is_ours(kVersionEnding) || is_ours(kPromotionsEnding)) { // a write that did not end
        std::error_code ignored;                                 // then it lies there once more
        fs::remove(file, ignored);
        return;
    }
    if (!file_name.ends_with(kVersionEnding)) return;
    const auto name = read_name(file_name);
    if (!name) {
        log_error("models", "{} is no version of a model and left out", file.string());
        return;
    }
    std::uint64_t bytes = 0;
    const auto version = read_version(file, name->model, name->number, &bytes);
    VersionInfo info;
    if (version) {
        info = info_of(version.value(), bytes);
    } else {
        info.number = name->number;
        info.bytes = bytes;
        info.damage = version.error().context;
        log_error("models", "version {} of model '{}' is left out: {}", name->number, name->model,
                  info.damage);
    }
    models_[name->model].versions.insert_or_assign(name->number, std::move(info));
}

void VersionStore::take_up_promotions(const fs::path& file, std::string_view name) {
    const auto numbers = read_promotions(file);
    const auto found = models_.find(name);
    if (!numbers || found == models_.end()) {
        log_error("models", "no version of model '{}' is in use: {}", name,
                  numbers ? "there are none" : numbers.error().context);
        return;
    }
    Model& model = found->second;
    for (const std::uint64_t number : numbers.value())
        if (model.versions.contains(number)) model.promotions.push_back(number);
    if (model.promotions.empty()) return;
    auto stored = read_locked(name, model.promotions.back());
    auto applied = stored ? AppliedModel::make(std::move(stored.value().model))
                          : Result<AppliedModel>(stored.error());
    if (applied)
        model.applied = std::make_shared<const AppliedModel>(std::move(applied).value());
    else
        log_error("models", "version {} of model '{}', which was promoted, is not in use: {}",
                  model.promotions.back(), name, applied.error().context);
}

Result<VersionInfo> VersionStore::add(ml::TrainedModel model, std::string report,
                                      std::string made_by, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const std::string name = model.name;
    const auto known = models_.find(name);
    if (known == models_.end() && models_.size() >= settings_.models_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("there are {} trained models already", settings_.models_max));
    const bool is_first = known == models_.end() || known->second.versions.empty();
    const std::uint64_t number = is_first ? 1 : known->second.versions.rbegin()->first + 1;
    const VersionFile file{number, now_ms, std::move(made_by), std::move(report), std::move(model)};
    HF_TRY(const Bytes bytes, encode_version(file));
    HF_TRY(write_whole(version_path(name, number), bytes));
    Model& kept = models_[name];
    const VersionInfo info = info_of(file, bytes.size());
    kept.versions.insert_or_assign(number, info);
    drop_oldest(name, kept);
    return info;
}

// The newest stays, and the one in use.
void VersionStore::drop_oldest(const std::string& name, Model& model) {
    while (model.versions.size() > std::max<std::size_t>(settings_.versions_max, 2)) {
        auto oldest = model.versions.begin();
        if (!model.promotions.empty() && oldest->first == model.promotions.back()) ++oldest;
        std::error_code error;
        fs::remove(version_path(name, oldest->first), error);
        if (error)
            log_warn("models", "version {} of model '{}' stays on the disk: {}", oldest->first,
                     name, error.message());
        std::erase(model.promotions, oldest->first);
        model.versions.erase(oldest);
    }
}

VersionedModel VersionStore::shown(const std::string& name, const Model& model) {
    VersionedModel out{name, {}, std::nullopt};
    if (!model.promotions.empty()) out.promoted = model.promotions.back();
    for (auto each = model.versions.rbegin(); each != model.versions.rend(); ++each) {
        out.versions.push_back(each->second);
        out.versions.back().is_promoted = out.promoted == each->first;
    }
    return out;
}

std::vector<VersionedModel> VersionStore::list() const {
    const std::lock_guard lock(mutex_);
    std::vector<VersionedModel> out;
    for (const auto& [name, model] : models_) out.push_back(shown(name, model));
    return out;
}

Result<VersionedModel> VersionStore::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    return shown(found->first, found->second);
}

Result<StoredVersion> VersionStore::read(std::string_view name, std::uint64_t number) const {
    const std::lock_guard lock(mutex_);
    return read_locked(name, number);
}

Result<StoredVersion> VersionStore::read_locked(std::string_view name, std::uint64_t number) const {
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    const auto version = found->second.versions.find(number);
    if (version == found->second.versions.end())
        return fail(Errc::not_found,
                    fmt::format("there is no version {} of model '{}'", number, name));
    HF_TRY(VersionFile file, read_version(version_path(name, number), name, number));
    StoredVersion out{version->second, std::move(file.report), std::move(file.model)};
    const auto& promotions = found->second.promotions;
    out.info.is_promoted = !promotions.empty() && promotions.back() == number;
    return out;
}

// The file first: what is in use is what a restart finds.
Result<void> VersionStore::use(const std::string& name, Model& model,
                               std::vector<std::uint64_t> promotions) {
    HF_TRY(StoredVersion stored, read_locked(name, promotions.back()));
    HF_TRY(AppliedModel applied, AppliedModel::make(std::move(stored.model)));
    HF_TRY(write_whole(promotions_path(name), encode_promotions(promotions)));
    model.promotions = std::move(promotions);
    model.applied = std::make_shared<const AppliedModel>(std::move(applied));
    return ok();
}

Result<void> VersionStore::promote(std::string_view name, std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    std::vector<std::uint64_t> promotions = found->second.promotions;
    std::erase(promotions, number); // each once, so they are no more than versions
    promotions.push_back(number);
    return use(found->first, found->second, std::move(promotions));
}

Result<std::uint64_t> VersionStore::roll_back(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    std::vector<std::uint64_t> promotions = found->second.promotions;
    if (promotions.size() < 2) // as before() says
        return fail(Errc::not_found,
                    fmt::format("no version of model '{}' was promoted before", name));
    promotions.pop_back();
    const std::uint64_t number = promotions.back();
    HF_TRY(use(found->first, found->second, std::move(promotions)));
    return number;
}

Result<void> VersionStore::remove(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    std::vector<fs::path> files{promotions_path(name)}; // first: what is not there is not in use
    for (const auto& [number, info] : found->second.versions)
        files.push_back(version_path(name, number));
    for (const fs::path& file : files) {
        std::error_code error;
        fs::remove(file, error);
        if (error)
            return fail(Errc::io,
                        fmt::format("cannot remove {}: {}", file.string(), error.message()));
    }
    models_.erase(found);
    return ok();
}

Result<std::uint64_t> VersionStore::before(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end()) return no_model(name);
    const auto& promotions = found->second.promotions;
    if (promotions.size() < 2)
        return fail(Errc::not_found,
                    fmt::format("no version of model '{}' was promoted before", name));
    return promotions[promotions.size() - 2];
}

VersionStore::Promoted VersionStore::promoted(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = models_.find(name);
    if (found == models_.end() || found->second.applied == nullptr) return {};
    return {found->second.applied, found->second.promotions.back()};
}

bool VersionStore::has_promotions(std::string_view name) const {
    std::error_code error; // what cannot be told is taken for there: nothing is cleared then
    return fs::exists(promotions_path(name), error) || error;
}

Result<void> VersionStore::checkpoint(const fs::path& directory) const {
    const std::lock_guard lock(mutex_); // nothing goes meanwhile
    std::error_code error;
    fs::create_directories(directory, error);
    // What is no file is damage, which keeps nothing from being backed up.
    const auto link = [&](const fs::path& file) {
        std::error_code absent;
        if (!error && fs::is_regular_file(fs::symlink_status(file, absent)))
            fs::create_hard_link(file, directory / file.filename(), error);
    };
    for (const auto& [name, model] : models_) {
        for (const auto& [number, info] : model.versions) link(version_path(name, number));
        link(promotions_path(name));
    }
    if (error)
        return fail(Errc::io, fmt::format("cannot link versions of models into {}: {}",
                                          directory.string(), error.message()));
    return ok();
}

} // namespace holdfast::pipeline
