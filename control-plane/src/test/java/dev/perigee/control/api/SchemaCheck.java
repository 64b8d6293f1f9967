package dev.perigee.control.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds a JSON value to a schema of the document: types, what must be there, and nothing that the
 * document does not name. Only the words that the document uses are known.
 */
final class SchemaCheck {
  private final JsonNode document;
  private final List<String> complaints = new ArrayList<>();

  private SchemaCheck(JsonNode document) {
    this.document = document;
  }

  /** Everything in which the value differs. */
  static List<String> complaints(JsonNode document, JsonNode schema, JsonNode value) {
    SchemaCheck check = new SchemaCheck(document);
    check.check("$", schema, value);
    return check.complaints;
  }

  private void check(String at, JsonNode schema, JsonNode value) {
    if (schema.has("$ref")) {
      check(at, document.at(schema.get("$ref").textValue().substring(1)), value);
      return;
    }
    switch (schema.path("type").asText()) {
      case "object" -> object(at, schema, value);
      case "array" -> {
        expect(at, value.isArray(), "a list");
        for (int i = 0; i < value.size(); i++) {
          check(at + "[" + i + "]", schema.path("items"), value.get(i));
        }
      }
      case "string" -> expect(at, value.isTextual(), "a string");
      case "boolean" -> expect(at, value.isBoolean(), "true or false");
      case "integer" -> expect(at, value.isIntegralNumber(), "a whole number");
      case "number" -> expect(at, value.isNumber(), "a number");
      default -> complaints.add(at + ": the document gives no type that is known: " + schema);
    }
  }

  private void object(String at, JsonNode schema, JsonNode value) {
    expect(at, value.isObject(), "an object");
    for (JsonNode name : schema.path("required")) {
      expect(at + "." + name.textValue(), value.has(name.textValue()), "there");
    }
    value
        .fieldNames()
        .forEachRemaining(
            name -> {
              JsonNode property = schema.path("properties").path(name);
              expect(at + "." + name, !property.isMissingNode(), "in the document");
              if (!property.isMissingNode()) {
                check(at + "." + name, property, value.get(name));
              }
            });
  }

  private void expect(String at, boolean holds, String what) {
    if (!holds) {
      complaints.add(at + " is not " + what);
    }
  }
}
