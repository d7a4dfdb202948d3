#include "app/parts/part.hpp"

#include <cassert>

namespace holdfast::app {

PartList::~PartList() {
    stop();
    // A vector promises no order of its own, and later parts refer to earlier ones.
    while (!parts_.empty()) parts_.pop_back();
}

Result<void> PartList::start() {
    assert(started_ == 0);
    for (const auto& part : parts_) {
        ++started_; // also of one that fails: it may have come half way
        if (auto outcome = part->start(); !outcome) {
            stop();
            return outcome;
        }
    }
    return ok();
}

void PartList::stop() {
    for (; started_ > 0; --started_) parts_[started_ - 1]->stop();
}

std::vector<std::string> PartList::listening() const {
    std::vector<std::string> lines;
    for (const auto& part : parts_)
        for (std::string& line : part->listening()) lines.push_back(std::move(line));
    return lines;
}

void PartList::reload() {
    for (const auto& part : parts_) part->reload();
}

} // namespace holdfast::app
