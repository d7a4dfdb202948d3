#include <gateway/rest/json.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

// `/a/{name...}` is `/a/{name}` to OpenAPI, which has no captures of a rest.
std::string openapi_path(std::string path) {
    if (const auto dots = path.find("...}"); dots != std::string::npos) path.erase(dots, 3);
    return path;
}

json::array path_parameters(std::string_view path) {
    json::array parameters;
    for (auto open = path.find('{'); open != std::string_view::npos;
         open = path.find('{', open + 1)) {
        const auto name = path.substr(open + 1, path.find('}', open) - open - 1);
        parameters.push_back(json::object{{"name", name},
                                          {"in", "path"},
                                          {"required", true},
                                          {"schema", json::object{{"type", "string"}}}});
    }
    return parameters;
}

json::array query_parameters(const std::vector<std::string>& names) {
    json::array parameters;
    for (const std::string& name : names)
        parameters.push_back(json::object{
            {"name", name}, {"in", "query"}, {"schema", json::object{{"type", "string"}}}});
    return parameters;
}

} // namespace

void add_openapi_route(Router& router) {
    // Made of the routes themselves, so that it lists what is served and nothing else.
    router.add(
        "GET", "/api/v1/openapi.json", {}, Right::signed_in(),
        [&router](const HttpRequest&, const Reply& reply) {
            json::object paths;
            for (const Router::Shown& route : router.routes()) {
                const std::string path = openapi_path(route.path);
                std::string method = route.method;
                for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
                json::value& item = paths[path];
                if (!item.is_object()) item = json::object{{"parameters", path_parameters(path)}};
                item.as_object()[method] = json::object{
                    {"parameters", query_parameters(route.query)},
                    {"responses",
                     json::object{
                         {"2XX", json::object{{"description", "as docs/rest/ says"}}},
                         {"default", json::object{{"description", "an RFC 9457 problem"}}}}}};
            }
            reply.send(json_response(
                json::object{{"openapi", "3.1.0"},
                             {"info", json::object{{"title", "Holdfast"}, {"version", "1"}}},
                             {"paths", std::move(paths)}}));
        });
}

} // namespace holdfast::gateway
