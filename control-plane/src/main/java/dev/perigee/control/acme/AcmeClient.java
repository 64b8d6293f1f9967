package dev.perigee.control.acme;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.Bytes;
import dev.perigee.control.store.AcmeAccounts;
import dev.perigee.control.tls.Authorities;
import dev.perigee.keys.Pem;
import java.io.IOException;
import java.io.StringWriter;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.AcmeJsonResource;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.PollableResource;
import org.shredzone.acme4j.Problem;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.Dns01Challenge;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.shredzone.acme4j.exception.AcmeServerException;

/** Talks to a certificate authority (RFC 8555) over one account. Calls block. */
final class AcmeClient {
  private static final Duration NETWORK = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final long LEAST_WAIT_MILLIS = 250;
  private static final long MOST_WAIT_MILLIS = 30_000;
  private static final long USUAL_WAIT_MILLIS = 1_000;

  private final AcmeConfig config;
  private final Optional<SSLContext> tls;
  private final AcmeAccounts accounts;
  private final SecureRandom random;
  private final InstantSource clock;

  /**
   * A client that has not spoken yet.
   *
   * @throws IOException where the file of trusted certificates cannot be read
   */
  AcmeClient(AcmeConfig config, AcmeAccounts accounts, SecureRandom random, InstantSource clock)
      throws IOException {
    this.config = config;
    this.tls =
        config.caFile().isPresent()
            ? Optional.of(Authorities.of("--acme-ca-file", config.caFile().get()))
            : Optional.empty();
    this.accounts = accounts;
    this.random = random;
    this.clock = clock;
  }

  /** Orders one certificate for all these hosts. */
  Ordered order(List<String> hosts, AcmeChallenge by, Proving proving) throws InterruptedException {
    try {
      Login login = login();
      proving.waits("orders", 0);
      Order order = login.newOrder().domains(hosts).create();
      prove(order, by, proving);
      Status ready = await(order, Set.of(Status.READY, Status.VALID), "the order", proving);
      if (ready != Status.READY && ready != Status.VALID) {
        return failed(refusal(order));
      }
      KeyPair key = pair();
      if (ready == Status.READY) {
        order.execute(key);
      }
      if (await(order, Set.of(Status.VALID), "the certificate", proving) != Status.VALID) {
        return failed(refusal(order));
      }
      return issued(order.getCertificate(), key);
    } catch (Stopped e) {
      return failed(String.valueOf(e.getMessage()));
    } catch (AcmeRateLimitedException e) {
      return new Ordered.Failed(words(e.getProblem()), e.getRetryAfter());
    } catch (AcmeServerException e) {
      return failed(words(e.getProblem()));
    } catch (AcmeException | AcmeProtocolException | AcmeLazyLoadingException | IOException e) {
      return failed("the authority cannot be asked: " + deepest(e));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has EC keys", e);
    }
  }

  /** Until when the account asks for nothing, where that is to come yet. */
  Optional<Instant> pausedUntil(Instant now) {
    return accounts.pausedUntil(config.directory().toString(), now);
  }

  /** An order of an organisation's was refused for having had too many. */
  void pause(String organisation, Instant until, Instant now) {
    accounts.limited(config.directory().toString(), organisation, until, now);
  }

  private static Ordered failed(String reason) {
    return new Ordered.Failed(reason, Optional.empty());
  }

  private static String deepest(Throwable problem) {
    Throwable at = problem;
    while (at.getCause() != null) {
      at = at.getCause();
    }
    String message = at.getMessage();
    return message == null || message.isBlank() ? at.getClass().getSimpleName() : message;
  }

  /** The account, which is made where there is none; another control plane may do so, too. */
  private Login login() throws AcmeException, GeneralSecurityException {
    String directory = config.directory().toString();
    AcmeAccounts.Account account = accounts.account(directory, () -> encoded(newAccountKey()));
    Session session = new Session(config.directory(), new AuthorityProvider(tls));
    session.networkSettings().setTimeout(NETWORK);
    AccountBuilder builder =
        new AccountBuilder().agreeToTermsOfService().useKeyPair(pair(account.privateKey()));
    if (!config.email().isEmpty()) {
      builder.addEmail(config.email());
    }
    // An authority answers who comes with a key that it knows with the account that it has.
    Login login = builder.createLogin(session);
    String url = login.getAccountLocation().toString();
    if (!url.equals(account.url())) {
      accounts.registered(directory, url);
    }
    return login;
  }

  private void prove(Order order, AcmeChallenge by, Proving proving)
      throws AcmeException, Stopped, InterruptedException {
    List<Proof> proofs = new ArrayList<>();
    List<Challenge> challenges = new ArrayList<>();
    List<Authorization> pending = new ArrayList<>();
    for (Authorization one : order.getAuthorizations()) {
      if (one.getStatus() == Status.VALID) {
        continue;
      }
      String host = one.getIdentifier().getDomain();
      pending.add(one);
      switch (by) {
        case HTTP_01 -> {
          Http01Challenge challenge =
              one.findChallenge(Http01Challenge.class).orElseThrow(() -> lacks(by, host));
          String token = challenge.getToken();
          proofs.add(new Proof.Http(new AcmeToken(host, token, challenge.getAuthorization())));
          challenges.add(challenge);
        }
        case DNS_01 -> {
          Dns01Challenge challenge =
              one.findChallenge(Dns01Challenge.class).orElseThrow(() -> lacks(by, host));
          proofs.add(new Proof.Dns(Proof.Dns.name(host), challenge.getDigest()));
          challenges.add(challenge);
        }
        case OFF -> throw new Stopped("its certificate is not to be got");
      }
    }
    if (proofs.isEmpty()) {
      return;
    }
    proving.show(proofs);
    for (Challenge challenge : challenges) {
      challenge.trigger();
    }
    for (Authorization one : pending) {
      String host = one.getIdentifier().getDomain();
      if (await(one, Set.of(Status.VALID), "the look at " + host, proving) != Status.VALID) {
        throw new Stopped(host + ": " + refusal(one));
      }
    }
  }

  private static Stopped lacks(AcmeChallenge by, String host) {
    return new Stopped("the authority does not offer %s for %s".formatted(by.token(), host));
  }

  /** Asks until it has one of the states, or is invalid. */
  private <T extends AcmeJsonResource & PollableResource> Status await(
      T resource, Set<Status> wanted, String what, Proving proving)
      throws AcmeException, Stopped, InterruptedException {
    Instant until = clock.instant().plus(PATIENCE);
    while (true) {
      Optional<Instant> again = resource.fetch();
      Status status = resource.getStatus();
      if (wanted.contains(status) || status == Status.INVALID) {
        return status;
      }
      Instant now = clock.instant();
      if (now.isAfter(until)) {
        throw new Stopped("the authority was not done with %s in time".formatted(what));
      }
      long millis =
          again
              .map(time -> Duration.between(now, time).toMillis())
              .orElse(resource instanceof Order ? USUAL_WAIT_MILLIS : LEAST_WAIT_MILLIS * 2);
      proving.waits(
          "the authority is at " + what, Math.clamp(millis, LEAST_WAIT_MILLIS, MOST_WAIT_MILLIS));
    }
  }

  private static String refusal(Order order) {
    return order.getError().map(AcmeClient::words).orElse("the authority refused the order");
  }

  private static String refusal(Authorization one) {
    return one.getChallenges().stream()
        .flatMap(challenge -> challenge.getError().stream())
        .findFirst()
        .map(AcmeClient::words)
        .orElse("the authority refused it");
  }

  /** A problem in the authority's words, with those of its parts. */
  private static String words(Problem problem) {
    String own = problem.getDetail().or(problem::getTitle).orElse("no detail was given");
    String parts =
        problem.getSubProblems().stream()
            .limit(5)
            .map(part -> part.getDetail().orElse(""))
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining("; "));
    String type = problem.getType().toString();
    String kind = type.substring(type.lastIndexOf(':') + 1);
    return Stream.of(kind, own, parts)
        .filter(text -> !text.isEmpty())
        .collect(Collectors.joining(": "));
  }

  private static Ordered issued(Certificate certificate, KeyPair key)
      throws AcmeException, IOException {
    certificate.download();
    StringWriter chain = new StringWriter();
    certificate.writeCertificate(chain);
    return new Ordered.Issued(
        chain.toString(), Pem.of("PRIVATE KEY", key.getPrivate().getEncoded()));
  }

  private KeyPair pair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    return generator.generateKeyPair();
  }

  private KeyPair newAccountKey() {
    try {
      return pair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has EC keys", e);
    }
  }

  /** Both halves, the public one behind the private one: PKCS #8 alone does not give it back. */
  private static Bytes encoded(KeyPair key) {
    byte[] secret = key.getPrivate().getEncoded();
    byte[] open = key.getPublic().getEncoded();
    byte[] both = new byte[2 + secret.length + open.length];
    both[0] = (byte) (secret.length >> 8);
    both[1] = (byte) secret.length;
    System.arraycopy(secret, 0, both, 2, secret.length);
    System.arraycopy(open, 0, both, 2 + secret.length, open.length);
    return Bytes.copyOf(both);
  }

  private static KeyPair pair(Bytes encoded) throws GeneralSecurityException {
    byte[] both = encoded.toArray();
    int length = ((both[0] & 0xff) << 8) | (both[1] & 0xff);
    byte[] secret = java.util.Arrays.copyOfRange(both, 2, 2 + length);
    byte[] open = java.util.Arrays.copyOfRange(both, 2 + length, both.length);
    KeyFactory factory = KeyFactory.getInstance("EC");
    PrivateKey own = factory.generatePrivate(new PKCS8EncodedKeySpec(secret));
    PublicKey shown = factory.generatePublic(new X509EncodedKeySpec(open));
    if (!(own instanceof ECPrivateKey)) {
      throw new GeneralSecurityException("no EC key");
    }
    return new KeyPair(shown, own);
  }
}
