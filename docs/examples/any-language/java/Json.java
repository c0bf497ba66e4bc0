import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON (RFC 8259), because Java's own library cannot. If your software has Jackson or Gson, use that instead: the
 * other files need an object, its members, and an error for anything else.
 *
 * <p>Objects become Json, arrays List, numbers Double, texts String.
 */
record Json(Map<String, Object> members) {
    static Json parse(String text, String what) throws NotLicensed {
        try {
            if (new Reader(text).readDocument() instanceof Json object) return object;
        } catch (IllegalArgumentException | IndexOutOfBoundsException problem) {
            // It is no JSON.
        }
        throw new NotLicensed(what + " is malformed");
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    /** Empty where there is no such text. */
    String text(String name) {
        return members.get(name) instanceof String text ? text : "";
    }

    /** Without members where there is no such object. */
    Json object(String name) {
        return members.get(name) instanceof Json object ? object : new Json(Map.of());
    }

    /** Whole seconds since 1970 (NumericDate). */
    long date(String name) throws NotLicensed {
        if (members.get(name) instanceof Double date && date >= 0 && date < 1L << 53 && date % 1 == 0) {
            return date.longValue();
        }
        throw new NotLicensed(name + " is missing in a token");
    }

    /** Throws IllegalArgumentException or IndexOutOfBoundsException where the text is no JSON. */
    private static final class Reader {
        private static final int MAX_DEPTH = 64;
        private final String text;
        private int at = 0;
        private int depth = 0;

        Reader(String text) {
            this.text = text;
        }

        Object readDocument() {
            Object value = readValue();
            if (at != text.length()) throw new IllegalArgumentException();
            return value;
        }

        private Object readValue() {
            if (++depth > MAX_DEPTH) throw new IllegalArgumentException();
            skipSpace();
            Object value = switch (text.charAt(at)) {
                case '{' -> readObject();
                case '[' -> readArray();
                case '"' -> readText();
                default -> readWord();
            };
            skipSpace();
            depth--;
            return value;
        }

        private Json readObject() {
            Map<String, Object> members = new HashMap<>();
            expect('{');
            skipSpace();
            if (passes('}')) return new Json(members);
            do {
                skipSpace();
                String name = readText();
                skipSpace();
                expect(':');
                members.put(name, readValue());
            } while (passes(','));
            expect('}');
            return new Json(members);
        }

        private List<Object> readArray() {
            List<Object> values = new ArrayList<>();
            expect('[');
            skipSpace();
            if (passes(']')) return values;
            do values.add(readValue()); while (passes(','));
            expect(']');
            return values;
        }

        private String readText() {
            StringBuilder read = new StringBuilder();
            expect('"');
            for (char character = text.charAt(at++); character != '"'; character = text.charAt(at++)) {
                if (character < ' ') throw new IllegalArgumentException();
                read.append(character == '\\' ? readEscape() : character);
            }
            return read.toString();
        }

        private char readEscape() {
            char escape = text.charAt(at++);
            if (escape == 'u') return (char) HexFormat.fromHexDigits(text, at, at += 4);
            int index = "\"\\/bfnrt".indexOf(escape);
            if (index < 0) throw new IllegalArgumentException();
            return "\"\\/\b\f\n\r\t".charAt(index);
        }

        private Object readWord() {
            int from = at;
            while (at < text.length() && " \t\n\r,]}".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(from, at);
            if (word.equals("null")) return null;
            if (word.equals("true") || word.equals("false")) return word.equals("true");
            if (word.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")) return Double.valueOf(word);
            throw new IllegalArgumentException();
        }

        private boolean passes(char wanted) {
            boolean isThere = text.charAt(at) == wanted;
            if (isThere) at++;
            return isThere;
        }

        private void expect(char wanted) {
            if (!passes(wanted)) throw new IllegalArgumentException();
        }

        private void skipSpace() {
            while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) at++;
        }
    }
}
