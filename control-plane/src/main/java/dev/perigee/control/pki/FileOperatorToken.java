package dev.perigee.control.pki;

import dev.perigee.control.store.SecretFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;

/** The one operator's token, in a file that only the operator may read. */
public final class FileOperatorToken implements OperatorTokens {
  private static final int LEAST_LENGTH = 32;

  private final byte[] sha256;

  private FileOperatorToken(String token) {
    this.sha256 = hash(token);
  }

  /** The token in the file, which is made with mode 600 where there is none or nothing in it. */
  public static FileOperatorToken open(Path file, SecureRandom random) throws IOException {
    if (SecretFile.read(file).isEmpty()) {
      SecretFile.write(file, Secrets.random(random));
    }
    String token = SecretFile.read(file).orElse("");
    if (token.length() < LEAST_LENGTH) {
      throw new IOException(
          "the operator token in " + file + " is too short: remove the file to get a new one");
    }
    return new FileOperatorToken(token);
  }

  @Override
  public boolean isValid(String token) {
    return MessageDigest.isEqual(sha256, hash(token));
  }

  private static byte[] hash(String token) {
    return Secrets.sha256(token).getBytes(StandardCharsets.US_ASCII);
  }
}
