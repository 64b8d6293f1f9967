package dev.perigee.edge.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SetCookie;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The country tells responses apart where the owner says so, and is looked up nowhere else. */
class CountryInKeyTest {
  private final AdmissionPolicy policy = new AdmissionPolicy("perigee");

  /** A place that counts how often it is asked. */
  private static final class Asked implements ClientPlace {
    private final String country;
    private int times;

    Asked(String country) {
      this.country = country;
    }

    @Override
    public String country() {
      times++;
      return country;
    }

    @Override
    public OptionalLong system() {
      throw new AssertionError("nobody needs it");
    }
  }

  private CacheKey key(boolean country, ClientPlace place, String... fields) {
    KeyRule rule =
        new KeyRule(
            KeyRule.Query.ALL, List.of(), false, List.of("country"), List.of(), false, country);
    CachePolicy cache =
        new CachePolicy(List.of(), true, rule, 10_000, 10_000, 0, 100, SetCookie.EXPLICIT);
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of("www.shop.example"),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false,
            cache);
    RequestHead request =
        new RequestHead(
            "GET",
            "https",
            "www.shop.example",
            443,
            "/a",
            "HTTP/1.1",
            FieldList.of(fields),
            "192.0.2.1",
            false);
    return assertInstanceOf(
            Admission.Allowed.class, policy.admit(request, place, site, "www.shop.example"))
        .key();
  }

  @Test
  void clientsOfOneCountryShareAKeyAndOfAnotherDoNot() {
    CacheKey german = key(true, new Asked("DE"));
    assertEquals(german, key(true, new Asked("DE")));
    assertNotEquals(german, key(true, new Asked("FR")));
    assertNotEquals(german, key(true, new Asked(ClientPlace.UNKNOWN)));
  }

  @Test
  void whereTheCountryDoesNotCountNobodyLooksItUp() {
    Asked place = new Asked("DE");
    assertEquals(key(false, place), key(false, new Asked("FR")));
    assertEquals(0, place.times);
    key(true, place);
    assertEquals(1, place.times);
  }

  /** A request field of that name must not pass for the country. */
  @Test
  void noFieldOfARequestLooksLikeACountry() {
    String forged = "2:DE\ncountry=2:FR";
    assertNotEquals(
        key(true, new Asked("FR"), "Country", "DE").extra(),
        key(true, new Asked("DE"), "Country", "FR").extra());
    assertNotEquals(
        key(true, new Asked("FR")).extra(), key(false, new Asked("DE"), "Country", "FR").extra());
    assertNotEquals(
        key(true, new Asked("FR"), "Country", "DE").extra(),
        key(false, new Asked("DE"), "Country", forged).extra());
  }
}
