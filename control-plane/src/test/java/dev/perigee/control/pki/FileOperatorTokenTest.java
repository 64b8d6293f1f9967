package dev.perigee.control.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's token is made once, kept from others, and never half. */
final class FileOperatorTokenTest {
  private final SecureRandom random = new SecureRandom();
  private final Shared shared = new Shared();
  @TempDir Path folder;

  private static final class Shared implements FileOperatorToken.Shared {
    private String known = "";

    @Override
    public String knownOr(String fresh) {
      known = known.isEmpty() ? fresh : known;
      return known;
    }

    @Override
    public void tell(String token) {
      known = token;
    }
  }

  @Test
  void aControlPlaneThatComesLaterHasTheSameTokenAndAFileIsStrongerThanWhatOthersKnow()
      throws IOException {
    Path first = folder.resolve("first");
    FileOperatorToken.open(first, shared, random);
    Path second = folder.resolve("second");
    FileOperatorToken.open(second, shared, random);
    assertEquals(Files.readString(first), Files.readString(second));

    String changed = "x".repeat(43);
    Files.writeString(second, changed);
    assertTrue(FileOperatorToken.open(second, shared, random).isValid(changed));
    assertEquals(changed, shared.known, "who comes later takes it over");
  }

  @Test
  void aTokenThatIsMissingIsMadeForTheOperatorAlone() throws IOException {
    Path file = folder.resolve("new").resolve("token");
    FileOperatorToken token = FileOperatorToken.open(file, shared, random);
    String text = Files.readString(file).strip();
    assertEquals(43, text.length());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertTrue(token.isValid(text));
    assertFalse(token.isValid(text + "x"));
    assertFalse(token.isValid(""));
    assertTrue(FileOperatorToken.open(file, shared, random).isValid(text));
  }

  @Test
  void anEmptyFileThatACrashLeftIsFilled() throws IOException {
    Path file = Files.writeString(folder.resolve("token"), "\n");
    FileOperatorToken token = FileOperatorToken.open(file, shared, random);
    assertTrue(token.isValid(Files.readString(file).strip()));
    assertFalse(token.isValid(""));
  }

  @Test
  void aTokenThatCouldBeGuessedIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("token"), "secret");
    IOException refusal =
        assertThrows(IOException.class, () -> FileOperatorToken.open(file, shared, random));
    assertTrue(refusal.toString().contains("too short"), refusal.toString());
  }
}
