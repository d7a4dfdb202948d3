#pragma once

#include <functional>
#include <string>

namespace holdfast::models {
class Predictions;
}
namespace holdfast::pipeline {
class TrainingService;
class VersionStore;
} // namespace holdfast::pipeline
namespace holdfast::query {
class PipelineSource;
}

namespace holdfast::gateway {

class Router;
class WorkQueue;

// docs/rest/training.md. All that is taken outlives the server and the queues. `changes` does one
// task at a time; `reads` is for the rest.

// What keeps a user from reading a stream now: empty, or the reason. Asked from any thread.
using StreamRefusalOf =
    std::function<std::string(const std::string& user, const std::string& stream)>;

// POST /api/v1/models/{name}/train, and the trainings themselves.
void add_training_routes(Router& router, pipeline::TrainingService& trainings,
                         const query::PipelineSource& source, StreamRefusalOf refusal_of,
                         WorkQueue& changes, WorkQueue& reads);
// What trainings have made, which of it is in use, and what it says of the stream.
void add_version_routes(Router& router, pipeline::VersionStore& versions,
                        models::Predictions& predictions, WorkQueue& changes, WorkQueue& reads);
void add_prediction_route(Router& router, const models::Predictions& predictions, WorkQueue& reads);

} // namespace holdfast::gateway
