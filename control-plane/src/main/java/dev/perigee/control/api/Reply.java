package dev.perigee.control.api;

import dev.perigee.contract.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a resource answers. */
sealed interface Reply {
  /** A body that Jackson can write. */
  record Json(int status, Object body) implements Reply {}

  /**
   * A part of a list.
   *
   * @param next what to go on behind; empty where there is no more
   * @param beside further fields of the body
   */
  record Page(List<Map<String, Object>> items, Optional<String> next, Map<String, Object> beside)
      implements Reply {
    public Page {
      items = List.copyOf(items);
    }

    Map<String, Object> body() {
      Map<String, Object> body = new LinkedHashMap<>(beside);
      body.put("items", items);
      next.ifPresent(name -> body.put("next", name));
      return body;
    }

    /** The same with a further field. */
    Page with(String field, Object value) {
      return new Page(items, next, Map.of(field, value));
    }
  }

  /** Nothing to say: 204. */
  record Empty() implements Reply {}

  /**
   * RFC 9457.
   *
   * @param title a few words, the same for every problem of this status
   * @param detail a sentence that says what to do
   * @param errors the fields that are wrong
   */
  record Refused(int status, String title, String detail, List<Problem> errors) implements Reply {
    public Refused {
      errors = List.copyOf(errors);
    }
  }

  /** RFC 6585, section 4: too many, and when to come again. */
  record Later(String detail, long seconds) implements Reply {}

  static Reply ok(Object body) {
    return new Json(200, body);
  }

  static Reply created(Object body) {
    return new Json(201, body);
  }

  static Reply notFound(String what) {
    return new Refused(404, "Not found", "There is no such " + what + ".", List.of());
  }

  static Reply invalid(List<Problem> errors) {
    return new Refused(422, "Invalid", "Nothing was changed: " + errors.getFirst(), errors);
  }

  static Reply invalid(String field, String reason) {
    return invalid(List.of(new Problem(field, reason)));
  }

  static Reply conflict(Problem problem) {
    return new Refused(409, "Conflict", "Nothing was changed: " + problem, List.of(problem));
  }

  static Reply stale(String what, long revision) {
    String detail =
        "Nothing was changed: this %s is at revision %d by now; look at it again."
            .formatted(what, revision);
    return new Refused(412, "Precondition failed", detail, List.of());
  }

  /** The items of a list, so that fields can be added beside them. */
  static Reply items(List<?> items) {
    return ok(Map.of("items", items));
  }
}
