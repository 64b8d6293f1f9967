package dev.perigee.edge.telemetry;

import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.RequestId;
import java.util.Locale;

/**
 * What is known of a request at its end.
 *
 * @param place where the client is, for whoever wants to know
 * @param site the site's id; empty where there was none
 * @param bytes of the body written
 * @param nanos from the first stage to the end
 * @param id what the request is called
 * @param reason why it was not a plain hit or miss; empty for those
 * @param limit name of the rate limit that it was over; empty for none
 */
public record RequestRecord(
    String client,
    ClientPlace place,
    String method,
    String scheme,
    String host,
    String target,
    String site,
    int status,
    long bytes,
    long nanos,
    RequestId id,
    Outcome outcome,
    String reason,
    String limit) {
  /** How a request was answered. */
  public enum Outcome {
    HIT("From the cache."),
    STALE("From the cache, stale."),
    REFRESHED("From the cache, after the origin confirmed it."),
    MISS("From the origin."),
    COLLAPSED("From the fetch of another request."),
    BYPASS("From the origin, the cache having no part in it."),
    TUNNEL("By bytes both ways between the reader and the origin."),
    DENIED("Not passed on."),
    ERROR("The origin gave no answer.");

    private final String sentence;

    Outcome(String sentence) {
      this.sentence = sentence;
    }

    public String sentence() {
      return sentence;
    }

    /** The metric's label and the log's word. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
