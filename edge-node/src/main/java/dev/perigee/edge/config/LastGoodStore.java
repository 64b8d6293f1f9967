package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the last good configuration on disk: the SHA-256 of what follows, then a Welcome (the log)
 * and an Update (all sites, certificates and nodes) as delimited protobuf messages. Mode 600: it
 * holds keys. What the node refused never gets here; where it refused anything, the revision does
 * not either: so after a restart it asks for everything, and says again what it refuses.
 */
public final class LastGoodStore {
  private static final Logger LOG = LoggerFactory.getLogger(LastGoodStore.class);
  private static final int DIGEST_BYTES = 32;

  /** Bytes of the file that the node reads back. */
  private static final long MAX_BYTES = 1L << 30;

  private final Path file;

  public LastGoodStore(Path file) {
    this.file = file;
  }

  /** Replaces the file; on disk, synced, when this returns. */
  public void save(ConfigState state) throws IOException {
    long revision = state.refused().isEmpty() ? state.revision() : 0;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SyncCodec.encode(new FromControl.Welcome(state.logId(), revision, 0, 0)).writeDelimitedTo(out);
    SyncCodec.encode(
            new FromControl.Update(
                "",
                revision,
                0,
                0,
                true,
                List.copyOf(state.sites().values()),
                List.of(),
                List.copyOf(state.certificates().values()),
                List.of(),
                state.zone(),
                List.copyOf(state.peers().values()),
                List.of()))
        .writeDelimitedTo(out);
    byte[] content = out.toByteArray();
    byte[] whole = Arrays.copyOf(digest(content), DIGEST_BYTES + content.length);
    System.arraycopy(content, 0, whole, DIGEST_BYTES, content.length);
    StateFile.replace(file, whole);
  }

  /**
   * The same, but a damaged file is put aside: the control plane has the configuration, so the node
   * can start without its own copy.
   */
  public Optional<ConfigState> recover() throws IOException {
    try {
      return load();
    } catch (IOException e) {
      Path aside = file.resolveSibling(file.getFileName() + ".damaged");
      LOG.warn(
          "{}; it is kept as {}, and nothing is served before the control plane sends all anew",
          e.getMessage(),
          aside);
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
      return Optional.empty();
    }
  }

  /**
   * What was saved last; empty when nothing was.
   *
   * @throws IOException when the file cannot be read or is damaged
   */
  public Optional<ConfigState> load() throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(file + " is larger than a configuration can be");
    }
    byte[] whole = Files.readAllBytes(file);
    if (whole.length < DIGEST_BYTES) {
      throw new IOException(file + " is damaged");
    }
    byte[] content = Arrays.copyOfRange(whole, DIGEST_BYTES, whole.length);
    if (!MessageDigest.isEqual(digest(content), Arrays.copyOf(whole, DIGEST_BYTES))) {
      throw new IOException(file + " is damaged");
    }
    return Optional.of(decode(new ByteArrayInputStream(content)));
  }

  private ConfigState decode(InputStream in) throws IOException {
    try {
      FromControl first = SyncCodec.decode(ControlMessage.parseDelimitedFrom(in));
      FromControl second = SyncCodec.decode(ControlMessage.parseDelimitedFrom(in));
      if (first instanceof FromControl.Welcome welcome
          && second instanceof FromControl.Update update) {
        Map<String, SiteConfig> sites = new TreeMap<>();
        update.sites().forEach(site -> sites.put(site.id(), site));
        Map<String, CertificateConfig> certificates = new TreeMap<>();
        update.certificates().forEach(c -> certificates.put(c.id(), c));
        Map<String, PeerConfig> peers = new TreeMap<>();
        update.peers().forEach(peer -> peers.put(peer.name(), peer));
        return new ConfigState(
            welcome.logId(), update.revision(), update.zone(), sites, certificates, peers);
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is of another version", e);
    }
    throw new IOException(file + " is of another version");
  }

  private static byte[] digest(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
