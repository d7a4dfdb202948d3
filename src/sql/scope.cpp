#include "sql/scope.hpp"

#include "sql/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::sql {
namespace {

using column::Field;
using column::FieldKind;
using column::Path;

Scope::StarColumn star_column(const std::string& alias, Path path, bool is_quoted, Position at) {
    Scope::StarColumn out;
    out.name =
        path.steps.size() == 1 ? std::get<std::string>(path.steps.front()) : path.to_string();
    out.expression = std::make_unique<Expression>();
    out.expression->kind = ExpressionKind::name;
    out.expression->at = at;
    out.expression->is_quoted = is_quoted;
    out.expression->path = std::move(path);
    auto& steps = out.expression->path.steps;
    if (!alias.empty()) steps.insert(steps.begin(), alias);
    return out;
}

const std::string* member(const Path& path, std::size_t step) noexcept {
    return step < path.steps.size() ? std::get_if<std::string>(&path.steps[step]) : nullptr;
}

Path behind(const Path& path, std::size_t steps) {
    return {{path.steps.begin() + static_cast<std::ptrdiff_t>(steps), path.steps.end()}};
}

} // namespace

std::size_t SourcePlan::width() const noexcept {
    return fields.size() + columns.size() + members.size();
}

Result<void> Scope::add(SourcePlan plan, const RelationRef& ref, std::vector<std::string> columns) {
    Entry entry;
    entry.alias = ref.alias;
    if (entry.alias.empty() && ref.kind != RelationRef::Kind::filter &&
        ref.kind != RelationRef::Kind::latest)
        entry.alias = ref.name;
    for (const Entry& other : entries_)
        if (!entry.alias.empty() && other.alias == entry.alias)
            return error_at(
                Errc::malformed, ref.at,
                fmt::format("two relations are called '{}': name one with AS", entry.alias));
    if (ref.event_time) {
        entry.ts.path = *ref.event_time;
        const std::string* first = member(entry.ts.path, 0);
        if (first != nullptr && *first == entry.alias && entry.ts.path.steps.size() > 1)
            entry.ts.path = behind(entry.ts.path, 1);
    }
    entry.columns = std::move(columns);
    entries_.push_back(std::move(entry));
    plans_.push_back(std::move(plan));
    if (ref.event_time && !is_record(plans_.size() - 1))
        return error_at(Errc::malformed, ref.at, "EVENT TIME is of a stream or a topic filter");
    if (ref.event_time && is_history(plans_.size() - 1))
        return error_at(Errc::malformed, ref.at,
                        "a history has the event time that its rows were stored with");
    return ok();
}

bool Scope::is_history(std::size_t source) const noexcept {
    return plans_[source].kind == SourcePlan::Kind::stream && plans_[source].origin == "history";
}

Result<void> Scope::check_kept(std::size_t source, FieldKind kind, Position at) const {
    const bool is_kept = kind == FieldKind::ts || kind == FieldKind::device ||
                         kind == FieldKind::stream || kind == FieldKind::path ||
                         kind == FieldKind::value;
    if (is_kept || !is_history(source)) return ok();
    const std::string name = Field{kind}.to_string();
    return error_at(Errc::malformed, at,
                    fmt::format("a history does not keep '{}' of a record, {}@log does; a field of "
                                "that name is payload.{}",
                                name, plans_[source].name, name));
}

bool Scope::is_record(std::size_t source) const noexcept {
    const auto kind = plans_[source].kind;
    return kind == SourcePlan::Kind::filter || kind == SourcePlan::Kind::stream ||
           kind == SourcePlan::Kind::latest;
}

bool Scope::has_column(std::size_t source, const Expression& name, const std::string& first) const {
    if (entries_[source].is_hidden) return false;
    if (is_record(source)) // `payload.x` and the like are paths, not columns
        return !name.is_quoted && record_column(first).has_value() &&
               (name.path.steps.size() == 1 || first == "payload");
    const auto& columns = entries_[source].columns;
    return std::find(columns.begin(), columns.end(), first) != columns.end();
}

bool Scope::knows(const Expression& name) const {
    const auto& first = std::get<std::string>(name.path.steps.front());
    for (std::size_t source = 0; source < entries_.size(); ++source)
        if (has_column(source, name, first)) return true;
    return false;
}

bool Scope::is_time(std::size_t slot) const noexcept {
    if (slot >= slots_.size()) return false; // window_start, window_end
    const auto [source, column] = slots_[slot];
    if (!is_record(source)) return false;
    const auto kind = plans_[source].fields[column].kind;
    return kind == FieldKind::ts || kind == FieldKind::arrival_ts;
}

Result<void> Scope::resolve(Expression& name) {
    const auto& first = std::get<std::string>(name.path.steps.front());
    if (has_window_ && name.path.steps.size() == 1 &&
        (first == "window_start" || first == "window_end")) {
        name.kind = ExpressionKind::slot;
        name.slot = first == "window_start" ? kWindowStart : kWindowEnd;
        return ok();
    }
    for (std::size_t source = 0; source < entries_.size(); ++source) {
        const Entry& entry = entries_[source];
        if (entry.alias.empty() || entry.alias != first) continue;
        if (entry.is_hidden && member(name.path, 1) != nullptr)
            return error_at(Errc::malformed, name.at,
                            fmt::format("ANTI JOIN left no columns of '{}'", first));
        if (entry.is_hidden) continue;
        if (member(name.path, 1) != nullptr) return resolve_in(source, behind(name.path, 1), name);
        // the relation of one column is that column
        if (plans_[source].kind == SourcePlan::Kind::unnest)
            return resolve_in(source, name.path, name);
    }
    std::optional<std::size_t> found;
    for (std::size_t source = 0; source < entries_.size(); ++source) {
        if (!has_column(source, name, first)) continue;
        if (found)
            return error_at(Errc::malformed, name.at,
                            fmt::format("'{}' is a column of several relations: write alias.{}",
                                        name.path.to_string(), name.path.to_string()));
        found = source;
    }
    if (found) return resolve_in(*found, name.path, name);
    for (std::size_t source = 0; source < entries_.size(); ++source) {
        if (!is_record(source) || entries_[source].is_hidden) continue;
        if (found)
            return error_at(Errc::malformed, name.at,
                            fmt::format("'{}' may be of several relations: write alias.{}",
                                        name.path.to_string(), name.path.to_string()));
        found = source;
    }
    if (!found) return unknown(name);
    return resolve_in(*found, name.path, name);
}

Error Scope::unknown(const Expression& name) const {
    std::vector<std::string> candidates;
    for (const Entry& entry : entries_)
        if (!entry.is_hidden)
            candidates.insert(candidates.end(), entry.columns.begin(), entry.columns.end());
    const auto& first = std::get<std::string>(name.path.steps.front());
    return error_at(Errc::malformed, name.at,
                    fmt::format("there is no column '{}'{}", name.path.to_string(),
                                did_you_mean(first, candidates)));
}

Result<void> Scope::resolve_in(std::size_t source, Path path, Expression& name) {
    const auto& first = std::get<std::string>(path.steps.front());
    std::size_t used = 1;
    if (is_record(source)) {
        const auto kind = name.is_quoted ? std::nullopt : record_column(first);
        if (kind && path.steps.size() == 1) {
            HF_TRY(check_kept(source, *kind, name.at));
            name.slot =
                field_slot(source, *kind == FieldKind::ts ? entries_[source].ts : Field{*kind});
        } else {
            // `payload.ts` names the member where the record has a column of that name
            if (kind == FieldKind::payload && member(path, 1) != nullptr) path = behind(path, 1);
            name.slot = field_slot(source, Field{FieldKind::path, std::move(path)});
        }
        name.kind = ExpressionKind::slot;
        return ok();
    }
    const auto& columns = entries_[source].columns;
    const auto column = std::find(columns.begin(), columns.end(), first);
    if (plans_[source].kind == SourcePlan::Kind::unnest) {
        const bool is_position = first == "position" && column != columns.end();
        if (is_position) {
            name.slot = member_slot(source, std::nullopt);
        } else { // the element, or a member of it
            const bool names_element = first == "value" || first == entries_[source].alias;
            name.slot = member_slot(source, behind(path, names_element ? 1 : 0));
            used = path.steps.size();
        }
    } else {
        if (column == columns.end()) return unknown(name);
        name.slot = column_slot(source, static_cast<std::size_t>(column - columns.begin()));
    }
    name.kind = ExpressionKind::slot;
    if (path.steps.size() == used) return ok();
    // a member of JSON text
    auto whole = clone(name);
    name.kind = ExpressionKind::extract;
    name.path = behind(path, used);
    name.slot = 0;
    name.args.push_back(std::move(whole));
    name.depth = 2;
    return ok();
}

std::size_t Scope::slot(std::size_t source, std::size_t column) {
    const auto wanted = std::make_pair(source, column);
    const auto found = std::find(slots_.begin(), slots_.end(), wanted);
    if (found != slots_.end()) return static_cast<std::size_t>(found - slots_.begin());
    slots_.push_back(wanted);
    return slots_.size() - 1;
}

template <class T>
static std::size_t index_of(std::vector<T>& all, const T& one) {
    const auto found = std::find(all.begin(), all.end(), one);
    if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
    all.push_back(one);
    return all.size() - 1;
}
std::size_t Scope::field_slot(std::size_t source, const Field& field) {
    return slot(source, index_of(plans_[source].fields, field));
}
std::size_t Scope::column_slot(std::size_t source, std::size_t column) {
    return slot(source, index_of(plans_[source].columns, column));
}
std::size_t Scope::member_slot(std::size_t source, const std::optional<Path>& member) {
    return slot(source, index_of(plans_[source].members, member));
}

Result<std::size_t> Scope::record_slot(Field field, Position at) {
    std::optional<std::size_t> found;
    for (std::size_t source = 0; source < plans_.size(); ++source) {
        if (!is_record(source) || entries_[source].is_hidden) continue;
        if (found) return error_at(Errc::malformed, at, "several relations have a topic");
        found = source;
    }
    if (!found) return error_at(Errc::malformed, at, "no stream or topic filter is read here");
    HF_TRY(check_kept(*found, field.kind, at));
    return field_slot(*found, field);
}

Result<std::size_t> Scope::time_slot(std::size_t source, Position at) {
    if (source < plans_.size() && is_record(source)) return field_slot(source, entries_[source].ts);
    if (source < plans_.size()) {
        const auto& columns = entries_[source].columns;
        const auto ts = std::find(columns.begin(), columns.end(), "ts");
        if (ts != columns.end() && plans_[source].kind != SourcePlan::Kind::unnest)
            return column_slot(source, static_cast<std::size_t>(ts - columns.begin()));
    }
    return error_at(Errc::malformed, at, "the relation has no column ts to take time from");
}

Result<std::vector<Scope::StarColumn>> Scope::star(const std::string& alias, Position at) const {
    std::vector<StarColumn> out;
    const auto add = [&](const Entry& entry, const std::string& name, bool is_quoted) {
        out.push_back(star_column(entry.alias, Path{{name}}, is_quoted, at));
    };
    bool found = false;
    for (std::size_t source = 0; source < entries_.size(); ++source) {
        const Entry& entry = entries_[source];
        if (entry.is_hidden || (!alias.empty() && entry.alias != alias)) continue;
        found = true;
        if (is_history(source)) {
            for (const char* name : {"ts", "device"}) add(entry, name, false);
            for (const std::string& field : entry.columns) {
                if (field == "ts" || field == "device") continue; // payload.ts names it
                HF_TRY(auto path, Path::parse(field));
                out.push_back(star_column(entry.alias, std::move(path), true, at));
            }
        } else if (is_record(source)) {
            for (const char* name : {"ts", "device", "topic", "partition", "offset", "payload"})
                add(entry, name, false);
        } else {
            for (const auto& name : entry.columns) add(entry, name, true);
        }
    }
    if (!found && !alias.empty())
        return error_at(Errc::malformed, at, fmt::format("no relation is called '{}'", alias));
    if (!found) return error_at(Errc::malformed, at, "* needs FROM");
    return out;
}

std::vector<std::size_t> Scope::settle() {
    std::size_t next = 0;
    for (SourcePlan& plan : plans_) {
        plan.first_slot = next;
        next += plan.width();
    }
    std::vector<std::size_t> final_slots;
    for (const auto& [source, column] : slots_)
        final_slots.push_back(plans_[source].first_slot + column);
    return final_slots;
}

} // namespace holdfast::sql
