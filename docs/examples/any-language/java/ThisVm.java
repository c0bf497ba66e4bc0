import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Which VM this is. */
final class ThisVm {
    private static final String ID_URL =
            "http://169.254.169.254/metadata/instance/compute/vmId?api-version=2021-01-01&format=text";
    private static final Path CHASSIS_TAG = Path.of("/sys/class/dmi/id/chassis_asset_tag");
    private static final String AZURE_TAG = "7783-7084-3265-9085-8269-3286-77";
    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

    /** Asks Azure's metadata service (IMDS) once, never through a proxy. Null where it does not answer. */
    static String readId() {
        try {
            HttpURLConnection request = (HttpURLConnection) new URL(ID_URL).openConnection(Proxy.NO_PROXY);
            request.setRequestProperty("Metadata", "true");
            request.setInstanceFollowRedirects(false);
            request.setConnectTimeout(5_000);
            request.setReadTimeout(5_000);
            if (request.getResponseCode() != 200) return null;
            try (var body = request.getInputStream()) {
                String id = new String(body.readNBytes(64), StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
                return id.matches(UUID) ? id : null;
            }
        } catch (IOException problem) {
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
