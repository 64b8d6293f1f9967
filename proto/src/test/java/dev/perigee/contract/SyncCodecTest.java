package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.Origin;
import dev.perigee.contract.sync.v1.Site;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What one side encodes the other decodes to the same, and fields added later do no harm. */
final class SyncCodecTest {
  private static final String VERSION = "0f".repeat(32);

  private static final SiteConfig SITE =
      new SiteConfig(
              "shop",
              List.of("www.shop.example", "*.shop.example"),
              List.of(new OriginUrl("https", "origin.shop.example", 8443)),
              Set.of("eu-central"),
              true,
              false)
          .withTiers(new TierPolicy(false, true));

  private static final OriginHealth ORIGINS =
      new OriginHealth(
          "shop",
          List.of(
              new OriginHealth.Server("web", "http://a", "check-failed", "status", 1, 2, 3, 4)));

  static Stream<FromEdge> fromEdge() {
    return Stream.of(
        new FromEdge.Hello(
            "fra-1",
            "1.0",
            7,
            9,
            "log",
            Set.of(FromEdge.Hello.WARM_UP),
            List.of(GeoHolding.none(GeoKind.CITY), new GeoHolding(GeoKind.ASN, VERSION, 5))),
        new FromEdge.Ack("n1", 8, List.of(new FromEdge.Refusal("shop", "no origins"))),
        new FromEdge.Nack("n2", 8, List.of("a part is missing")),
        new FromEdge.PurgeAck(12),
        new FromEdge.Heartbeat(8, 12, 10.5, 3, 0.25, false, "disk full"),
        new FromEdge.Heartbeat(
            8, 12, 1, 3, 0, true, "", List.of(), List.of(), List.of(new SiteTraffic("a", 5, 2))),
        new FromEdge.Heartbeat(
            8,
            12,
            10.5,
            3,
            0.25,
            true,
            "",
            List.of(new GeoHolding(GeoKind.CITY, VERSION, 1_700_000_000)),
            List.of(ORIGINS)),
        new FromEdge.GeoReport(GeoKind.CITY, VERSION, FromEdge.GeoOutcome.TORN, 131_072, "no room"),
        new FromEdge.GeoReport(GeoKind.OVERRIDE, "", FromEdge.GeoOutcome.TAKEN, 0, ""));
  }

  @ParameterizedTest
  @MethodSource("fromEdge")
  void whatAnEdgeSaysComesBackTheSame(FromEdge message) throws InvalidProtocolBufferException {
    byte[] wire = SyncCodec.encode(message).toByteArray();
    assertEquals(message, SyncCodec.decode(EdgeMessage.parseFrom(wire)));
  }

  static Stream<FromControl> fromControl() {
    CertificateConfig certificate =
        new CertificateConfig(
            "ab",
            List.of("www.shop.example"),
            List.of(Bytes.copyOf(new byte[] {1, 2})),
            Bytes.copyOf(new byte[] {3}));
    return Stream.of(
        new FromControl.Welcome("log", 4, 5, 6),
        new FromControl.Update(
            "n",
            4,
            0,
            1,
            true,
            List.of(SITE),
            List.of("gone"),
            List.of(certificate),
            List.of("cd"),
            "cdn.example",
            List.of(new PeerConfig("fra-1", "eu", List.of("192.0.2.7", "2001:db8::7"), 8444, true)),
            List.of("ams-1")),
        new FromControl.Purges(
            List.of(
                purge(1, new PurgeScope.Url("h", "/a"), true),
                purge(2, new PurgeScope.Prefix(Optional.empty(), "/img/"), false),
                purge(3, new PurgeScope.Prefix(Optional.of("h"), "/img/"), false),
                purge(4, new PurgeScope.Host("h"), false),
                purge(5, new PurgeScope.Tag("product-7"), false),
                purge(6, new PurgeScope.Everything(), false),
                new Purge(7, Optional.empty(), new PurgeScope.Everything(), true))),
        new FromControl.GeoChunk(GeoKind.ASN, VERSION, 7, 4, Bytes.copyOf(new byte[] {1, 2, 3})),
        GeoFile.none(GeoKind.OVERRIDE).chunk(0));
  }

  @ParameterizedTest
  @MethodSource("fromControl")
  void whatTheControlPlaneSaysComesBackTheSame(FromControl message)
      throws InvalidProtocolBufferException {
    byte[] wire = SyncCodec.encode(message).toByteArray();
    assertEquals(message, SyncCodec.decode(ControlMessage.parseFrom(wire)));
  }

  @Test
  void aFieldAddedLaterIsIgnored() throws InvalidProtocolBufferException {
    FromEdge hello =
        new FromEdge.Hello("fra-1", "1.0", 7, 9, "log", Set.of(FromEdge.Hello.WARM_UP), List.of());
    EdgeMessage.Builder newer = SyncCodec.encode(hello).toBuilder();
    newer
        .getHelloBuilder()
        .setUnknownFields(
            UnknownFieldSet.newBuilder()
                .addField(
                    999,
                    UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(ByteString.copyFromUtf8("later"))
                        .build())
                .build());
    byte[] wire = newer.build().toByteArray();
    assertEquals(hello, SyncCodec.decode(EdgeMessage.parseFrom(wire)));
  }

  @Test
  void aSiteThatSaysNothingOfTiersHasTheUsualOnes() {
    assertEquals(TierPolicy.DEFAULT, SyncCodec.decode(Site.getDefaultInstance()).tiers());
  }

  @Test
  void aNodeThatNobodyCouldAskIsAProblem() {
    PeerConfig sound = new PeerConfig("fra-1", "eu", List.of("2001:db8::7"), 0, false);
    assertEquals(List.of(), PeerValidator.problems(sound));
    PeerConfig broken = new PeerConfig("Fra", "", List.of("fra.example", "1.2.3"), 65_536, true);
    assertEquals(
        List.of("name", "region", "addresses", "addresses", "peerPort"),
        PeerValidator.problems(broken).stream().map(Problem::field).toList());
    PeerConfig nowhere = new PeerConfig("fra-1", "eu", List.of(), 1, true);
    assertEquals("addresses", PeerValidator.problems(nowhere).getFirst().field());
  }

  @Test
  void aMessageOfUnknownKindIsAnError() {
    ControlMessage unknown = ControlMessage.getDefaultInstance();
    assertThrows(IllegalArgumentException.class, () -> SyncCodec.decode(unknown));
  }

  @Test
  void anOriginThatCannotBeReadCostsItsSiteAndNotTheUpdate() {
    Site broken =
        Site.newBuilder()
            .setId("shop")
            .addHosts("www.shop.example")
            .addOrigins(Origin.newBuilder().setUrl("ftp://x"))
            .build();
    List<Problem> problems = SiteValidator.problems(SyncCodec.decode(broken));
    assertEquals("origins", problems.getFirst().field());
    assertTrue(SiteValidator.problems(SITE).isEmpty());
  }

  private static Purge purge(long number, PurgeScope scope, boolean soft) {
    return new Purge(number, Optional.of("shop"), scope, soft);
  }
}
