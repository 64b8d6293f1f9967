package dev.perigee.edge.request;

/**
 * A request without its body, as the stages see it.
 *
 * @param method as sent, case-sensitive (RFC 9110, section 9.1)
 * @param scheme {@code http} or {@code https}, of the connection to this node
 * @param host normalised host without port
 * @param port of the authority, or the scheme's own
 * @param target normalised path and query
 * @param protocol such as {@code HTTP/1.1}
 * @param fields header fields as sent
 * @param client the peer's address as text
 * @param hasBody whether a body follows
 */
public record RequestHead(
    String method,
    String scheme,
    String host,
    int port,
    String target,
    String protocol,
    Fields fields,
    String client,
    boolean hasBody) {
  public boolean isGet() {
    return method.equals("GET");
  }

  public boolean isHead() {
    return method.equals("HEAD");
  }

  /** Safe by RFC 9110, section 9.2.1. */
  public boolean isSafe() {
    return isGet() || isHead() || method.equals("OPTIONS") || method.equals("TRACE");
  }
}
