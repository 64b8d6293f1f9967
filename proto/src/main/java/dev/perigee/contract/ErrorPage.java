package dev.perigee.contract;

/**
 * A page that a site's owner shows where there is nothing else to show.
 *
 * @param statuses a status such as {@code 503}, or {@code 5xx}
 * @param html the page; {@code {status}} and {@code {request-id}} in it are filled in
 */
public record ErrorPage(String statuses, String html) {
  /** Whether it is for this status. */
  public boolean isFor(int status) {
    String text = Integer.toString(status);
    return statuses.equals(text) || statuses.equals(text.charAt(0) + "xx");
  }
}
