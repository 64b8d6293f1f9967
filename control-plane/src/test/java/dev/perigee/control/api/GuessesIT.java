package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.control.pki.GuessLimits;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whoever guesses tokens is told to wait, and who has a good one is not. */
@ExtendWith(NothingLeaks.class)
final class GuessesIT {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static HttpResponse<String> self(TestApi api, String token) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(api.url().resolve("/v1/self"))
            .header("Authorization", "Bearer " + token)
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void tooManyWrongTokensAre429WithATimeAndGoodOnesAreLetInAllTheSame() throws Exception {
    try (TestApi api = new TestApi(new GuessLimits(3, Duration.ofHours(1), 100))) {
      String made = made(api);
      for (int i = 0; i < 3; i++) {
        assertEquals(401, self(api, "wrong" + i).statusCode());
      }
      HttpResponse<String> late = self(api, "wrong");
      assertEquals(429, late.statusCode());
      long seconds = late.headers().firstValueAsLong("Retry-After").orElseThrow();
      assertTrue(seconds > 3_500 && seconds <= 3_600, "after " + seconds);
      assertEquals(200, self(api, TestApi.TOKEN).statusCode());
      assertEquals(200, self(api, made).statusCode());
    }
  }

  /** The secret of a token that nobody has used yet. */
  private static String made(TestApi api) throws Exception {
    HttpResponse<String> response =
        CLIENT.send(
            HttpRequest.newBuilder(api.url().resolve("/v1/tokens"))
                .header("Authorization", "Bearer " + TestApi.TOKEN)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"name\":\"a\",\"role\":\"operator\"}"))
                .build(),
            BodyHandlers.ofString());
    return new ObjectMapper().readTree(response.body()).path("secret").asText();
  }
}
