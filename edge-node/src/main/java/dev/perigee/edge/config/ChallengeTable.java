package dev.perigee.edge.config;

import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.FromControl;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What this node answers to certificate authorities that look whether the network has a host (RFC
 * 8555, section 8.3), as the control plane sent it last. It is not kept on the disk: it is sent
 * anew with each stream.
 */
public final class ChallengeTable {
  /** Of a node that was sent none. */
  static final ChallengeTable EMPTY = new ChallengeTable(Map.of());

  /** By token; hosts of one certificate have one each. */
  private final Map<String, AcmeToken> byToken;

  private ChallengeTable(Map<String, AcmeToken> byToken) {
    this.byToken = byToken;
  }

  static ChallengeTable of(FromControl.AcmeTokens tokens) {
    Map<String, AcmeToken> byToken = new HashMap<>();
    tokens.tokens().forEach(token -> byToken.put(token.token(), token));
    return new ChallengeTable(Map.copyOf(byToken));
  }

  /**
   * The answer to who asks for a path of a host; empty where it is like any other.
   *
   * @param host normalised
   * @param target path and query
   */
  public Optional<String> find(String host, String target) {
    if (byToken.isEmpty() || !target.startsWith(AcmeToken.PATH)) {
      return Optional.empty();
    }
    return Optional.ofNullable(byToken.get(target.substring(AcmeToken.PATH.length())))
        .filter(token -> token.host().equals(host))
        .map(AcmeToken::keyAuthorization);
  }
}
