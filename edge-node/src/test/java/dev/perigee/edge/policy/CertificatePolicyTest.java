package dev.perigee.edge.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.ClientCertificates.Mode;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.policy.Admission.DenyReason;
import dev.perigee.edge.request.Arrival;
import dev.perigee.edge.request.CertificateTerms;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a site that asks for certificates answers, by the way on which it is asked. */
class CertificatePolicyTest {
  private static ClientCertificates of(Mode mode, int authority) {
    return new ClientCertificates(mode, List.of(Bytes.copyOf(new byte[] {(byte) authority})));
  }

  private static SiteConfig site(ClientCertificates asked) {
    return new SiteConfig(
            "shop",
            List.of("shop.example"),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false)
        .withClientCertificates(asked);
  }

  private static Arrival secure(String site, ClientCertificates asked, boolean certified) {
    return new Arrival.Secure(Optional.of(new CertificateTerms(site, asked)), certified, "");
  }

  private static Arrival unasked(String serverName) {
    return new Arrival.Secure(Optional.empty(), false, serverName);
  }

  private static void is(Optional<DenyReason> expected, Arrival arrival, ClientCertificates now) {
    assertEquals(
        expected,
        CertificatePolicy.denied(arrival, site(now), (site, name) -> name.equals("shop.example")));
  }

  @Test
  void aSiteThatAsksNobodyAnswersOnAnyConnection() {
    for (Arrival arrival :
        List.of(
            Arrival.PLAIN,
            Arrival.WITHIN,
            unasked("other.example"),
            secure("other", of(Mode.REQUIRED, 1), true))) {
      is(Optional.empty(), arrival, ClientCertificates.OFF);
    }
  }

  @Test
  void whatIsWithinTheNetworkWasLetInAlready() {
    is(Optional.empty(), Arrival.WITHIN, of(Mode.REQUIRED, 1));
  }

  @Test
  void withoutTlsNobodyIsLetInWhereOneIsRequired() {
    is(Optional.of(DenyReason.CERTIFICATE), Arrival.PLAIN, of(Mode.REQUIRED, 1));
    is(Optional.empty(), Arrival.PLAIN, of(Mode.OPTIONAL, 1));
  }

  @Test
  void theHandshakeOfAnotherSiteIsOfNoUse() {
    for (Mode mode : List.of(Mode.OPTIONAL, Mode.REQUIRED)) {
      is(Optional.of(DenyReason.OTHER_SITE), unasked("other.example"), of(mode, 1));
      is(Optional.of(DenyReason.OTHER_SITE), secure("other", of(mode, 1), true), of(mode, 1));
    }
  }

  @Test
  void otherTermsThanThoseInForceAreOfNoUse() {
    is(
        Optional.of(DenyReason.OTHER_TERMS),
        secure("shop", of(Mode.REQUIRED, 1), true),
        of(Mode.REQUIRED, 2));
    is(
        Optional.of(DenyReason.OTHER_TERMS),
        secure("shop", of(Mode.OPTIONAL, 1), true),
        of(Mode.REQUIRED, 1));
    is(
        Optional.of(DenyReason.OTHER_TERMS),
        secure("shop", of(Mode.REQUIRED, 1), false),
        of(Mode.REQUIRED, 1));
  }

  @Test
  void aHandshakeOfTheSiteFromBeforeItAskedIsOfNoUse() {
    is(Optional.of(DenyReason.OTHER_TERMS), unasked("shop.example"), of(Mode.OPTIONAL, 1));
    is(Optional.empty(), unasked("shop.example"), ClientCertificates.OFF);
  }

  @Test
  void theHandshakeOfTheSiteUnderItsTermsIs() {
    is(Optional.empty(), secure("shop", of(Mode.REQUIRED, 1), true), of(Mode.REQUIRED, 1));
    is(Optional.empty(), secure("shop", of(Mode.OPTIONAL, 1), false), of(Mode.OPTIONAL, 1));
  }
}
