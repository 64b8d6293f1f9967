package dev.perigee.control;

import dev.perigee.control.acme.Acme;
import dev.perigee.control.acme.AcmeConfig;
import dev.perigee.control.acme.LiveTokens;
import dev.perigee.control.api.ChallengePort;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.OwnCertificate;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.OwnCertificates;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.tls.CertificateSource;
import dev.perigee.control.tls.ChallengeAnswers;
import dev.perigee.control.tls.IssuedCertificate;
import dev.perigee.keys.Pem;
import dev.perigee.keys.ServerCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ports of this process whose certificates are got by ACME, as far as its options name some.
 */
record OwnCertificateParts(
    Options options, Stores stores, Running running, ChallengeAnswers challenges) {
  private static final Logger LOG = LoggerFactory.getLogger(OwnCertificateParts.class);
  private static final OutageLog UNREAD =
      new OutageLog(LOG, "certificates of own ports stay as they are");
  private static final long LOOK_MILLIS = 1_000;

  /** Begins to answer authorities, where something here is asked by them. */
  static OwnCertificateParts start(Options options, Stores stores, Running running)
      throws IOException {
    ChallengeAnswers answers = ChallengeAnswers.NONE;
    if (options.ownAcme.httpPort != null || options.has(Duty.STEER)) {
      LiveTokens tokens =
          running.keep(new LiveTokens(stores.orders(AcmeStore.Book.OWN), stores.numbers()));
      // Names are answered for without the database too: nothing waits for it here.
      tokens.follow();
      answers = tokens;
    }
    return new OwnCertificateParts(options, stores, running, answers);
  }

  /** Orders them; one control plane at a time runs each order. */
  void order() throws IOException {
    Optional<AcmeConfig> config = options.acme.config();
    if (config.isPresent() && options.ownAcme.any()) {
      running
          .keep(
              Acme.ofPorts(
                  config.get(),
                  stores.ordering(AcmeStore.Book.OWN),
                  store(),
                  options.ownAcme.ports(),
                  options.ownAcme.challenge(options.dns.zone()),
                  running.random(),
                  running.clock()))
          .start();
    }
  }

  private OwnCertificates store() {
    return stores.ownCertificates(running.clock());
  }

  /** The plain port, where there is one; gives what to say of it, with a space before it. */
  String openPlain() throws IOException {
    Integer port = options.ownAcme.httpPort;
    if (port == null) {
      return "";
    }
    String bind = options.ownAcme.httpBind;
    ChallengePort plain =
        running.keep(
            new ChallengePort(bind, port, challenges, options.ownAcme.api, options.apiPort));
    Running.named("ACME port " + bind + ":" + port, plain::start);
    return " acme-http=http://%s:%d".formatted(bind, plain.port());
  }

  /**
   * What a port shows.
   *
   * @param what it is, for logs: "API"
   * @param label of the port: "api"
   */
  CertificateSource source(String what, String label, List<String> hosts) throws IOException {
    EdgeAuthority.Identity made =
        OwnCertificate.make(hosts, running.random(), running.clock().instant());
    IssuedCertificate shown =
        new IssuedCertificate(
            what, new ServerCertificate(made.chain(), made.key()), running.clock());
    OwnCertificates store = store();
    look(store, hosts, shown);
    // An issued one may end, and this be shown again.
    Path file = keep(label, made);
    if (shown.isOwn()) {
      LOG.warn(
          "{} shows a certificate of its own until the authority issued one for {}: on this machine"
              + " trust {}, as in perigee --ca-file",
          what,
          hosts,
          file);
    }
    running.every(label + "-certificate", LOOK_MILLIS, () -> look(store, hosts, shown));
    return shown;
  }

  private static void look(OwnCertificates store, List<String> hosts, IssuedCertificate shown) {
    try {
      store.find(hosts).ifPresent(held -> shown.take(held.chain(), held.privateKey()));
    } catch (StoreException e) {
      UNREAD.failed(e);
    }
    shown.look();
  }

  private Path keep(String label, EdgeAuthority.Identity made) throws IOException {
    Path file = options.stateDir.resolve(label + "-own-certificate.pem");
    return Files.writeString(file, Pem.certificate(made.chainBytes().getFirst().toArray()));
  }
}
