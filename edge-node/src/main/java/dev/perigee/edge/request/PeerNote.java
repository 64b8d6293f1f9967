package dev.perigee.edge.request;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a node says of its answer to another node of ours, in the same field as {@link PeerHop}.
 *
 * @param refused why it does not serve this request: another may be asked
 * @param failed why the origin gave it no answer: others would fare no better
 * @param stale whether the response is stale and only stands in for the origin
 * @param ttl for how many seconds more it is fresh, where that is known; negative: for how long it
 *     has been stale
 */
public record PeerNote(
    Optional<String> refused, Optional<String> failed, boolean stale, OptionalLong ttl) {
  /** Nothing to say. */
  public static final PeerNote NONE =
      new PeerNote(Optional.empty(), Optional.empty(), false, OptionalLong.empty());

  private static final Pattern TEXT =
      Pattern.compile(
          "refused=([a-z0-9-]{1,64})|failed=([a-z0-9-]{1,64})|(stale)|ttl=(-?[0-9]{1,15})");

  public static PeerNote refused(String reason) {
    return new PeerNote(Optional.of(reason), Optional.empty(), false, OptionalLong.empty());
  }

  public static PeerNote failed(String reason) {
    return new PeerNote(Optional.empty(), Optional.of(reason), false, OptionalLong.empty());
  }

  public static PeerNote ofStale() {
    return new PeerNote(Optional.empty(), Optional.empty(), true, OptionalLong.empty());
  }

  public static PeerNote fresh(long ttl) {
    return new PeerNote(Optional.empty(), Optional.empty(), false, OptionalLong.of(ttl));
  }

  /** Reads the field of a response; what is not understood says nothing. */
  public static PeerNote of(Fields fields) {
    Matcher parts = TEXT.matcher(fields.joined(PeerHop.FIELD).orElse(""));
    if (!parts.matches()) {
      return NONE;
    }
    if (parts.group(1) != null) {
      return refused(parts.group(1));
    } else if (parts.group(2) != null) {
      return failed(parts.group(2));
    } else if (parts.group(3) != null) {
      return ofStale();
    }
    return fresh(Long.parseLong(parts.group(4)));
  }

  /** As it stands on the wire; empty for {@link #NONE}. */
  public String toText() {
    if (refused.isPresent()) {
      return "refused=" + refused.get();
    } else if (failed.isPresent()) {
      return "failed=" + failed.get();
    } else if (stale) {
      return "stale";
    }
    return ttl.isPresent() ? "ttl=" + ttl.getAsLong() : "";
  }
}
