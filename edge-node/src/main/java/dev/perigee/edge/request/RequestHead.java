package dev.perigee.edge.request;

import java.util.List;

/**
 * A request without its body, as the stages see it.
 *
 * @param method as sent, case-sensitive (RFC 9110, section 9.1)
 * @param scheme {@code http} or {@code https}, of the client's connection
 * @param host normalised host without port
 * @param port of the authority, or the scheme's own
 * @param target normalised path and query
 * @param protocol such as {@code HTTP/1.1}
 * @param fields header fields as sent
 * @param client the client's address as text
 * @param hasBody whether a body follows
 * @param proxies addresses of the trusted proxies between the client and this node, the client's
 *     neighbour first
 * @param id what the request is called
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
    boolean hasBody,
    List<String> proxies,
    RequestId id) {
  /** Copies the list. */
  public RequestHead {
    proxies = List.copyOf(proxies);
  }

  /** A request that comes from its client without a proxy between. */
  public RequestHead(
      String method,
      String scheme,
      String host,
      int port,
      String target,
      String protocol,
      Fields fields,
      String client,
      boolean hasBody) {
    this(
        method,
        scheme,
        host,
        port,
        target,
        protocol,
        fields,
        client,
        hasBody,
        List.of(),
        RequestId.from(() -> "none"));
  }

  /** The same with other fields and without a body. */
  public RequestHead bare(Fields others) {
    return new RequestHead(
        method, scheme, host, port, target, protocol, others, client, false, proxies, id);
  }

  /** The same with other fields. */
  public RequestHead with(Fields others) {
    return new RequestHead(
        method, scheme, host, port, target, protocol, others, client, hasBody, proxies, id);
  }

  /** The host with its port where that is not the scheme's own. */
  public String authority() {
    boolean own = port == (scheme.equals("https") ? 443 : 80);
    return own ? host : host + ":" + port;
  }

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
