package dev.perigee.edge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What nodes say to each other is read exactly, or not at all. */
class PeerHopTest {
  private static final String LOG = "9f0c9f9e-62a4-4a8f-9d0e-2f3d5f1f7a11";
  private static final PeerHop HOP =
      new PeerHop(
          PeerTier.SHIELD,
          new PurgePosition(LOG, 12),
          "shop",
          "www.shop.example",
          "2001:db8::7",
          List.of("192.0.2.1", "fe80::1%eth0"),
          "https",
          443,
          List.of("edge-1", "pop-2"));

  @Test
  void whatIsWrittenIsRead() {
    assertEquals(Optional.of(HOP), PeerHop.parse(HOP.toText()));
    PeerHop first =
        new PeerHop(
            PeerTier.OWNER,
            PurgePosition.NONE,
            "s",
            "[::1]",
            "127.0.0.1",
            List.of(),
            "http",
            1,
            List.of("a"));
    assertEquals(Optional.of(first), PeerHop.parse(first.toText()));
    assertEquals("pop-2", HOP.asker());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tier=shield->tier=origin",
        "tier=shield->TIER=shield",
        "purge=12->purge=-12",
        "purge=12->purge=1234567890123456",
        "site=shop->site=-shop",
        "host=www.shop.example->host=WWW.shop.example",
        "host=www.shop.example->host=a b",
        "scheme=https->scheme=gopher",
        "port=443->port=0",
        "port=443->port=65536",
        "path=edge-1,pop-2->path=",
        "path=edge-1,pop-2->path=a,b,c,d,e,f,g,h,i",
        "path=edge-1,pop-2->path=edge-1,pop-2; tier=owner",
        "client=2001:db8::7->client=1; scheme=http",
        "proxies=192.0.2.1,->proxies=,",
        "proxies=192.0.2.1,->proxies=a b,",
        "proxies=192.0.2.1,->proxies=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
      })
  void whatIsWrittenOtherwiseIsNot(String change) {
    String[] sides = change.split("->", 2);
    String broken = HOP.toText().replace(sides[0], sides[1]);
    assertFalse(broken.equals(HOP.toText()));
    assertEquals(Optional.empty(), PeerHop.parse(broken), broken);
  }

  @Test
  void theLongestFitsIntoTheField() {
    String label = "n".repeat(63);
    String address = "2001:0db8:1111:2222:3333:4444:5555:6666%" + "i".repeat(16);
    PeerHop longest =
        new PeerHop(
            PeerTier.SHIELD,
            new PurgePosition("l".repeat(64), 999_999_999_999_999L),
            label,
            "h".repeat(63) + "." + "h".repeat(63) + "." + "h".repeat(63) + "." + "h".repeat(61),
            address,
            Collections.nCopies(16, address),
            "https",
            65_535,
            Collections.nCopies(8, label));
    assertTrue(longest.toText().length() <= PeerHop.MAX_LENGTH, longest.toText());
    assertEquals(Optional.of(longest), PeerHop.parse(longest.toText()));
  }

  @Test
  void aNoteIsReadAsItWasWritten() {
    for (PeerNote note :
        List.of(
            PeerNote.refused("node-busy"),
            PeerNote.failed("origin-connect-refused"),
            PeerNote.ofStale(),
            PeerNote.fresh(-7))) {
      assertEquals(note, PeerNote.of(FieldList.of(PeerHop.FIELD, note.toText())));
    }
    assertEquals(PeerNote.NONE, PeerNote.of(FieldList.empty()));
    assertEquals(PeerNote.NONE, PeerNote.of(FieldList.of(PeerHop.FIELD, "ttl=1; stale")));
  }

  @Test
  void aPositionCoversWhatItsOwnLogHasBeforeIt() {
    PurgePosition seven = new PurgePosition("log", 7);
    assertTrue(seven.covers(new PurgePosition("log", 7)));
    assertTrue(seven.covers(new PurgePosition("log", 6)));
    assertFalse(seven.covers(new PurgePosition("log", 8)));
    assertFalse(seven.covers(new PurgePosition("another", 1)));
    assertFalse(seven.covers(PurgePosition.NONE));
  }
}
