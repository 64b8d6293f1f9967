package dev.perigee.local.demo;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A page or file of the shop that never changes while the origin runs, ready to be sent. */
final class Resource {
  private final String contentType;
  private final byte[] body;
  private final int maxAge;
  private final List<String> tags;
  private final String etag;

  /**
   * @param maxAge seconds for which caches may keep it
   * @param tags by which caches may be told to forget it
   */
  Resource(String contentType, byte[] body, int maxAge, List<String> tags) {
    this.contentType = contentType;
    this.body = body.clone();
    this.maxAge = maxAge;
    this.tags = List.copyOf(tags);
    this.etag = etagOf(body);
  }

  static Resource html(String text, int maxAge, List<String> tags) {
    return new Resource(
        "text/html; charset=utf-8", text.getBytes(StandardCharsets.UTF_8), maxAge, tags);
  }

  String contentType() {
    return contentType;
  }

  byte[] body() {
    return body.clone();
  }

  String cacheControl() {
    return "public, max-age=" + maxAge;
  }

  List<String> tags() {
    return tags;
  }

  /** Strong: a hash of the body. */
  String etag() {
    return etag;
  }

  private static String etagOf(byte[] body) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
      return '"' + HexFormat.of().formatHex(hash, 0, 8) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
