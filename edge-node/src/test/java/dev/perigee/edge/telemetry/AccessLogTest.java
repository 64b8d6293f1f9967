package dev.perigee.edge.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.telemetry.RequestRecord.Outcome;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the access log says of where a client is. */
class AccessLogTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger("access");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(lines);
  }

  private record Place(String country, OptionalLong system) implements ClientPlace {}

  private String line(ClientPlace place) {
    RequestRecord record =
        new RequestRecord(
            "192.0.2.1",
            place,
            "GET",
            "http",
            "h",
            "/a",
            "shop",
            200,
            5,
            7_000,
            RequestId.from(() -> "id-1"),
            Outcome.HIT,
            "",
            "");
    new AccessLog().ended(record);
    assertEquals(1, lines.list.size());
    return lines.list.getFirst().getFormattedMessage();
  }

  @Test
  void aLineNamesCountryAndSystem() {
    String line = line(new Place("SE", OptionalLong.of(29_518)));
    assertTrue(line.startsWith("id=id-1 client=192.0.2.1 country=SE asn=29518 method=GET "), line);
  }

  @Test
  void aSystemThatIsNotKnownIsADash() {
    String line = line(new Place(ClientPlace.UNKNOWN, OptionalLong.empty()));
    assertTrue(line.contains(" country=ZZ asn=- "), line);
  }
}
