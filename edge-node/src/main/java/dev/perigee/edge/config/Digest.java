package dev.perigee.edge.config;

import dev.perigee.contract.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The SHA-256 of what a base holds. */
record Digest(Bytes bytes) {
  static final int LENGTH = 32;

  static Digest of(byte[] content) {
    try {
      return new Digest(Bytes.copyOf(MessageDigest.getInstance("SHA-256").digest(content)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** One that stands at the beginning of a file. */
  static Digest read(byte[] from) {
    return new Digest(Bytes.copyOf(Arrays.copyOf(from, LENGTH)));
  }
}
