#include <holdfast/pipeline/version_store.hpp>

#include "pipeline/promotions_file.hpp"
#include "pipeline/version_file.hpp"
#include "pipeline/version_name.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/base/whole_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

namespace holdfast::pipeline {
namespace {

namespace fs = std::filesystem;

Error no_version(std::string_view name, std::uint64_t number) {
    return fail(Errc::not_found, fmt::format("there is no version {} of model '{}'", number, name));
}

// Why the last of them cannot be gone back to, and to which others one can.
Error not_before(std::string_view name, std::span<const std::uint64_t> promotions, Error why) {
    if (why.code != Errc::corrupt) return why;
    const auto earlier = promotions.first(promotions.size() - 1);
    why.context = fmt::format(
        "version {} of model '{}', which was promoted before, is damaged: {}; {}",
        promotions.back(), name, why.context,
        earlier.empty() ? "none was promoted before that"
                        : fmt::format("promoted before that: {}", fmt::join(earlier, ", ")));
    return why;
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
    const auto bytes = read_whole(path, kVersionFileBytesMax);
    if (!bytes && bytes.error().code == Errc::not_found) // somebody took it away
        return fail(Errc::corrupt, bytes.error().context);
    if (!bytes) return bytes.error();
    if (bytes_read != nullptr) *bytes_read = bytes.value().size();
    auto file = decode_version(bytes.value());
    if (!file) return fail(Errc::corrupt, path.string() + ": " + file.error().context);
    if (file.value().model.name != name || file.value().number != number)
        return fail(Errc::corrupt, fmt::format("{}: it is version {} of '{}'", path.string(),
                                               file.value().number, file.value().model.name));
    return file;
}

} // namespace

fs::path VersionStore::version_path(std::string_view name, std::uint64_t number) const {
    return settings_.directory / version_name(name, number);
}

fs::path VersionStore::promotions_path(std::string_view name) const {
    return settings_.directory / promotions_name(name);
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
    for (const fs::path& file : files) // once their versions are known
        if (const std::string name = file.filename().string(); name.ends_with(kPromotionsEnding))
            take_up_promotions(file);
    return ok();
}

void VersionStore::take_up(const fs::path& file) {
    const std::string file_name = file.filename().string();
    if (is_unfinished_write(file_name)) {
        std::error_code ignored; // then it lies there once more
        fs::remove(file, ignored);
        return;
    }
    if (!file_name.ends_with(kVersionEnding)) return;
    const auto name = read_version_name(file_name);
    if (!name) {
        log_error("models", "{} is no version of a model and left alone", file.string());
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

void VersionStore::take_up_promotions(const fs::path& file) {
    const std::string file_name = file.filename().string();
    const auto name = read_promotions_name(file_name);
    if (!name) {
        log_error("models", "{} names no model and is left alone", file.string());
        return;
    }
    const auto numbers = read_promotions(file);
    const auto found = models_.find(*name);
    if (!numbers || found == models_.end()) {
        log_error("models", "no version of model '{}' is in use: {}", *name,
                  numbers ? "there are none" : numbers.error().context);
        return;
    }
    Model& model = found->second;
    for (const std::uint64_t number : numbers.value())
        if (model.versions.contains(number)) model.promotions.push_back(number);
    if (model.promotions.empty()) return;
    auto applied = read_applied(found->first, model.promotions.back());
    if (applied)
        model.applied = std::move(applied).value();
    else
        log_error("models", "version {} of model '{}', which was promoted, is not in use: {}",
                  model.promotions.back(), *name, applied.error().context);
}

Result<std::uint64_t> VersionStore::next_number(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto known = models_.find(name);
    if (known == models_.end() && models_.size() >= settings_.models_max)
        return fail(Errc::limit_exceeded,
                    fmt::format("there are {} trained models already", settings_.models_max));
    if (known == models_.end() || known->second.versions.empty()) return 1;
    const std::uint64_t last = known->second.versions.rbegin()->first;
    if (last == kVersionNumberMax)
        return fail(Errc::limit_exceeded,
                    fmt::format("model '{}' has version {}, after which there is none: remove its "
                                "versions, or train under another name",
                                name, last));
    return last + 1;
}

Result<VersionInfo> VersionStore::add(ml::TrainedModel model, std::string report,
                                      std::string made_by, std::int64_t now_ms) {
    const std::lock_guard change(changing_);
    const std::string name = model.name;
    HF_TRY(const std::uint64_t number, next_number(name));
    const VersionFile file{number, now_ms, std::move(made_by), std::move(report), std::move(model)};
    HF_TRY(const Bytes bytes, encode_version(file));
    HF_TRY(write_whole(version_path(name, number), bytes));
    const VersionInfo info = info_of(file, bytes.size());
    std::vector<std::uint64_t> dropped;
    {
        const std::lock_guard lock(mutex_);
        Model& kept = models_[name];
        kept.versions.insert_or_assign(number, info);
        dropped = drop_oldest(kept);
    }
    for (const std::uint64_t each : dropped) {
        std::error_code error;
        fs::remove(version_path(name, each), error);
        if (error)
            log_warn("models", "version {} of model '{}' stays on the disk: {}", each, name,
                     error.message());
    }
    return info;
}

// The newest stays, and the one in use. Which ones went.
std::vector<std::uint64_t> VersionStore::drop_oldest(Model& model) const {
    std::vector<std::uint64_t> out;
    while (model.versions.size() > std::max<std::size_t>(settings_.versions_max, 2)) {
        auto oldest = model.versions.begin();
        if (!model.promotions.empty() && oldest->first == model.promotions.back()) ++oldest;
        out.push_back(oldest->first);
        std::erase(model.promotions, oldest->first);
        model.versions.erase(oldest);
    }
    return out;
}

VersionedModel VersionStore::shown(const std::string& name, const Model& model) {
    VersionedModel out{name, {}, std::nullopt, std::nullopt};
    if (!model.promotions.empty()) out.promoted = model.promotions.back();
    if (model.applied) out.in_use = out.promoted;
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
    HF_TRY(const Model* model, model_of(name));
    return shown(std::string(name), *model);
}

Result<StoredVersion> VersionStore::read(std::string_view name, std::uint64_t number) const {
    VersionInfo info;
    {
        const std::lock_guard lock(mutex_);
        HF_TRY(const Model* model, model_of(name));
        const auto version = model->versions.find(number);
        if (version == model->versions.end()) return no_version(name, number);
        info = version->second;
        info.is_promoted = !model->promotions.empty() && model->promotions.back() == number;
    }
    HF_TRY(VersionFile file, read_version(version_path(name, number), name, number));
    return StoredVersion{std::move(info), std::move(file.report), std::move(file.model)};
}

Result<const VersionStore::Model*> VersionStore::model_of(std::string_view name) const {
    const auto found = models_.find(name);
    if (found == models_.end())
        return fail(Errc::not_found, fmt::format("there is no version of a model '{}'", name));
    return &found->second;
}

VersionStore::Applied VersionStore::read_applied(std::string_view name,
                                                 std::uint64_t number) const {
    HF_TRY(VersionFile file, read_version(version_path(name, number), name, number));
    HF_TRY(AppliedModel applied, AppliedModel::make(std::move(file.model)));
    return std::make_shared<const AppliedModel>(std::move(applied));
}

// The file first: what is in use is what a restart finds.
Result<void> VersionStore::use(const std::string& name, std::vector<std::uint64_t> promotions) {
    auto applied = read_applied(name, promotions.back());
    if (!applied && applied.error().code == Errc::corrupt) {
        const std::lock_guard lock(mutex_);
        models_[name].versions[promotions.back()].damage = applied.error().context;
    }
    if (!applied) return applied.error();
    HF_TRY(write_whole(promotions_path(name), encode_promotions(promotions)));
    const std::lock_guard lock(mutex_);
    Model& model = models_[name];                     // nobody else changes what there is
    model.versions[promotions.back()].damage.clear(); // it reads, whatever was before
    model.promotions = std::move(promotions);
    model.applied = std::move(applied).value();
    return ok();
}

Result<void> VersionStore::promote(std::string_view name, std::uint64_t number) {
    const std::lock_guard change(changing_);
    std::vector<std::uint64_t> promotions;
    {
        const std::lock_guard lock(mutex_);
        HF_TRY(const Model* model, model_of(name));
        if (!model->versions.contains(number)) return no_version(name, number);
        promotions = model->promotions;
    }
    std::erase(promotions, number); // each once, so they are no more than versions
    promotions.push_back(number);
    return use(std::string(name), std::move(promotions));
}

Result<std::vector<std::uint64_t>> VersionStore::promotions_until(
    std::string_view name, std::optional<std::uint64_t> to) const {
    const std::lock_guard lock(mutex_);
    HF_TRY(const Model* model, model_of(name));
    std::vector<std::uint64_t> out = model->promotions;
    if (!out.empty()) out.pop_back(); // the newest
    if (out.empty())
        return fail(Errc::not_found,
                    fmt::format("no version of model '{}' was promoted before", name));
    if (!to) return out;
    const auto found = std::ranges::find(out, *to);
    if (found == out.end())
        return fail(Errc::not_found,
                    fmt::format("version {} of model '{}' was not promoted before; these were: {}",
                                *to, name, fmt::join(out, ", ")));
    out.erase(found + 1, out.end());
    return out;
}

Result<StoredVersion> VersionStore::before(std::string_view name,
                                           std::optional<std::uint64_t> to) const {
    HF_TRY(const auto promotions, promotions_until(name, to));
    auto stored = read(name, promotions.back());
    if (!stored) return not_before(name, promotions, stored.error());
    return stored;
}

Result<std::uint64_t> VersionStore::roll_back(std::string_view name,
                                              std::optional<std::uint64_t> to) {
    const std::lock_guard change(changing_);
    HF_TRY(const auto promotions, promotions_until(name, to));
    const auto used = use(std::string(name), promotions);
    if (!used) return not_before(name, promotions, used.error());
    return promotions.back();
}

Result<void> VersionStore::remove(std::string_view name) {
    const std::lock_guard change(changing_);
    std::vector<fs::path> files{promotions_path(name)}; // first: what is not there is not in use
    {
        const std::lock_guard lock(mutex_);
        HF_TRY(const Model* model, model_of(name));
        for (const auto& [number, info] : model->versions)
            files.push_back(version_path(name, number));
    }
    for (const fs::path& file : files) {
        std::error_code error;
        fs::remove(file, error);
        if (error)
            return fail(Errc::io,
                        fmt::format("cannot remove {}: {}", file.string(), error.message()));
    }
    HF_TRY(sync_directory(settings_.directory)); // or a power loss brings them back
    const std::lock_guard lock(mutex_);
    models_.erase(models_.find(name));
    return ok();
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
    const std::lock_guard change(changing_); // nothing goes meanwhile
    std::vector<fs::path> files;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, model] : models_) {
            for (const auto& [number, info] : model.versions)
                files.push_back(version_path(name, number));
            files.push_back(promotions_path(name));
        }
    }
    std::error_code error;
    fs::create_directories(directory, error);
    for (const fs::path& file : files) {
        std::error_code absent; // what is no file is damage, which keeps nothing from being copied
        if (!error && fs::is_regular_file(fs::symlink_status(file, absent)))
            fs::create_hard_link(file, directory / file.filename(), error);
    }
    if (error)
        return fail(Errc::io, fmt::format("cannot link versions of models into {}: {}",
                                          directory.string(), error.message()));
    return ok();
}

} // namespace holdfast::pipeline
