package dev.perigee.control.pki;

import dev.perigee.control.store.SecretFile;
import dev.perigee.control.store.SettingStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The one operator's token, in a file that only the operator may read. Control planes on one
 * database have one token: one without a file takes over what the others know.
 */
public final class FileOperatorToken implements OperatorTokens {
  private static final int LEAST_LENGTH = 32;
  private static final String SHARED = "operator-token";

  private final byte[] sha256;

  /** What control planes on one database share. */
  public interface Shared {
    /** The token that they know, or this one from now on. */
    String knownOr(String fresh);

    /** What control planes that have none take over from now on. */
    void tell(String token);
  }

  private FileOperatorToken(String token) {
    this.sha256 = hash(token);
  }

  /**
   * The token in the file, which is made with mode 600 where there is none or nothing in it: with
   * the token of the other control planes, or a new one. A file counts before what they know, and
   * is what those take over that come later: so a token is changed by writing another into it.
   */
  public static FileOperatorToken open(Path file, Shared shared, SecureRandom random)
      throws IOException {
    if (SecretFile.read(file).isEmpty()) {
      SecretFile.write(file, shared.knownOr(Secrets.random(random)));
    }
    String token = SecretFile.read(file).orElse("");
    if (token.length() < LEAST_LENGTH) {
      throw new IOException(
          "the operator token in " + file + " is too short: write another into it, or remove it");
    }
    shared.tell(token);
    return new FileOperatorToken(token);
  }

  /** What is shared lies among the settings. */
  public static Shared shared(SettingStore settings) {
    return new Shared() {
      @Override
      public String knownOr(String fresh) {
        return new String(
            settings.getOrMake(SHARED, () -> bytes(fresh)), StandardCharsets.US_ASCII);
      }

      @Override
      public void tell(String token) {
        if (!Arrays.equals(settings.get(SHARED).orElse(new byte[0]), bytes(token))) {
          settings.put(SHARED, bytes(token));
        }
      }
    };
  }

  private static byte[] bytes(String token) {
    return token.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public boolean isValid(String token) {
    return MessageDigest.isEqual(sha256, hash(token));
  }

  private static byte[] hash(String token) {
    return bytes(Secrets.sha256(token));
  }
}
