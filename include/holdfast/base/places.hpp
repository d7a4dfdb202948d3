#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace holdfast {

// Who holds how many of something, by name, each at most so many. Takes memory only for those who
// hold something. Thread-safe: one lock, for a look at a table.
template <class Name>
class Places {
public:
    // Given back when its last copy goes, on whatever thread; may outlive the Places.
    using Place = std::shared_ptr<const void>;

    // Null where `name` has `most` already.
    [[nodiscard]] Place try_take(const Name& name, std::uint32_t most) {
        const std::lock_guard lock(table_->mutex);
        std::uint32_t& held = table_->held[name];
        if (held >= most) {
            if (held == 0) table_->held.erase(name);
            return nullptr;
        }
        ++held;
        return std::make_shared<const Held>(table_, name);
    }
    // How many names hold something.
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(table_->mutex);
        return table_->held.size();
    }

private:
    struct Table {
        std::mutex mutex;
        std::unordered_map<Name, std::uint32_t> held; // guarded by mutex
    };
    class Held {
    public:
        Held(std::shared_ptr<Table> table, Name name)
            : table_(std::move(table)), name_(std::move(name)) {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() {
            const std::lock_guard lock(table_->mutex);
            const auto found = table_->held.find(name_);
            if (--found->second == 0) table_->held.erase(found);
        }

    private:
        const std::shared_ptr<Table> table_;
        const Name name_;
    };

    std::shared_ptr<Table> table_ = std::make_shared<Table>();
};

} // namespace holdfast
