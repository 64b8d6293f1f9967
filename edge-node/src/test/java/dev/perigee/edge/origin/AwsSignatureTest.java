package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import dev.perigee.edge.request.FieldList;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;

/** Signatures are those that AWS has published, and those that AWS's own library makes. */
final class AwsSignatureTest {
  private static final String HOST = "examplebucket.s3.amazonaws.com";
  private static final OriginSigning.AwsV4 KEY =
      new OriginSigning.AwsV4(
          "us-east-1",
          "s3",
          "AKIAIOSFODNN7EXAMPLE",
          new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
  private static final Instant NOW = Instant.parse("2013-05-24T00:00:00Z");

  private static OriginSigner.Signed sign(
      OriginSigning.AwsV4 key, String method, String target, boolean hasBody, String... more) {
    FieldList.Builder fields = FieldList.builder().add("Host", HOST);
    for (int i = 0; i < more.length; i += 2) {
      fields.add(more[i], more[i + 1]);
    }
    return OriginSigner.sign(key, method, target, fields.build(), hasBody, NOW);
  }

  private static String authorization(OriginSigner.Signed signed) {
    return signed.fields().first("Authorization").orElseThrow();
  }

  /** Amazon S3, "Signature Calculations for the Authorization Header", examples 1, 3 and 4. */
  @ParameterizedTest
  @CsvSource({
    "/test.txt, bytes=0-9, f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    "/?lifecycle, , fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    "/?max-keys=2&prefix=J, , 34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
  })
  void signaturesAreThePublishedOnes(String target, String range, String signature) {
    String[] more = range == null ? new String[0] : new String[] {"Range", range};
    String names =
        range == null
            ? "host;x-amz-content-sha256;x-amz-date"
            : "host;range;x-amz-content-sha256;x-amz-date";
    assertEquals(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + " SignedHeaders="
            + names
            + ", Signature="
            + signature,
        authorization(sign(KEY, "GET", target, false, more)));
  }

  /** What AWS's library signs for the request as it is sent. */
  private static String byTheirLibrary(
      OriginSigning.AwsV4 key, String method, OriginSigner.Signed sent, boolean hasBody) {
    SdkHttpRequest.Builder request =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.fromValue(method))
            .uri(URI.create("https://" + HOST + sent.target()));
    sent.fields().first("Range").ifPresent(range -> request.putHeader("Range", range));
    boolean store = key.service().equals("s3");
    var signed =
        AwsV4HttpSigner.create()
            .sign(
                r -> {
                  r.identity(
                          AwsCredentialsIdentity.create(
                              key.accessKeyId(), key.secretAccessKey().value()))
                      .request(request.build())
                      .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, key.service())
                      .putProperty(AwsV4HttpSigner.REGION_NAME, key.region())
                      .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, !store)
                      .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                      .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, !hasBody)
                      .putProperty(HttpSigner.SIGNING_CLOCK, Clock.fixed(NOW, ZoneOffset.UTC));
                  if (hasBody) {
                    r.payload(
                        ContentStreamProvider.fromByteArray("x".getBytes(StandardCharsets.UTF_8)));
                  }
                });
    return signed.request().firstMatchingHeader("Authorization").orElseThrow();
  }

  @Test
  void signaturesAreThoseOfTheirLibrary() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("AwsSignatureTest seed " + seed);
    Random random = new Random(seed);
    String marks = "azAZ09-._~!$&'()*,;=:@/+";
    for (int i = 0; i < 500; i++) {
      StringBuilder target = new StringBuilder("/");
      for (int n = random.nextInt(12); n > 0; n--) {
        target.append(
            random.nextInt(4) == 0
                ? "%%%02X".formatted(128 + random.nextInt(128))
                : String.valueOf(marks.charAt(random.nextInt(marks.length()))));
      }
      for (int n = random.nextInt(4); n > 0; n--) {
        target.append(target.indexOf("?") < 0 ? "?" : "&").append((char) ('a' + random.nextInt(3)));
        target.append(random.nextBoolean() ? "=" + random.nextInt(9) + "%2F%20+" : "");
      }
      boolean store = random.nextInt(4) > 0;
      OriginSigning.AwsV4 key =
          store
              ? KEY
              : new OriginSigning.AwsV4(
                  "eu-west-1", "execute-api", KEY.accessKeyId(), KEY.secretAccessKey());
      String method = random.nextBoolean() ? "GET" : "PUT";
      boolean body = store && method.equals("PUT");
      String[] more = random.nextBoolean() ? new String[] {"Range", "bytes=1-2"} : new String[0];
      OriginSigner.Signed sent = sign(key, method, target.toString(), body, more);
      String ours = authorization(sent);
      String theirs = byTheirLibrary(key, method, sent, body);
      assertEquals(theirs, ours, target + " sent as " + sent.target() + ", seed " + seed);
    }
  }

  /** RFC 3986 makes these the same, and so does who reads them. */
  @ParameterizedTest
  @CsvSource({
    "/a%7Eb, /a~b",
    "/a+b, /a%2Bb",
    "/%e2%82%ac, /%E2%82%AC",
    "/a?b=1&a=2, /a?a=2&b=1",
    "/a?a=2&a=10&a-b=1, /a?a=10&a=2&a-b=1",
    "/a?q=x+y, /a?q=x%20y",
    "/a?flag, /a?flag=",
    "/a?&&b=, /a?b=",
    "/a?b=c=d, /a?b=c%3Dd",
    "/, /"
  })
  void theTargetIsSentInTheFormThatIsSigned(String asked, String sent) {
    assertEquals(sent, sign(KEY, "GET", asked, false).target());
  }

  @Test
  void whatAReaderSendsOfTheKindDoesNotPass() {
    OriginSigner.Signed sent =
        sign(KEY, "GET", "/a", false, "Authorization", "mine", "X-Amz-Acl", "public-read");
    assertEquals(1, sent.fields().all("Authorization").size());
    assertFalse(sent.fields().contains("X-Amz-Acl"));
    assertFalse(sent.fields().toString().contains("mine"));
    assertTrue(sent.fields().contains("X-Amz-Date"));
  }

  @Test
  void aBodyThatStreamsIsNotSigned() {
    assertEquals(
        "UNSIGNED-PAYLOAD",
        sign(KEY, "PUT", "/a", true).fields().first("X-Amz-Content-Sha256").orElseThrow());
  }

  @Test
  void aSharedSecretReplacesWhatAReaderSends() {
    OriginSigning secret =
        new OriginSigning.SharedSecret("X-Secret", new Secret("0123456789abcdef"));
    FieldList fields = FieldList.of("Host", HOST, "x-secret", "guess", "X-Secret", "guess");
    OriginSigner.Signed sent = OriginSigner.sign(secret, "GET", "/a?b+c", fields, false, NOW);
    assertEquals(java.util.List.of("0123456789abcdef"), sent.fields().all("X-Secret"));
    assertEquals("/a?b+c", sent.target());
    assertFalse(secret.toString().contains("0123"), secret.toString());
    assertFalse(KEY.toString().contains("wJalr"), KEY.toString());
  }
}
