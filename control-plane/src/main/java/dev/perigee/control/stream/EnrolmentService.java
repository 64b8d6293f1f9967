package dev.perigee.control.stream;

import com.google.protobuf.ByteString;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.sync.v1.EnrolRequest;
import dev.perigee.contract.sync.v1.EnrolResponse;
import dev.perigee.contract.sync.v1.EnrolmentGrpc;
import dev.perigee.contract.sync.v1.RenewRequest;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.Enrolments.EnrolReason;
import dev.perigee.control.pki.Enrolments.Enrolled;
import dev.perigee.control.store.StoreException;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.security.cert.CertificateEncodingException;
import java.util.Optional;

/** Enrolment over gRPC: the one method that needs no client certificate, and renewal. */
public final class EnrolmentService extends EnrolmentGrpc.EnrolmentImplBase {
  private final Enrolments enrolments;
  private final EdgeAuthority authority;

  public EnrolmentService(Enrolments enrolments, EdgeAuthority authority) {
    this.enrolments = enrolments;
    this.authority = authority;
  }

  @Override
  public void enrol(EnrolRequest request, StreamObserver<EnrolResponse> answer) {
    try {
      answer(
          enrolments.enrol(
              request.getNode(),
              request.getJoinSecret(),
              request.getCertificateRequestDer().toByteArray()),
          answer);
    } catch (StoreException e) {
      answer.onError(
          Status.UNAVAILABLE.withDescription(e.reason().sentence()).asRuntimeException());
    }
  }

  @Override
  public void renew(RenewRequest request, StreamObserver<EnrolResponse> answer) {
    Optional<PeerCertificate.Peer> peer = PeerCertificate.current();
    if (peer.isEmpty()) {
      String sentence = "Renewal needs the current client certificate.";
      answer.onError(Status.UNAUTHENTICATED.withDescription(sentence).asRuntimeException());
      return;
    }
    try {
      answer(
          enrolments.renew(
              peer.get().node(),
              peer.get().serial(),
              request.getCertificateRequestDer().toByteArray()),
          answer);
    } catch (StoreException e) {
      answer.onError(
          Status.UNAVAILABLE.withDescription(e.reason().sentence()).asRuntimeException());
    }
  }

  private void answer(Enrolled enrolled, StreamObserver<EnrolResponse> answer) {
    switch (enrolled) {
      case Enrolled.Refused(EnrolReason reason) ->
          answer.onError(
              Status.PERMISSION_DENIED.withDescription(reason.sentence()).asRuntimeException());
      case Enrolled.Signed(EdgeAuthority.Signed signed) -> {
        try {
          EnrolResponse.Builder out =
              EnrolResponse.newBuilder()
                  .addCertificateChainDer(ByteString.copyFrom(signed.certificate().getEncoded()))
                  .addCertificateChainDer(ByteString.copyFrom(signed.issuer().getEncoded()));
          for (Bytes one : authority.trustedBytes()) {
            out.addAuthoritiesDer(ByteString.copyFrom(one.toArray()));
          }
          answer.onNext(out.build());
          answer.onCompleted();
        } catch (CertificateEncodingException e) {
          answer.onError(Status.INTERNAL.asRuntimeException());
        }
      }
    }
  }
}
