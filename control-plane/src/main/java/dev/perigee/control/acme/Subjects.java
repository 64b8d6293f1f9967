package dev.perigee.control.acme;

import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import dev.perigee.control.store.Change;
import java.util.List;
import java.util.Optional;

/** Those whose certificates are ordered, what answers for them, and where what is issued goes. */
interface Subjects {
  /** All of them, with how far each is. */
  List<AcmeSite> all();

  /** One of them, while it is one. */
  Optional<AcmeSite> find(String id);

  /** Forgets what is of those that are gone. */
  void sweep();

  /** What stands in the way before an authority is asked; empty where nothing does. */
  Optional<String> obstacle(AcmeSite site);

  /** Whether all who may be asked answer a site's tokens, up to a number. */
  TokenReach.Reached reached(AcmeSite site, long number);

  /** Takes what was issued, in place of what was issued before. */
  Change<CertificateSummary> issued(AcmeSite site, String chain, String privateKey);
}
