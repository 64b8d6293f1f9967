package dev.perigee.control.store;

import java.util.List;

/**
 * TXT records by which somebody else is shown who runs a name.
 *
 * @param name normalised, within the zone or a site's own host
 * @param texts a record each
 * @param ttlSeconds for which resolvers keep them
 */
public record DnsChallenge(String name, List<String> texts, int ttlSeconds) {
  /** Names that have some at one time. */
  public static final int MOST_NAMES = 1_000;

  /** Names of one organisation that have some; the operators may use up the rest. */
  public static final int MOST_NAMES_OF_ONE = 100;

  /** Records of one name. */
  public static final int MOST_TEXTS = 16;

  /** Characters of one record. */
  public static final int TEXT_LENGTH = 255;

  /** Seconds at most. */
  public static final int MOST_TTL = 3_600;

  /** Copies the collection. */
  public DnsChallenge {
    texts = List.copyOf(texts);
  }
}
