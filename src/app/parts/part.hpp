#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::app {

// A module of the server, with the threads and listeners that belong to it. It is made with
// references to the parts that it stands on: these were started before it and are stopped after it.
class Part {
public:
    Part() = default;
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    virtual ~Part() = default;

    [[nodiscard]] virtual Result<void> start() = 0;
    // Takes nothing more and ends its threads. Also called where start() failed half way.
    virtual void stop() = 0;
    // Reads again what may change while the server runs: users, rights, certificates. Where a file
    // is bad the old one stays in force, and a log line says so. The main thread.
    virtual void reload() {}
    // `listening mqtt 127.0.0.1:1883`, a line for each listener.
    [[nodiscard]] virtual std::vector<std::string> listening() const { return {}; }
};

// The parts in the order in which they are started. Stopped and destroyed in reverse.
class PartList {
public:
    PartList() = default;
    PartList(const PartList&) = delete;
    PartList& operator=(const PartList&) = delete;
    ~PartList();

    // The part lives as long as the list.
    template <class T, class... Arguments>
    T& add(Arguments&&... arguments) {
        auto part = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        T& added = *part;
        parts_.push_back(std::move(part));
        return added;
    }
    // Starts one after the other. The first error ends it: what was started is stopped again.
    [[nodiscard]] Result<void> start();
    // Once: a second call finds nothing to stop.
    void stop();
    void reload();
    [[nodiscard]] std::vector<std::string> listening() const;

private:
    std::vector<std::unique_ptr<Part>> parts_;
    std::size_t started_ = 0; // of parts_, from the first on
};

} // namespace holdfast::app
