package dev.perigee.control.tls;

import java.util.Optional;

/** What a plain port answers to a certificate authority (RFC 8555, section 8.3). Never blocks. */
public interface ChallengeAnswers {
  /** Nothing, ever. */
  ChallengeAnswers NONE = (host, path) -> Optional.empty();

  /**
   * The answer to a path, where this host has one.
   *
   * @param host normalised
   */
  Optional<String> answer(String host, String path);
}
