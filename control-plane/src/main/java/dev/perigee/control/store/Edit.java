package dev.perigee.control.store;

import java.util.OptionalLong;

/**
 * Who changes something, why, and from which state on.
 *
 * @param who as the client names itself; empty where it does not
 * @param note a few words for the history; may be empty
 * @param ifRevision the change is made only where this is the newest revision of what it changes
 * @param byOperator whether an operator does, whose word is enough for what others have to prove
 */
public record Edit(String who, String note, OptionalLong ifRevision, boolean byOperator) {
  /** Characters of a name. */
  public static final int WHO_LENGTH = 100;

  /** Characters of a note. */
  public static final int NOTE_LENGTH = 200;

  /** One of which nothing is known. */
  public static final Edit PLAIN = new Edit("", "", OptionalLong.empty());

  /** One by the operator. */
  public Edit(String who, String note, OptionalLong ifRevision) {
    this(who, note, ifRevision, true);
  }

  /** Refuses what the history cannot hold. */
  public Edit {
    if (who.length() > WHO_LENGTH || note.length() > NOTE_LENGTH) {
      throw new IllegalArgumentException("a name or note that is too long");
    }
  }
}
