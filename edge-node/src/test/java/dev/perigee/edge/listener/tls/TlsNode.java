package dev.perigee.edge.listener.tls;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.table.HashTrie;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;

/** A node's ports for readers over loopback, where every request is answered. */
final class TlsNode implements AutoCloseable {
  static final String ANSWER = "answered";

  private final ServerTls tls;
  private final EdgeListener listener;

  TlsNode(ServerTls tls, CertificateConfig... certificates)
      throws GeneralSecurityException, IOException {
    this.tls = tls;
    tls.swap(HashTrie.of(List.of(certificates), CertificateConfig::id));
    listener =
        new EdgeListener(
            ListenerConfig.of(List.of("127.0.0.1"), 0, 0),
            TlsNode::answer,
            Optional.of(tls.context()),
            RandomGenerator.getDefault());
    listener.start();
  }

  private static void answer(Exchange exchange) {
    byte[] body = ANSWER.getBytes(StandardCharsets.US_ASCII);
    exchange.sink().start(new ResponseHead(200, FieldList.empty()), OptionalLong.of(body.length));
    if (exchange.sink().write(ByteBuffer.wrap(body), exchange.sink()::finish)) {
      exchange.sink().finish();
    }
  }

  ServerTls tls() {
    return tls;
  }

  int port() {
    return listener.port("https");
  }

  /** The authority's certificate in a file. */
  static Path trusted(TestAuthority authority, Path folder) throws Exception {
    X509Certificate certificate = authority.certificate();
    return Files.writeString(
        folder.resolve("ca.pem"),
        "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
            + "\n-----END CERTIFICATE-----\n");
  }

  @Override
  public void close() {
    listener.close();
  }
}
