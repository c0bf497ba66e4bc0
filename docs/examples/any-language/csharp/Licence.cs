using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

/// <summary>Level 2: verifies the licence again, under the vendor's root key, for this very VM.</summary>
static class Licence
{
    // Yours. They must be in the program: whatever it reads from this machine, root of this machine can write.
    const string Issuer = "https://licences.contoso.com";
    const string Product = "contoso/widget";
    static readonly string[] RootKeys = ["Qz0l7u8v5JXqk3nS2pYtWmR4cH1bE9fGdAaBxKoLiNs"];

    const int MaxToken = 16_384;
    const long LongestSet = 92 * 86_400;

    // They would change what is verified, or say where the key comes from.
    static readonly string[] RefusedMembers = ["jku", "x5u", "x5c", "jwk", "crit", "b64"];

    /// <returns>the claims of the licence</returns>
    public static async Task<JsonElement> Verify(string folder)
    {
        RunFolder.ReadState(folder);
        // The agent writes the key set before the licence, so read it after the licence.
        var licence = RunFolder.ReadText(folder, "licence.jwt", MaxToken);
        var keySet = VerifyKeySet(RunFolder.ReadText(folder, "jwks.jwt", MaxToken));
        var claims = VerifyLicence(licence, keySet);
        await CheckVm(claims);
        return claims;
    }

    static JsonElement VerifyKeySet(string text)
    {
        var token = Token.Parse(text, "jwks.jwt");
        var header = token.Header;
        if (!header.HasExactly("alg", "typ", "kid", "jwk") || header.Text("alg") != "ES256" ||
            header.Text("typ") != "jwk-set+jwt" || !header.GetProperty("jwk").HasExactly("kty", "crv", "x", "y"))
            throw new NotLicensedException("jwks.jwt is no signed key set");
        var root = SigningKey.Read(header.GetProperty("jwk"));
        if (root is null || root.Thumbprint != header.Text("kid") || !RootKeys.Contains(root.Thumbprint))
            throw new NotLicensedException("the key set is signed by another root key");
        token.CheckSignature(root);
        var claims = token.Claims;
        if (claims.Text("iss") != Issuer || claims.Text("sub") != Issuer)
            throw new NotLicensedException("the key set is of another issuer");
        var (iat, exp, _) = (claims.Date("iat"), claims.Date("exp"), claims.Date("life"));
        if (exp <= iat || exp - iat > LongestSet) throw new NotLicensedException("the key set lasts too long");
        return claims;
    }

    static JsonElement VerifyLicence(string text, JsonElement keySet)
    {
        var token = Token.Parse(text, "licence.jwt");
        var header = token.Header;
        if (header.Text("alg") != "ES256" || header.Text("typ") != "licence+jwt" ||
            RefusedMembers.Any(name => header.Find(name) is not null))
            throw new NotLicensedException("licence.jwt is no licence");
        token.CheckSignature(FindKey(keySet, header.Text("kid")));
        var claims = token.Claims;
        if (claims.Text("iss") != Issuer ||
            !string.Equals(claims.Text("aud"), Product, StringComparison.OrdinalIgnoreCase))
            throw new NotLicensedException("the licence is for another product");
        var (iat, exp, terms) = (claims.Date("iat"), claims.Date("exp"), claims.Find("licence") ?? default);
        var (renewAfter, graceUntil) = (terms.Date("renewAfter"), terms.Date("graceUntil"));
        if (iat > keySet.Date("exp"))
            throw new NotLicensedException("the licence was issued after the end of the key set");
        if (renewAfter > exp || exp > graceUntil || graceUntil - iat > keySet.Date("life"))
            throw new NotLicensedException("the licence lasts longer than the key set allows");
        if (DateTimeOffset.UtcNow.ToUnixTimeSeconds() >= graceUntil)
            throw new NotLicensedException("the licence and its grace have ended");
        return claims;
    }

    static SigningKey FindKey(JsonElement keySet, string? kid)
    {
        if (keySet.Find("keys") is not { ValueKind: JsonValueKind.Array } list || list.EnumerateArray().Any(IsUnusable))
            throw new NotLicensedException("the key set has unusable keys");
        return list.EnumerateArray()
            .Where(jwk => (jwk.Find("use") is null || jwk.Text("use") == "sig") &&
                (jwk.Find("alg") is null || jwk.Text("alg") == "ES256"))
            .Select(SigningKey.Read)
            // The thumbprint is computed here: no key can take another's name.
            .FirstOrDefault(key => key is not null && key.Thumbprint == kid && !RootKeys.Contains(kid))
            ?? throw new NotLicensedException("the licence is signed by a key that is not in the key set");
    }

    /// <summary>A private or secret key has no place in a key set.</summary>
    static bool IsUnusable(JsonElement jwk) =>
        jwk.ValueKind != JsonValueKind.Object || jwk.Find("d") is not null || jwk.Find("k") is not null;

    static async Task CheckVm(JsonElement claims)
    {
        var licensed = (claims.Find("azure") ?? default).Text("vmId");
        if (claims.Text("sub") != $"urn:azure:vm:{licensed}")
            throw new NotLicensedException("the licence names two VMs");
        var here = await ThisVm.ReadId();
        if (here is null && ThisVm.IsForeignChassis())
            throw new NotLicensedException("this machine is not in Azure");
        if (here is not null && here != licensed)
            throw new NotLicensedException("the licence is for another VM");
    }
}

/// <summary>A compact JWS taken apart. Nothing is verified before CheckSignature.</summary>
record Token(JsonElement Header, JsonElement Claims, byte[] Signed, byte[] Signature, string Name)
{
    public static Token Parse(string text, string name)
    {
        var parts = text.Split('.');
        if (parts.Length != 3) throw new NotLicensedException($"{name} is malformed");
        var octets = parts.Select(Base64Url.Decode).ToArray();
        if (octets.Contains(null)) throw new NotLicensedException($"{name} is malformed");
        var (header, claims) = (Encoding.UTF8.GetString(octets[0]!), Encoding.UTF8.GetString(octets[1]!));
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        return new(Json.Parse(header, name), Json.Parse(claims, name), signed, octets[2]!, name);
    }

    /// <summary>ES256: the signature is r and s, 32 octets each, which is what ECDsa takes.</summary>
    public void CheckSignature(SigningKey key)
    {
        if (Signature.Length != 64 || !key.Key.VerifyData(Signed, Signature, HashAlgorithmName.SHA256))
            throw new NotLicensedException($"the signature of {Name} is wrong");
    }
}

/// <summary>A public key with its RFC 7638 thumbprint.</summary>
record SigningKey(string Thumbprint, ECDsa Key)
{
    /// <returns>null where it is no P-256 key</returns>
    public static SigningKey? Read(JsonElement jwk)
    {
        if (jwk.Text("kty") != "EC" || jwk.Text("crv") != "P-256") return null;
        if (jwk.Text("x") is not { Length: 43 } x || jwk.Text("y") is not { Length: 43 } y) return null;
        var members = Encoding.UTF8.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""");
        try
        {
            var point = new ECPoint { X = Base64Url.Decode(x), Y = Base64Url.Decode(y) };
            var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point });
            return new(Base64Url.Encode(SHA256.HashData(members)), key);
        }
        catch (CryptographicException) // it is not on the curve
        {
            return null;
        }
    }
}

static class Base64Url
{
    /// <returns>null where the text is not canonical: one spelling for one value</returns>
    public static byte[]? Decode(string text)
    {
        try
        {
            var padding = new string('=', (4 - text.Length % 4) % 4);
            var octets = Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + padding);
            return Encode(octets) == text ? octets : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public static string Encode(byte[] octets) =>
        Convert.ToBase64String(octets).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
