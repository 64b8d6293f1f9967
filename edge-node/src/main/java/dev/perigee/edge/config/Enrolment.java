package dev.perigee.edge.config;

import com.google.protobuf.ByteString;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.sync.v1.EnrolRequest;
import dev.perigee.contract.sync.v1.EnrolResponse;
import dev.perigee.contract.sync.v1.EnrolmentGrpc;
import dev.perigee.contract.sync.v1.RenewRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets the node its identity: once with a join token, later by renewal. Blocks; at start only. */
public final class Enrolment {
  private static final Logger LOG = LoggerFactory.getLogger(Enrolment.class);
  private static final long DEADLINE_SECONDS = 10;

  private final List<ControlAddress> control;
  private final Path file;
  private final StateKeys keys;
  private final Trust trust;
  private final InstantSource clock;
  private volatile @Nullable Identity current;

  /**
   * @param file where the identity is kept, and beside it whom the node trusts
   * @param keys that its key is sealed with there
   */
  public Enrolment(List<ControlAddress> control, Path file, StateKeys keys, InstantSource clock) {
    this.control = List.copyOf(control);
    this.file = file;
    this.keys = keys;
    this.trust = Trust.open(file.resolveSibling("trust"));
    this.clock = clock;
  }

  /** With the key that seals now; a full disk is no reason not to start. */
  private void sealAnew(Identity known) throws IOException {
    if (Identity.isCurrent(file, keys)) {
      return;
    }
    try {
      known.save(file, keys);
    } catch (IOException e) {
      LOG.warn("{} stays as it is, for it cannot be written: {}", file, e.getMessage());
    }
  }

  /**
   * The identity on disk, else a new one by the token; a token beside an identity is ignored.
   *
   * @throws EnrolmentException with one sentence for the operator
   */
  public Identity identity(String node, Optional<JoinToken> token) throws EnrolmentException {
    try {
      Optional<Identity> known = Identity.load(file, keys);
      if (known.isPresent()) {
        sealAnew(known.get());
        return ofNode(known.get(), node);
      }
    } catch (IOException e) {
      throw new EnrolmentException(
          "The node's identity cannot be read ("
              + e.getMessage()
              + "). Make it good, or remove it and join again.");
    }
    JoinToken joining =
        token.orElseThrow(
            () ->
                new EnrolmentException(
                    "The node has no identity in "
                        + file.toAbsolutePath().getParent()
                        + ": start it with --join TOKEN (perigee node add prints one)."));
    if (!joining.node().equals(node)) {
      throw new EnrolmentException(
          "The join token is for node " + joining.node() + ", not " + node + ".");
    }
    return enrol(joining);
  }

  /** The identity in use: the newest that was loaded, enrolled or renewed. */
  public Identity current() {
    Identity now = current;
    if (now == null) {
      throw new IllegalStateException("the node has no identity yet");
    }
    return now;
  }

  /** Whom the node trusts. */
  public Trust trust() {
    return trust;
  }

  private Identity ofNode(Identity identity, String node) throws EnrolmentException {
    if (!identity.node().equals(node)) {
      throw new EnrolmentException(
          "The state directory belongs to node " + identity.node() + ", not " + node + ".");
    }
    current = identity;
    return identity;
  }

  private Identity enrol(JoinToken token) throws EnrolmentException {
    KeyPair pair = CertificateRequest.newKey();
    EnrolRequest request =
        EnrolRequest.newBuilder()
            .setNode(token.node())
            .setJoinSecret(token.secret())
            .setCertificateRequestDer(
                ByteString.copyFrom(CertificateRequest.of(token.node(), pair)))
            .build();
    return call(pair, Set.of(token.caFingerprint()), Optional.empty(), stub -> stub.enrol(request));
  }

  /** A new certificate, with a new key, for the node that {@code old} names; saved. */
  public Identity renew(Identity old) throws EnrolmentException {
    KeyPair pair = CertificateRequest.newKey();
    RenewRequest request =
        RenewRequest.newBuilder()
            .setCertificateRequestDer(ByteString.copyFrom(CertificateRequest.of(old.node(), pair)))
            .build();
    try {
      return call(pair, trust.fingerprints(old), Optional.of(old), stub -> stub.renew(request));
    } catch (GeneralSecurityException e) {
      throw new EnrolmentException("The pinned CA cannot be encoded.");
    }
  }

  /** One of the service's methods. */
  private interface Call {
    EnrolResponse on(EnrolmentGrpc.EnrolmentBlockingStub stub);
  }

  private Identity call(KeyPair pair, Set<String> caFingerprints, Optional<Identity> own, Call call)
      throws EnrolmentException {
    String failure = "no control address is given";
    for (ControlAddress address : control) {
      try {
        ManagedChannel channel =
            ControlChannel.open(address, caFingerprints, own, Runnable::run, clock);
        try {
          EnrolResponse response =
              call.on(
                  EnrolmentGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS));
          return taken(pair, caFingerprints, own.isEmpty(), response);
        } finally {
          channel.shutdownNow();
        }
      } catch (StatusRuntimeException e) {
        if (isRefusal(e.getStatus().getCode())) {
          throw new EnrolmentException(
              "The control plane refused the join ("
                  + e.getStatus().getDescription()
                  + "). A token works once: get a new one with perigee node add.");
        }
        failure = address + ": " + reason(e);
      } catch (IOException e) {
        failure = address + ": " + e.getMessage();
      }
    }
    throw new EnrolmentException("The control plane cannot be asked for a certificate: " + failure);
  }

  private static boolean isRefusal(Status.Code code) {
    return code == Status.Code.PERMISSION_DENIED
        || code == Status.Code.UNAUTHENTICATED
        || code == Status.Code.INVALID_ARGUMENT
        || code == Status.Code.NOT_FOUND
        || code == Status.Code.FAILED_PRECONDITION;
  }

  private static String reason(StatusRuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private Identity taken(
      KeyPair pair, Set<String> caFingerprints, boolean anew, EnrolResponse response)
      throws IOException, EnrolmentException {
    try {
      if (response.getCertificateChainDerCount() != 2) {
        throw new EnrolmentException("The control plane did not answer with two certificates.");
      }
      X509Certificate own = Identity.parse(response.getCertificateChainDer(0).toByteArray());
      X509Certificate ca = Identity.parse(response.getCertificateChainDer(1).toByteArray());
      own.verify(ca.getPublicKey());
      if (!caFingerprints.contains(PinnedTrust.fingerprint(ca))
          || !own.getPublicKey().equals(pair.getPublic())) {
        throw new EnrolmentException("The control plane answered with another's certificate.");
      }
      if (anew) {
        trust.begin(authorities(ca, response));
      }
      Identity identity = new Identity(pair.getPrivate(), own, ca);
      identity.save(file, keys);
      current = identity;
      return identity;
    } catch (GeneralSecurityException e) {
      throw new EnrolmentException("The control plane answered with a broken certificate.");
    }
  }

  /** All that the control plane names; of one of an earlier build its one CA. */
  private static List<X509Certificate> authorities(X509Certificate ca, EnrolResponse response)
      throws GeneralSecurityException {
    List<X509Certificate> all = new ArrayList<>();
    for (ByteString der : response.getAuthoritiesDerList()) {
      all.add(Identity.parse(der.toByteArray()));
    }
    return all.contains(ca) ? all : List.of(ca);
  }
}
