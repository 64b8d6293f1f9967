package dev.perigee.control.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Pattern;

/** The OpenAPI 3.1 document: paths from the routes, schemas from the file beside this class. */
final class OpenApi {
  private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");

  private OpenApi() {}

  static JsonNode document(List<Routes.Route> routes, Preconditions preconditions) {
    ObjectNode root = Input.json().createObjectNode();
    root.put("openapi", "3.1.0");
    root.putObject("info")
        .put("title", "Perigee control API")
        .put("version", "1")
        .putObject("license")
        .put("name", "Apache-2.0")
        .put("identifier", "Apache-2.0");
    root.putArray("servers").addObject().put("url", "/");
    root.putArray("security").addObject().putArray("token");
    ObjectNode paths = root.putObject("paths");
    routes.forEach(route -> path(paths, route, preconditions));
    ObjectNode components = root.putObject("components");
    components
        .putObject("securitySchemes")
        .putObject("token")
        .put("type", "http")
        .put("scheme", "bearer");
    components.set("schemas", schemas());
    return root;
  }

  static JsonNode schemas() {
    try (InputStream in = OpenApi.class.getResourceAsStream("schemas.json")) {
      return Input.json().readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void path(ObjectNode paths, Routes.Route route, Preconditions preconditions) {
    ObjectNode path = paths.withObjectProperty(route.template());
    ObjectNode operation = path.putObject(route.method().toLowerCase(java.util.Locale.ROOT));
    operation.put("summary", route.summary());
    operation.put("x-perigee-role", route.access().least());
    operation.put("x-perigee-whole", route.access().whole());
    ArrayNode parameters = operation.putArray("parameters");
    parameters(route).forEach(name -> parameter(parameters, name, "path"));
    route.query().forEach(name -> parameter(parameters, name, "query"));
    route.headers().forEach(name -> parameter(parameters, name, "header"));
    if (route.changes()) {
      parameter(parameters, Preconditions.DRY_RUN, "query");
    }
    if (preconditions.shown(route).isPresent()) {
      parameter(parameters, Preconditions.IF_MATCH, "header");
      parameter(parameters, Preconditions.IF_NONE_MATCH, "header");
    }
    if (!route.request().isEmpty()) {
      ObjectNode body = operation.putObject("requestBody");
      body.put("required", true);
      content(body, "application/json", route.request());
    }
    ObjectNode responses = operation.putObject("responses");
    ObjectNode success = responses.putObject("2XX");
    success.put("description", "Done.");
    headers(success, route, preconditions);
    if (!route.response().isEmpty()) {
      content(success, "application/json", route.response());
    }
    ObjectNode problem = responses.putObject("default");
    problem.put("description", "Refused; nothing was changed.");
    content(problem, "application/problem+json", "Problem");
  }

  private static void headers(ObjectNode success, Routes.Route route, Preconditions preconditions) {
    ObjectNode headers = success.putObject("headers");
    if (!route.response().isEmpty() && preconditions.isTagged(route)) {
      header(headers, "ETag", "What was set, without what is measured; for If-Match.");
    }
    if (route.query().contains(Listing.AFTER)) {
      header(headers, "Link", "The next page, as rel=next; none behind the last one.");
    }
    if (route.changes()) {
      header(headers, ApiServer.TRIED, "true where nothing was changed, for dry-run=true.");
    }
  }

  private static void header(ObjectNode headers, String name, String description) {
    ObjectNode header = headers.putObject(name);
    header.put("description", description);
    header.putObject("schema").put("type", "string");
  }

  /** What is named in a route's path. */
  static List<String> parameters(Routes.Route route) {
    return PARAMETER.matcher(route.template()).results().map(found -> found.group(1)).toList();
  }

  private static void parameter(ArrayNode parameters, String name, String in) {
    ObjectNode parameter = parameters.addObject();
    parameter.put("name", name).put("in", in).put("required", in.equals("path"));
    parameter.putObject("schema").put("type", "string");
  }

  private static void content(ObjectNode of, String type, String schema) {
    of.putObject("content")
        .putObject(type)
        .putObject("schema")
        .put("$ref", "#/components/schemas/" + schema);
  }
}
