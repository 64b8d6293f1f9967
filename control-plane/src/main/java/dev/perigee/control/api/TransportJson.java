package dev.perigee.control.api;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginTransport.MinimumTls;
import dev.perigee.keys.Pem;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How a pool's servers are spoken to, as JSON: certificates and key are PEM. A key is never shown
 * again: the word in its place, sent back, keeps it.
 */
final class TransportJson {
  static final Set<String> FIELDS =
      Set.of(
          "serverName",
          "host",
          "caCertificates",
          "clientCertificate",
          "clientKey",
          "minimumTls",
          "http2",
          "proxyProtocol");

  /** In place of a key. */
  static final String KEPT = "(kept)";

  private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String KEY_END = "-----END PRIVATE KEY-----";

  private TransportJson() {}

  /**
   * The transport that was sent.
   *
   * @param before what the pool had until now
   */
  static OriginTransport read(Input input, Optional<OriginTransport> before) {
    String tls = input.text("minimumTls").orElse(MinimumTls.TLS_1_2.token());
    Optional<MinimumTls> known = MinimumTls.of(tls);
    if (known.isEmpty()) {
      input.problem("minimumTls", "must be 1.2 or 1.3: " + tls);
    }
    return new OriginTransport(
        input.text("serverName").orElse(""),
        input.text("host").orElse(""),
        certificates(input, "caCertificates"),
        certificates(input, "clientCertificate"),
        key(input, before.flatMap(OriginTransport::clientKey)),
        known.orElse(MinimumTls.TLS_1_3),
        input.flag("http2"),
        input.integer("proxyProtocol", 0));
  }

  static List<Bytes> certificates(Input input, String field) {
    String pem = input.text(field).orElse("");
    List<Bytes> ders = new ArrayList<>();
    if (pem.isBlank()) {
      return ders;
    }
    try {
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))) {
        ders.add(Bytes.copyOf(certificate.getEncoded()));
      }
    } catch (GeneralSecurityException e) {
      ders.clear();
    }
    if (ders.isEmpty()) {
      input.problem(field, "must be PEM certificates");
    }
    return ders;
  }

  private static Optional<Bytes> key(Input input, Optional<Bytes> before) {
    Optional<String> given = input.text("clientKey").map(String::strip);
    if (given.isEmpty()) {
      return Optional.empty();
    }
    String pem = given.get();
    if (pem.equals(KEPT)) {
      if (before.isEmpty()) {
        input.problem("clientKey", "is not known: this pool had none that could be kept");
      }
      return before;
    }
    if (pem.startsWith(KEY_BEGIN) && pem.endsWith(KEY_END)) {
      String base64 = pem.substring(KEY_BEGIN.length(), pem.length() - KEY_END.length());
      try {
        byte[] der = Base64.getDecoder().decode(base64.replaceAll("\\s", ""));
        return Optional.of(Bytes.copyOf(der));
      } catch (IllegalArgumentException e) {
        // Falls through to the problem.
      }
    }
    input.problem(
        "clientKey",
        "must be an unencrypted PKCS #8 key in PEM; openssl pkcs8 -topk8 -nocrypt makes one");
    return Optional.empty();
  }

  static Map<String, Object> view(OriginTransport transport) {
    Map<String, Object> view = new LinkedHashMap<>();
    put(view, "serverName", transport.serverName());
    put(view, "host", transport.host());
    put(view, "caCertificates", pem(transport.trustedCas()));
    put(view, "clientCertificate", pem(transport.clientChain()));
    put(view, "clientKey", transport.clientKey().isPresent() ? KEPT : "");
    view.put("minimumTls", transport.minimumTls().token());
    view.put("http2", transport.http2());
    view.put("proxyProtocol", transport.proxyProtocol());
    return view;
  }

  private static void put(Map<String, Object> view, String name, String value) {
    if (!value.isEmpty()) {
      view.put(name, value);
    }
  }

  static String pem(List<Bytes> ders) {
    return ders.stream().map(der -> Pem.certificate(der.toArray())).collect(Collectors.joining());
  }
}
