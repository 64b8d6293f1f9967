package dev.perigee.control.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.perigee.contract.Problem;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** A JSON object, read strictly: what is missing, wrong or unknown becomes a problem. */
final class Input {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(com.fasterxml.jackson.core.StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** PostgreSQL cannot keep it. */
  private static final String NUL = "must not hold the character NUL";

  private final JsonNode root;

  /** Where it stands in the whole body, with a dot at its end; empty for all of it. */
  private final String at;

  private final List<Problem> problems;

  private Input(JsonNode root, String at, List<Problem> problems, Set<String> known) {
    this.root = root;
    this.at = at;
    this.problems = problems;
    for (Iterator<String> it = root.fieldNames(); it.hasNext(); ) {
      String name = it.next();
      if (!known.contains(name)) {
        problem(name, "is not known; known are " + String.join(", ", new TreeSet<>(known)));
      }
    }
  }

  /** Not a JSON object, or one with fields that nobody knows. */
  static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unreadable(String reason) {
      super(reason);
    }
  }

  static Input read(String text, Set<String> known) {
    JsonNode root;
    try {
      root = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new Unreadable("The body is no JSON: " + e.getOriginalMessage());
    }
    if (root == null || !root.isObject()) {
      throw new Unreadable("The body must be a JSON object.");
    }
    return new Input(root, "", new ArrayList<>(), known);
  }

  /** An object within this one; its problems are this one's. */
  Optional<Input> object(String field, Set<String> known) {
    JsonNode value = root.get(field);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isObject()) {
      problem(field, "must be an object");
      return Optional.empty();
    }
    return Optional.of(new Input(value, at + field + ".", problems, known));
  }

  /** A list of objects within this one. */
  List<Input> objects(String field, Set<String> known) {
    JsonNode value = root.get(field);
    if (value == null || value.isNull()) {
      return List.of();
    }
    List<Input> found = new ArrayList<>();
    if (!value.isArray()) {
      problem(field, "must be a list of objects");
    }
    for (int i = 0; i < value.size() && value.isArray(); i++) {
      String name = field + "[" + i + "]";
      if (value.get(i).isObject()) {
        found.add(new Input(value.get(i), at + name + ".", problems, known));
      } else {
        problem(name, "must be an object");
      }
    }
    return found;
  }

  void problem(String field, String reason) {
    problems.add(new Problem(at + field, reason));
  }

  List<Problem> problems() {
    return problems;
  }

  boolean has(String field) {
    JsonNode value = root.get(field);
    return value != null && !value.isNull();
  }

  Optional<String> text(String field) {
    JsonNode value = root.get(field);
    if (value == null || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      problem(field, "must be a string");
      return Optional.empty();
    }
    if (value.textValue().indexOf('\0') >= 0) {
      problem(field, NUL);
      return Optional.empty();
    }
    return Optional.of(value.textValue());
  }

  String required(String field) {
    Optional<String> value = text(field);
    if (value.isEmpty() && !root.has(field)) {
      problem(field, "is missing");
    }
    return value.orElse("");
  }

  List<String> texts(String field) {
    JsonNode value = root.get(field);
    if (value == null || value.isNull()) {
      return List.of();
    }
    List<String> found = new ArrayList<>();
    if (!value.isArray()) {
      problem(field, "must be a list of strings");
      return found;
    }
    boolean sound = true;
    for (int i = 0; i < value.size(); i++) {
      if (value.get(i).isTextual() && value.get(i).textValue().indexOf('\0') < 0) {
        found.add(value.get(i).textValue());
      } else if (value.get(i).isTextual()) {
        problem(field + "[" + i + "]", NUL);
        sound = false;
      } else {
        problem(field + "[" + i + "]", "must be a string");
        sound = false;
      }
    }
    // Half a list would have its items named by the wrong numbers.
    return sound ? found : List.of();
  }

  boolean flag(String field) {
    return flag(field, false);
  }

  boolean flag(String field, boolean otherwise) {
    JsonNode value = root.get(field);
    if (value != null && !value.isBoolean()) {
      problem(field, "must be true or false");
    }
    return (value != null && value.isBoolean()) ? value.booleanValue() : otherwise;
  }

  OptionalLong whole(String field) {
    JsonNode value = root.get(field);
    if (value == null || value.isNull()) {
      return OptionalLong.empty();
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      problem(field, "must be a whole number");
      return OptionalLong.empty();
    }
    return OptionalLong.of(value.longValue());
  }

  double number(String field) {
    JsonNode value = root.get(field);
    if (value == null || !value.isNumber()) {
      problem(field, value == null ? "is missing" : "must be a number");
      return 0;
    }
    return value.doubleValue();
  }

  int integer(String field, int otherwise) {
    JsonNode value = root.get(field);
    if (value == null) {
      return otherwise;
    }
    if (!value.isInt()) {
      problem(field, "must be a whole number");
      return otherwise;
    }
    return value.intValue();
  }

  static ObjectMapper json() {
    return JSON;
  }
}
