package dev.perigee.control.api;

import dev.perigee.control.store.Edit;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a call says of a change besides the change itself: the header {@code Perigee-User}, the
 * query parameter {@code note}, and {@code revision} in the body.
 *
 * @param user who, as the client names itself: the token alone is proof
 * @param ifRevision the revision that {@code If-Match} names
 * @param byOperator whether the token is an operator's
 */
record Edits(
    Optional<String> user, Optional<String> note, OptionalLong ifRevision, boolean byOperator) {
  static final String USER = "Perigee-User";
  static final String NOTE = "note";

  static Edits of(Routes.Call call) {
    return new Edits(
        call.header(USER), call.query(NOTE), call.ifRevision(), call.purview().isAll());
  }

  /** Reads the rest from the body; what is wrong becomes its problem. */
  Edit read(Input input) {
    if (!isText(user, Edit.WHO_LENGTH)) {
      input.problem(USER, "must be at most " + Edit.WHO_LENGTH + " visible characters");
    }
    if (!isText(note, Edit.NOTE_LENGTH)) {
      input.problem(NOTE, "must be at most " + Edit.NOTE_LENGTH + " visible characters");
    }
    OptionalLong revision = input.whole("revision");
    if (revision.isPresent() && ifRevision.isPresent() && !revision.equals(ifRevision)) {
      input.problem("revision", "is another than If-Match names: leave one of them out");
    }
    OptionalLong wanted = ifRevision.isPresent() ? ifRevision : revision;
    return input.problems().isEmpty()
        ? new Edit(user.orElse(""), note.orElse(""), wanted, byOperator)
        : Edit.PLAIN;
  }

  private static boolean isText(Optional<String> text, int most) {
    return text.filter(t -> t.length() > most || t.chars().anyMatch(Character::isISOControl))
        .isEmpty();
  }
}
