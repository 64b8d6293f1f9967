package dev.perigee.control.lastgood;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SteeringPolicyCodec;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.Provisioned;
import dev.perigee.control.store.Published;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.SiteStore.Steered;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Two-way codec of what is kept on disk: eight bytes that say what it is, a version, the content,
 * and the SHA-256 of all before. A build reads the versions that it knows and no other.
 */
final class LastGoodCodec {
  /** "PGANSWER". */
  private static final long MAGIC = 0x5047_414e_5357_4552L;

  private static final int VERSION = 1;
  private static final int DIGEST_BYTES = 32;
  private static final int HEAD_BYTES = Long.BYTES + Integer.BYTES;

  /** Characters of what a node says of its health that are kept. */
  private static final int DETAIL_LENGTH = 1_000;

  private LastGoodCodec() {}

  static byte[] encode(LastGood good) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Out out = new Out(new DataOutputStream(bytes));
    out.data.writeLong(MAGIC);
    out.data.writeInt(VERSION);
    out.data.writeUTF(good.zone());
    out.time(good.savedAt());
    provisioned(out, good.provisioned());
    published(out, good.published());
    out.bytes(good.cookieSecret().toArray());
    out.bytes(good.identity().key().toArray());
    out.list(good.identity().chain(), one -> out.bytes(one.toArray()));
    out.list(
        good.replicas(),
        one -> {
          out.data.writeUTF(one.id());
          out.data.writeUTF(one.address());
          out.data.writeUTF(one.build());
        });
    out.list(good.health(), one -> health(out, one));
    out.texts(good.probed());
    bytes.write(digest(bytes.toByteArray(), bytes.size()));
    return bytes.toByteArray();
  }

  /**
   * Reads it.
   *
   * @throws IOException where it is damaged, or of another version; the message ends a sentence
   */
  static LastGood decode(byte[] whole) throws IOException {
    int content = whole.length - DIGEST_BYTES;
    if (content < HEAD_BYTES
        || !Arrays.equals(
            digest(whole, content), Arrays.copyOfRange(whole, content, whole.length))) {
      throw new IOException("is damaged: its checksum is not that of its content");
    }
    In in = new In(new DataInputStream(new ByteArrayInputStream(whole, 0, content)));
    if (in.data.readLong() != MAGIC) {
      throw new IOException("is no file of last good answers");
    }
    int version = in.data.readInt();
    if (version != VERSION) {
      throw new IOException("is of version %d, this build reads %d".formatted(version, VERSION));
    }
    try {
      LastGood good = content(in);
      if (in.data.available() > 0) {
        throw new IOException("is damaged: there is more in it than was written");
      }
      return good;
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IOException("is damaged: " + e.getMessage(), e);
    }
  }

  private static LastGood content(In in) throws IOException {
    return new LastGood(
        in.data.readUTF(),
        in.time(),
        provisioned(in),
        published(in),
        in.bytes(),
        new LastGood.Identity(in.bytes(), in.list(in::bytes)),
        in.list(() -> new Replica(in.data.readUTF(), in.data.readUTF(), in.data.readUTF())),
        in.list(() -> health(in)),
        Set.copyOf(in.texts()));
  }

  private static byte[] digest(byte[] bytes, int length) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(bytes, 0, length);
      return sha.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static void provisioned(Out out, Provisioned all) throws IOException {
    out.data.writeLong(all.revision());
    out.list(all.nodes(), one -> node(out, one));
    out.list(
        all.sites(),
        one -> {
          out.data.writeUTF(one.site().id());
          out.texts(one.site().hosts());
          out.texts(one.site().regions());
          out.bytes(SteeringPolicyCodec.toBytes(one.site().steering()));
          out.data.writeLong(one.revision());
        });
    out.list(
        all.zones(),
        one -> {
          out.data.writeUTF(one.network().toString());
          out.texts(one.targets());
        });
  }

  private static Provisioned provisioned(In in) throws IOException {
    long revision = in.data.readLong();
    return new Provisioned(
        in.list(() -> node(in)),
        in.list(() -> site(in)),
        in.list(() -> new CoverageZone(AddressRange.of(in.data.readUTF()), in.texts())),
        revision);
  }

  private static Steered site(In in) throws IOException {
    String id = in.data.readUTF();
    List<String> hosts = in.texts();
    Set<String> regions = new HashSet<>(in.texts());
    SiteConfig site = new SiteConfig(id, hosts, List.of(), regions, false, false);
    return new Steered(
        site.withSteering(SteeringPolicyCodec.of(in.bytes().toArray())), in.data.readLong());
  }

  private static void node(Out out, Node node) throws IOException {
    out.data.writeUTF(node.name());
    out.data.writeUTF(node.region());
    out.data.writeDouble(node.latitude());
    out.data.writeDouble(node.longitude());
    out.list(node.addresses(), address -> out.bytes(address.getAddress()));
    out.data.writeInt(node.httpPort());
    out.data.writeInt(node.httpsPort());
    out.data.writeBoolean(node.draining());
    out.data.writeBoolean(node.enrolled());
    out.data.writeBoolean(node.shield());
    out.data.writeInt(node.peerPort());
    out.data.writeUTF(node.country());
  }

  private static Node node(In in) throws IOException {
    return new Node(
        in.data.readUTF(),
        in.data.readUTF(),
        in.data.readDouble(),
        in.data.readDouble(),
        in.list(() -> InetAddress.getByAddress(in.bytes().toArray())),
        in.data.readInt(),
        in.data.readInt(),
        in.data.readBoolean(),
        in.data.readBoolean(),
        in.data.readBoolean(),
        in.data.readInt(),
        in.data.readUTF());
  }

  private static void published(Out out, Published all) throws IOException {
    out.list(
        all.challenges(),
        one -> {
          out.data.writeUTF(one.name());
          out.texts(one.texts());
          out.data.writeInt(one.ttlSeconds());
        });
    out.texts(all.certificates());
    out.list(all.keys(), one -> key(out, one));
  }

  private static Published published(In in) throws IOException {
    return new Published(
        in.list(() -> new DnsChallenge(in.data.readUTF(), in.texts(), in.data.readInt())),
        Set.copyOf(in.texts()),
        in.list(() -> key(in)));
  }

  private static void key(Out out, DnsKey key) throws IOException {
    out.data.writeInt(key.tag());
    out.bytes(key.publicKey().toArray());
    out.bytes(key.privateKey().toArray());
    out.time(key.publishedAt());
    out.list(key.signingAt().stream().toList(), out::time);
    out.list(key.retiringAt().stream().toList(), out::time);
    out.list(
        key.dsGone().stream().toList(),
        gone -> {
          out.time(gone.since());
          out.data.writeLong(gone.kept().toSeconds());
        });
  }

  private static DnsKey key(In in) throws IOException {
    return new DnsKey(
        in.data.readInt(),
        in.bytes(),
        in.bytes(),
        in.time(),
        in.optional(in::time),
        in.optional(in::time),
        in.optional(() -> new DnsKey.DsGone(in.time(), Duration.ofSeconds(in.data.readLong()))));
  }

  private static void health(Out out, NodeState state) throws IOException {
    String detail = state.healthDetail();
    out.data.writeUTF(state.node());
    out.data.writeBoolean(state.connected());
    out.data.writeBoolean(state.healthy());
    out.data.writeUTF(detail.substring(0, Math.min(detail.length(), DETAIL_LENGTH)));
    out.data.writeUTF(state.build());
    out.data.writeLong(state.revision());
    out.data.writeLong(state.purge());
    out.data.writeDouble(state.load());
    out.data.writeDouble(state.requestsPerSecond());
    out.data.writeLong(state.openConnections());
    out.list(state.lastSeen().stream().toList(), out::time);
    out.texts(state.refusals().stream().map(FromEdge.Refusal::resource).toList());
  }

  private static NodeState health(In in) throws IOException {
    return new NodeState(
        in.data.readUTF(),
        in.data.readBoolean(),
        in.data.readBoolean(),
        in.data.readUTF(),
        in.data.readUTF(),
        in.data.readLong(),
        in.data.readLong(),
        in.data.readDouble(),
        in.data.readDouble(),
        in.data.readLong(),
        in.optional(in::time),
        in.texts().stream().map(id -> new FromEdge.Refusal(id, "")).toList(),
        List.of());
  }

  /** Something that may not be written. */
  private interface Write<T> {
    void write(T one) throws IOException;
  }

  /** Something that may not be there to read. */
  private interface Read<T> {
    T read() throws IOException;
  }

  private record Out(DataOutputStream data) {
    <T> void list(Collection<T> all, Write<T> one) throws IOException {
      data.writeInt(all.size());
      for (T each : all) {
        one.write(each);
      }
    }

    void texts(Collection<String> all) throws IOException {
      list(all, data::writeUTF);
    }

    void bytes(byte[] bytes) throws IOException {
      data.writeInt(bytes.length);
      data.write(bytes);
    }

    void time(Instant time) throws IOException {
      data.writeLong(time.getEpochSecond());
      data.writeInt(time.getNano());
    }
  }

  private record In(DataInputStream data) {
    /** No room is made ahead for what a length promises. */
    <T> List<T> list(Read<T> one) throws IOException {
      int size = length();
      List<T> all = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        all.add(one.read());
      }
      return all;
    }

    List<String> texts() throws IOException {
      return list(data::readUTF);
    }

    <T> Optional<T> optional(Read<T> one) throws IOException {
      return list(one).stream().findFirst();
    }

    Bytes bytes() throws IOException {
      int length = length();
      if (length > data.available()) {
        throw new IOException("is damaged: it ends too early");
      }
      return Bytes.copyOf(data.readNBytes(length));
    }

    private int length() throws IOException {
      int length = data.readInt();
      if (length < 0) {
        throw new IOException("is damaged: a length below 0");
      }
      return length;
    }

    Instant time() throws IOException {
      return Instant.ofEpochSecond(data.readLong(), data.readInt());
    }
  }
}
