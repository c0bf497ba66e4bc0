import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * Level 2: verifies the licence again, under the vendor's root key, for this very VM.
 *
 * <pre>javac -d out *.java && java -cp out Verify [FOLDER]</pre>
 *
 * Exits with 0 while the software may run; otherwise with 1 and the reason on standard error. Needs Java 17.0.3 or newer:
 * earlier versions of 17 take a signature of zeros for a good one (CVE-2022-21449).
 */
final class Verify {
    // Yours. They must be in the program: whatever it reads from this machine, root of this machine can write.
    private static final String ISSUER = "https://licences.contoso.com";
    private static final String PRODUCT = "contoso/widget";
    private static final List<String> ROOT_KEYS = List.of("Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs");

    private static final int MAX_TOKEN = 16_384;
    private static final long LONGEST_SET = 92 * 86_400;

    /** They would change what is verified, or say where the key comes from. */
    private static final List<String> REFUSED_MEMBERS = List.of("jku", "x5u", "x5c", "jwk", "crit", "b64");

    /** Returns the claims of the licence. */
    static Json verify(Path folder) throws NotLicensed {
        ReadState.readState(folder);
        // The agent writes the key set before the licence, so read it after the licence.
        String licence = ReadState.readText(folder, "licence.jwt", MAX_TOKEN);
        Json keySet = verifyKeySet(ReadState.readText(folder, "jwks.jwt", MAX_TOKEN));
        Json claims = verifyLicence(licence, keySet);
        checkVm(claims);
        return claims;
    }

    private static Json verifyKeySet(String text) throws NotLicensed {
        Token token = Token.parse(text, "jwks.jwt");
        Json header = token.header();
        Json jwk = header.object("jwk");
        if (!header.members().keySet().equals(Set.of("alg", "typ", "kid", "jwk"))
                || !jwk.members().keySet().equals(Set.of("kty", "crv", "x", "y"))
                || !header.text("alg").equals("ES256") || !header.text("typ").equals("jwk-set+jwt")) {
            throw new NotLicensed("jwks.jwt is no signed key set");
        }
        SigningKey root = SigningKey.read(jwk);
        if (root == null || !root.thumbprint().equals(header.text("kid")) || !ROOT_KEYS.contains(root.thumbprint())) {
            throw new NotLicensed("the key set is signed by another root key");
        }
        token.checkSignature(root);
        Json claims = token.claims();
        if (!claims.text("iss").equals(ISSUER) || !claims.text("sub").equals(ISSUER)) {
            throw new NotLicensed("the key set is of another issuer");
        }
        long lasts = claims.date("exp") - claims.date("iat");
        if (lasts <= 0 || lasts > LONGEST_SET) throw new NotLicensed("the key set lasts too long");
        return claims;
    }

    private static Json verifyLicence(String text, Json keySet) throws NotLicensed {
        Token token = Token.parse(text, "licence.jwt");
        Json header = token.header();
        if (!header.text("alg").equals("ES256") || !header.text("typ").equals("licence+jwt")
                || REFUSED_MEMBERS.stream().anyMatch(header::has)) {
            throw new NotLicensed("licence.jwt is no licence");
        }
        token.checkSignature(findKey(keySet, header.text("kid")));
        Json claims = token.claims();
        if (!claims.text("iss").equals(ISSUER) || !claims.text("aud").equalsIgnoreCase(PRODUCT)) {
            throw new NotLicensed("the licence is for another product");
        }
        Json terms = claims.object("licence");
        long issued = claims.date("iat");
        long expires = claims.date("exp");
        long graceUntil = terms.date("graceUntil");
        if (issued > keySet.date("exp")) {
            throw new NotLicensed("the licence was issued after the end of the key set");
        }
        if (terms.date("renewAfter") > expires || expires > graceUntil || graceUntil - issued > keySet.date("life")) {
            throw new NotLicensed("the licence lasts longer than the key set allows");
        }
        if (Instant.now().getEpochSecond() >= graceUntil) {
            throw new NotLicensed("the licence and its grace have ended");
        }
        return claims;
    }

    private static SigningKey findKey(Json keySet, String kid) throws NotLicensed {
        SigningKey found = null;
        List<?> keys = keySet.members().get("keys") instanceof List<?> list ? list : List.of();
        for (Object value : keys) {
            // A private or secret key has no place in a key set.
            if (!(value instanceof Json jwk) || jwk.has("d") || jwk.has("k")) {
                throw new NotLicensed("the key set has unusable keys");
            }
            boolean isForSignatures = (!jwk.has("use") || jwk.text("use").equals("sig"))
                    && (!jwk.has("alg") || jwk.text("alg").equals("ES256"));
            SigningKey key = isForSignatures ? SigningKey.read(jwk) : null;
            // The thumbprint is computed here: no key can take another's name.
            if (key != null && key.thumbprint().equals(kid) && !ROOT_KEYS.contains(kid)) found = key;
        }
        if (found == null) throw new NotLicensed("the licence is signed by a key that is not in the key set");
        return found;
    }

    private static void checkVm(Json claims) throws NotLicensed {
        String licensed = claims.object("azure").text("vmId");
        if (!claims.text("sub").equals("urn:azure:vm:" + licensed)) {
            throw new NotLicensed("the licence names two VMs");
        }
        String here = ThisVm.readId();
        if (here == null && ThisVm.isForeignChassis()) throw new NotLicensed("this machine is not in Azure");
        if (here != null && !here.equals(licensed)) throw new NotLicensed("the licence is for another VM");
    }

    public static void main(String[] args) {
        ReadState.run(args, folder -> verify(folder).object("licence").text("id"));
    }
}

/** A compact JWS taken apart. Nothing is verified before checkSignature. */
record Token(Json header, Json claims, byte[] signed, byte[] signature, String name) {
    static Token parse(String text, String name) throws NotLicensed {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) throw new NotLicensed(name + " is malformed");
        Json header = Json.parse(new String(decode(parts[0]), StandardCharsets.UTF_8), name);
        Json claims = Json.parse(new String(decode(parts[1]), StandardCharsets.UTF_8), name);
        byte[] signed = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII);
        return new Token(header, claims, signed, decode(parts[2]), name);
    }

    /** Decodes canonical base64url: one spelling for one value. Empty where it is not that. */
    static byte[] decode(String text) {
        try {
            byte[] octets = Base64.getUrlDecoder().decode(text);
            return encode(octets).equals(text) ? octets : new byte[0];
        } catch (IllegalArgumentException problem) {
            return new byte[0];
        }
    }

    static String encode(byte[] octets) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(octets);
    }

    /** ES256: the signature is r and s, 32 octets each (IEEE P1363). */
    void checkSignature(SigningKey key) throws NotLicensed {
        try {
            Signature verifier = Signature.getInstance("SHA256withECDSAinP1363Format");
            verifier.initVerify(key.key());
            verifier.update(signed);
            if (signature.length == 64 && verifier.verify(signature)) return;
        } catch (GeneralSecurityException problem) {
            // It is no signature.
        }
        throw new NotLicensed("the signature of " + name + " is wrong");
    }
}

/** A public key with its RFC 7638 thumbprint. */
record SigningKey(String thumbprint, PublicKey key) {
    /** Null where it is no P-256 key. */
    static SigningKey read(Json jwk) {
        String x = jwk.text("x");
        String y = jwk.text("y");
        boolean isP256 = jwk.text("kty").equals("EC") && jwk.text("crv").equals("P-256");
        if (!isP256 || x.length() != 43 || y.length() != 43) return null;
        ECPoint point = new ECPoint(new BigInteger(1, Token.decode(x)), new BigInteger(1, Token.decode(y)));
        String members = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" + x + "\",\"y\":\"" + y + "\"}";
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec("secp256r1"));
            ECParameterSpec curve = parameters.getParameterSpec(ECParameterSpec.class);
            if (!isOn(curve, point)) return null;
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(members.getBytes(StandardCharsets.US_ASCII));
            PublicKey key = KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve));
            return new SigningKey(Token.encode(digest), key);
        } catch (GeneralSecurityException problem) {
            return null;
        }
    }

    /** y^2 = x^3 + ax + b, which Java does not check itself. */
    private static boolean isOn(ECParameterSpec spec, ECPoint point) {
        BigInteger p = ((ECFieldFp) spec.getCurve().getField()).getP();
        BigInteger x = point.getAffineX();
        BigInteger right = x.pow(3).add(spec.getCurve().getA().multiply(x)).add(spec.getCurve().getB());
        return point.getAffineY().pow(2).subtract(right).mod(p).signum() == 0;
    }
}
