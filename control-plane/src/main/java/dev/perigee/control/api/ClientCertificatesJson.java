package dev.perigee.control.api;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.ClientCertificates.Mode;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a site asks of its readers' certificates, as JSON. */
final class ClientCertificatesJson {
  private static final Set<String> FIELDS = Set.of("mode", "authorities");
  private static final String AUTHORITIES = "authorities";

  /** Of PEM, with room for comments between certificates. */
  private static final int MAX_CHARACTERS = 128 * 1024;

  private ClientCertificatesJson() {}

  /**
   * What was sent.
   *
   * @param before what the site asks until now: an authority that is over since is left alone
   */
  static ClientCertificates read(Input site, ClientCertificates before, Instant now) {
    Optional<Input> given = site.object("clientCertificates", FIELDS);
    if (given.isEmpty()) {
      return ClientCertificates.OFF;
    }
    Input input = given.get();
    String token = input.text("mode").orElse(Mode.OFF.token());
    Optional<Mode> mode = Mode.of(token);
    if (mode.isEmpty()) {
      input.problem("mode", "must be off, optional or required: " + token);
    }
    if (input.text(AUTHORITIES).orElse("").length() > MAX_CHARACTERS) {
      input.problem(AUTHORITIES, "must be at most " + MAX_CHARACTERS + " characters");
      return ClientCertificates.OFF;
    }
    List<Bytes> authorities = TransportJson.certificates(input, AUTHORITIES);
    for (int i = 0; i < authorities.size(); i++) {
      if (!before.authorities().contains(authorities.get(i)) && isOver(authorities.get(i), now)) {
        input.problem(
            AUTHORITIES, "certificate " + (i + 1) + " has expired: send the one in its place");
      }
    }
    return new ClientCertificates(mode.orElse(Mode.OFF), authorities);
  }

  private static boolean isOver(Bytes der, Instant now) {
    try {
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der.toArray()));
      return certificate.getNotAfter().toInstant().isBefore(now);
    } catch (CertificateException e) {
      return false; // what it is not is said elsewhere
    }
  }

  static Map<String, Object> view(ClientCertificates asked) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("mode", asked.mode().token());
    view.put(AUTHORITIES, TransportJson.pem(asked.authorities()));
    return view;
  }
}
