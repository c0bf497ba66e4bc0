import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** Which VM this is. */
final class ThisVm {
    private static final URI ID_URL = URI.create(
            "http://169.254.169.254/metadata/instance/compute/vmId?api-version=2021-01-01&format=text");
    private static final Path CHASSIS_TAG = Path.of("/sys/class/dmi/id/chassis_asset_tag");
    private static final String AZURE_TAG = "7783-7084-3265-9085-8269-3286-77";
    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    /** Asks Azure's metadata service (IMDS) once, never through a proxy. Null where it does not answer. */
    static String readId() {
        HttpClient http = HttpClient.newBuilder().proxy(HttpClient.Builder.NO_PROXY).version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER).connectTimeout(Duration.ofSeconds(5)).build();
        HttpRequest request = HttpRequest.newBuilder(ID_URL).header("Metadata", "true")
                .timeout(Duration.ofSeconds(5)).build();
        try {
            var answer = http.send(request, BodyHandlers.ofInputStream());
            try (var body = answer.body()) {
                String id = new String(body.readNBytes(64), StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
                return answer.statusCode() == 200 && id.matches(UUID) ? id : null;
            }
        } catch (IOException problem) {
            return null;
        } catch (InterruptedException problem) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** Whether this hardware says that it is not Azure's. A tag that cannot be read says nothing. */
    static boolean isForeignChassis() {
        try {
            return !Files.readString(CHASSIS_TAG, StandardCharsets.ISO_8859_1).strip().equals(AZURE_TAG);
        } catch (IOException problem) {
            return false;
        }
    }
}
