package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.TicketKey;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** What is kept ready of names, and for how many. */
class TlsCacheTest {
  private final List<Fake> made = new ArrayList<>();
  private final TlsCache cache =
      new TlsCache(
          2,
          which -> {
            Fake fake = new Fake(which);
            made.add(fake);
            return fake;
          });

  /** Counts who holds it. */
  private static final class Fake implements NamedTls {
    private final Which which;
    private int holders = 1;
    private List<TicketKey> keys = List.of();

    private Fake(Which which) {
      this.which = which;
    }

    @Override
    public Made engine() {
      if (holders < 1) {
        throw new AssertionError(which + " is gone");
      }
      try {
        return new Made(SSLContext.getDefault().createSSLEngine(), Optional.empty());
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void tickets(List<TicketKey> others) {
      keys = others;
    }

    @Override
    public void hold() {
      holders++;
    }

    @Override
    public void letGo() {
      holders--;
    }
  }

  private void ask(String name) throws GeneralSecurityException {
    cache.engine(new NamedTls.Which(name, TlsProfile.INTERMEDIATE, true, Optional.empty()));
  }

  private List<Integer> holders() {
    return made.stream().map(fake -> fake.holders).toList();
  }

  @Test
  void theNameThatWasNotAskedForTheLongestGoesAndIsMadeAnew() throws Exception {
    ask("a");
    ask("b");
    ask("a");
    ask("c");
    assertEquals(List.of(1, 0, 1), holders());
    ask("a");
    assertEquals(3, made.size(), "it was kept");
    ask("b");
    assertEquals(4, made.size());
    assertEquals(2, cache.size());
  }

  @Test
  void otherKeysComeToAllThatIsKeptAndToWhatIsMadeLater() throws Exception {
    TicketKey key =
        new TicketKey(
            Bytes.copyOf(new byte[TicketKey.NAME_BYTES]),
            Bytes.copyOf(new byte[TicketKey.SECRET_BYTES]),
            Instant.EPOCH,
            Instant.MAX);
    ask("a");
    cache.tickets(List.of(key));
    ask("b");
    for (Fake fake : made) {
      assertEquals(List.of(key), fake.keys);
    }
  }

  @Test
  void aNameThatCannotBeMadeIsNotKept() {
    TlsCache broken =
        new TlsCache(
            2,
            which -> {
              throw new GeneralSecurityException("no");
            });
    assertThrows(
        GeneralSecurityException.class,
        () -> broken.engine(new NamedTls.Which("a", TlsProfile.MODERN, true, Optional.empty())));
    assertEquals(0, broken.size());
  }
}
