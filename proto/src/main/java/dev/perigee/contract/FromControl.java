package dev.perigee.contract;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What the control plane says on the sync stream. */
public sealed interface FromControl {
  /**
   * The first answer on a stream.
   *
   * @param logId which change log the numbers count in
   * @param headRevision newest revision
   * @param headPurge newest purge; the node answers nothing from its cache before it applied it
   * @param purgedThrough everything fetched before this purge counts as hard-purged; 0 when the log
   *     reaches back to the node's last purge
   * @param pulse how often the node sends {@link FromEdge.Ping}; zero: never
   * @param limitKey by which all nodes hash what they count for limits that they share, 16 bytes;
   *     empty where nobody divides those
   */
  record Welcome(
      String logId,
      long headRevision,
      long headPurge,
      long purgedThrough,
      Duration pulse,
      Bytes limitKey)
      implements FromControl {
    /** Bytes of the key. */
    public static final int LIMIT_KEY_BYTES = 16;

    public Welcome {
      if (pulse.isNegative()) {
        throw new IllegalArgumentException("a pulse of " + pulse);
      }
      int bytes = limitKey.length();
      if (bytes != 0 && bytes != LIMIT_KEY_BYTES) {
        throw new IllegalArgumentException("a key of " + bytes + " bytes");
      }
    }

    /** Of a control plane that divides no limits. */
    public Welcome(
        String logId, long headRevision, long headPurge, long purgedThrough, Duration pulse) {
      this(logId, headRevision, headPurge, purgedThrough, pulse, Bytes.copyOf(new byte[0]));
    }

    /** One without a pulse. */
    public Welcome(String logId, long headRevision, long headPurge, long purgedThrough) {
      this(logId, headRevision, headPurge, purgedThrough, Duration.ZERO);
    }
  }

  /**
   * A snapshot ({@code fromRevision} 0) or a delta, or one part of it.
   *
   * @param part from 0
   * @param last whether the update is complete with this part
   */
  record Update(
      String nonce,
      long revision,
      long fromRevision,
      int part,
      boolean last,
      List<SiteConfig> sites,
      List<String> removedSites,
      List<CertificateConfig> certificates,
      List<String> removedCertificates,
      String zone,
      List<PeerConfig> peers,
      List<String> removedPeers)
      implements FromControl {
    public Update {
      sites = List.copyOf(sites);
      removedSites = List.copyOf(removedSites);
      certificates = List.copyOf(certificates);
      removedCertificates = List.copyOf(removedCertificates);
      peers = List.copyOf(peers);
      removedPeers = List.copyOf(removedPeers);
    }

    /** An update that brings no nodes. */
    public Update(
        String nonce,
        long revision,
        long fromRevision,
        int part,
        boolean last,
        List<SiteConfig> sites,
        List<String> removedSites,
        List<CertificateConfig> certificates,
        List<String> removedCertificates,
        String zone) {
      this(
          nonce,
          revision,
          fromRevision,
          part,
          last,
          sites,
          removedSites,
          certificates,
          removedCertificates,
          zone,
          List.of(),
          List.of());
    }

    public boolean isSnapshot() {
      return fromRevision == 0;
    }
  }

  /** Purges in ascending order of number. */
  record Purges(List<Purge> purges) implements FromControl {
    public Purges {
      purges = List.copyOf(purges);
    }
  }

  /**
   * URLs of one site that are to be fetched into the cache; the node answers with {@link
   * FromEdge.Warmed}.
   *
   * @param from place of the first of these URLs in the job's list
   * @param fields request fields by name, such as {@code Accept-Encoding}
   * @param perSecond how many are begun each second at most
   */
  record WarmUp(
      String job,
      String site,
      int from,
      List<WarmUrl> urls,
      Map<String, String> fields,
      int perSecond)
      implements FromControl {
    public WarmUp {
      urls = List.copyOf(urls);
      fields = Map.copyOf(fields);
      if (perSecond < 1 || perSecond > Limits.WARM_PER_SECOND) {
        throw new IllegalArgumentException("a warm-up of " + perSecond + " URLs a second");
      }
      if (urls.isEmpty() || urls.size() > Limits.WARM_BATCH) {
        throw new IllegalArgumentException("a warm-up of " + urls.size() + " URLs");
      }
    }
  }

  /** The answer to {@link FromEdge.Ping}. */
  record Pong() implements FromControl {}

  /**
   * The node's shares of limits that all nodes share; they take the place of those before.
   *
   * @param nodes how many share
   */
  record Shares(int nodes, List<Share> shares) implements FromControl {
    public Shares {
      shares = List.copyOf(shares);
      if (nodes < 1 || shares.size() > Limits.DEMANDS) {
        throw new IllegalArgumentException("more than " + Limits.DEMANDS + " shares, or no node");
      }
    }
  }

  /**
   * The share of one count.
   *
   * @param key as {@link FromEdge.Demand} has it
   * @param rate requests each second
   * @param burst requests at once, at least 1
   */
  record Share(long key, double rate, double burst) {
    /** Refuses what cannot be. */
    public Share {
      boolean sound =
          key != 0
              && rate > 0
              && rate <= 2.0 * Limits.RATE_REQUESTS
              && burst >= 1
              && burst <= 2.0 * Limits.RATE_REQUESTS;
      if (!sound) {
        throw new IllegalArgumentException("a share that cannot be");
      }
    }
  }

  /** The keys of TLS session tickets; they take the place of those before. */
  record TicketKeys(List<TicketKey> keys) implements FromControl {
    public TicketKeys {
      keys = List.copyOf(keys);
      if (keys.size() > Limits.TICKET_KEYS) {
        throw new IllegalArgumentException("more than " + Limits.TICKET_KEYS + " ticket keys");
      }
    }
  }

  /**
   * What the node is to answer to certificate authorities; it takes the place of what was before,
   * and is answered by {@link FromEdge.TokensHeld}.
   *
   * @param through all tokens up to this number are among them
   */
  record AcmeTokens(List<AcmeToken> tokens, long through) implements FromControl {
    public AcmeTokens {
      tokens = List.copyOf(tokens);
      if (tokens.size() > Limits.ACME_TOKENS) {
        throw new IllegalArgumentException("more than " + Limits.ACME_TOKENS + " tokens");
      }
    }
  }

  /** Where all control planes listen for edges, each {@code host:port}. */
  record Replicas(List<String> addresses) implements FromControl {
    public Replicas {
      addresses = List.copyOf(addresses);
      if (addresses.size() > Limits.REPLICAS
          || addresses.stream().anyMatch(address -> address.length() > Limits.HOST_LENGTH + 8)) {
        throw new IllegalArgumentException(
            "more than " + Limits.REPLICAS + " control planes, or an address that is too long");
      }
    }
  }

  /**
   * A part of a GeoIP database, or that there is none of this kind: then the version and the
   * content are empty, and size and offset 0. That is for nodes with {@link
   * FromEdge.Hello#GEO_NONE} alone.
   *
   * @param version SHA-256 of the whole, lower-case hexadecimal
   * @param size bytes of the whole
   * @param offset where the part begins; 0 begins anew, whatever came before
   */
  record GeoChunk(GeoKind kind, String version, long size, long offset, Bytes content)
      implements FromControl {
    /** Whether it says that there is none. */
    public boolean isNone() {
      return version.isEmpty();
    }
  }

  /**
   * Whom the node is to trust, in place of what it was told before.
   *
   * @param authorities certificates (DER) of edge CAs, at least one; the first one signs now
   * @param revoked serial numbers of nodes' certificates that are refused, lower-case hexadecimal
   */
  record Trust(List<Bytes> authorities, List<String> revoked) implements FromControl {
    public Trust {
      authorities = List.copyOf(authorities);
      revoked = List.copyOf(revoked);
      if (authorities.isEmpty() || authorities.size() > Limits.AUTHORITIES) {
        throw new IllegalArgumentException(authorities.size() + " authorities to trust");
      }
      if (revoked.size() > Limits.REVOKED) {
        throw new IllegalArgumentException("more than " + Limits.REVOKED + " are revoked");
      }
    }
  }
}
