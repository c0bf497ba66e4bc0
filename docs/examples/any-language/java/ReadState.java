import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;

/**
 * Level 1: asks the agent's files whether this software may run.
 *
 * <pre>javac -d out *.java && java -cp out ReadState [FOLDER]</pre>
 *
 * Exits with 0 while it may; otherwise with 1 and the reason on standard error. Needs Java 17.0.3 or newer.
 */
final class ReadState {
    static final Path USUAL_FOLDER = Path.of("/run/countersign");

    private static final int MAX_STATE = 64;
    private static final int MAX_STATUS = 65_536;

    /** The agent checks earlier than it says in nextCheckAt, never half an hour later. */
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    /** Returns the state, licensed or grace. */
    static String readState(Path folder) throws NotLicensed {
        String state = readText(folder, "state", MAX_STATE).strip();
        if (!state.equals("licensed") && !state.equals("grace")) { // also words that a later agent may have
            throw new NotLicensed("the state is \"" + state + "\"");
        }
        if (readNextCheck(folder).plus(PATIENCE).isBefore(Instant.now())) {
            throw new NotLicensed("no agent runs: its next check is more than 30 minutes overdue");
        }
        return state;
    }

    private static Instant readNextCheck(Path folder) throws NotLicensed {
        Json status = Json.parse(readText(folder, "status.json", MAX_STATUS), "status.json");
        try {
            return Instant.parse(status.text("nextCheckAt"));
        } catch (DateTimeException problem) {
            throw new NotLicensed("status.json has no nextCheckAt");
        }
    }

    /** Reads a file of at most so many octets. */
    static String readText(Path folder, String name, int longest) throws NotLicensed {
        byte[] octets;
        try (var file = Files.newInputStream(folder.resolve(name))) {
            octets = file.readNBytes(longest + 1);
        } catch (IOException problem) {
            throw new NotLicensed(name + " cannot be read (" + problem + ")");
        }
        if (octets.length > longest) throw new NotLicensed(name + " is too long");
        return new String(octets, StandardCharsets.UTF_8);
    }

    interface Check {
        String run(Path folder) throws NotLicensed;
    }

    static void run(String[] args, Check check) {
        if (args.length > 1) {
            System.err.println("usage: [FOLDER]");
            System.exit(2);
        }
        try {
            System.out.println(check.run(args.length == 0 ? USUAL_FOLDER : Path.of(args[0])));
        } catch (NotLicensed problem) {
            System.err.println("Not licensed: " + problem.getMessage() + ".");
            System.exit(1);
        }
    }

    public static void main(String[] args) {
        run(args, ReadState::readState);
    }
}
