package dev.perigee.benchmarks.sync;

import com.google.protobuf.ByteString;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.sync.v1.EnrolRequest;
import dev.perigee.contract.sync.v1.EnrolResponse;
import dev.perigee.contract.sync.v1.EnrolmentGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * The nodes of the study, each with a certificate of its own that it was enrolled for; to save time
 * they have one key.
 */
record Identities(PrivateKey key, X509Certificate authority, List<Node> nodes) {
  private static final String FILE = "identities";
  private static final int AT_ONCE = 16;

  /** One node. */
  record Node(String name, X509Certificate certificate) {}

  static boolean areIn(Path folder) {
    return Files.exists(folder.resolve(FILE));
  }

  /** Provisions so many nodes over the API and enrols each over gRPC, as operators and nodes do. */
  static Identities enrol(StudyControl control, int count)
      throws IOException, InterruptedException, GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", control.port())
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .build())
            .build();
    List<Future<EnrolResponse>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < count; i++) {
        String name = "node-" + i;
        answers.add(threads.submit(() -> enrol(control, channel, name, pair)));
      }
    } finally {
      channel.shutdownNow();
    }
    List<Node> nodes = new ArrayList<>();
    byte[] authority = new byte[0];
    for (int i = 0; i < count; i++) {
      EnrolResponse answer = result(answers.get(i));
      byte[] der = answer.getCertificateChainDer(0).toByteArray();
      nodes.add(new Node("node-" + i, certificate(der)));
      authority = answer.getCertificateChainDer(1).toByteArray();
    }
    return new Identities(pair.getPrivate(), certificate(authority), nodes);
  }

  private static EnrolResponse enrol(
      StudyControl control, ManagedChannel channel, String name, KeyPair pair)
      throws IOException, InterruptedException, OperatorCreationException {
    String node =
        "{\"name\":\"%s\",\"region\":\"eu\",\"latitude\":50.1,\"longitude\":8.7,%s}"
            .formatted(name, "\"addresses\":[\"127.0.0.1\"]");
    String answer = control.ask("POST", "/v1/nodes", node);
    JoinToken token = JoinToken.parse(StudyControl.text(answer, "joinToken")).orElseThrow();
    byte[] request =
        new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + name), pair.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
            .getEncoded();
    return EnrolmentGrpc.newBlockingStub(channel)
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .enrol(
            EnrolRequest.newBuilder()
                .setNode(name)
                .setJoinSecret(token.secret())
                .setCertificateRequestDer(ByteString.copyFrom(request))
                .build());
  }

  private static EnrolResponse result(Future<EnrolResponse> answer)
      throws InterruptedException, IOException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw new IOException("a node could not be enrolled", e.getCause());
    }
  }

  void save(Path folder) throws IOException, GeneralSecurityException {
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(folder.resolve(FILE)))) {
      write(out, key.getEncoded());
      write(out, authority.getEncoded());
      out.writeInt(nodes.size());
      for (Node node : nodes) {
        out.writeUTF(node.name());
        write(out, node.certificate().getEncoded());
      }
    }
  }

  static Identities load(Path folder) throws IOException, GeneralSecurityException {
    byte[] content = Files.readAllBytes(folder.resolve(FILE));
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(content))) {
      PrivateKey key =
          KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(read(in)));
      X509Certificate authority = certificate(read(in));
      List<Node> nodes = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        nodes.add(new Node(in.readUTF(), certificate(read(in))));
      }
      return new Identities(key, authority, nodes);
    }
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] read(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }

  private static X509Certificate certificate(byte[] der) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
