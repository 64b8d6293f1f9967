package dev.perigee.control.acme;

import java.net.http.HttpClient;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/** Any authority of RFC 8555, over TLS that the operator chose. */
final class AuthorityProvider extends GenericAcmeProvider {
  private final Optional<SSLContext> tls;

  AuthorityProvider(Optional<SSLContext> tls) {
    this.tls = tls;
  }

  @Override
  public HttpClient createHttpClient(NetworkSettings settings) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(settings.getTimeout())
            .proxy(settings.getProxySelector());
    tls.ifPresent(builder::sslContext);
    return builder.build();
  }
}
