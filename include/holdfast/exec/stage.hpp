#pragma once

#include <holdfast/exec/operator.hpp>
#include <holdfast/sql/expression.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace holdfast::exec {

// The filter and projection operators over batches that are pushed: for each that goes in, what is
// left of it comes out, before the next. For rules, which are handed their records.
class Stage {
public:
    // `conditions` must all be true of a row that is left, of which `items` (over the same frame)
    // come out; without items its columns. `width`: columns of the frame. The expressions and
    // `context` outlive the stage.
    Stage(std::vector<const sql::Expression*> conditions, std::vector<const sql::Expression*> items,
          std::size_t width, Context& context);
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    struct Rows {
        column::Frame frame;
        std::vector<std::uint32_t> numbers; // row i of `frame` was row numbers[i]; ascending
    };
    // `in` has any number of rows. What comes out is borrowed from `in` and the stage, until the
    // next run. As Context::check(), and limit_exceeded, where made text finds no room.
    [[nodiscard]] Result<const Rows*> run(const column::Frame& in);

private:
    class Feed;
    void number_rows();

    const std::size_t width_;
    const bool filters_;
    Context& context_;
    sql::Expression number_; // the column behind those of the frame: the row's number
    column::Column numbers_in_;
    column::Frame in_; // what the feed gives next
    OperatorPtr root_;
    std::unique_ptr<Cursor> cursor_;
    Rows out_;
};

} // namespace holdfast::exec
