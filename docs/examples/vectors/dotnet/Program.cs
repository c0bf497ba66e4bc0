// What SignedCms and X509Chain accept of the vectors. Run: dotnet run -- FOLDER
// Each line of the output is JSON: the id of a vector, and whether .NET accepts it. docs/vectors.md describes the files.
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

var folder = args.FirstOrDefault(".");
using var file = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "vectors.json")));
foreach (var vector in file.RootElement.GetProperty("vectors").EnumerateArray())
{
    if (vector.GetProperty("features").GetArrayLength() > 0) continue;
    var id = vector.GetProperty("id").GetString();
    Console.WriteLine(JsonSerializer.Serialize(new { id, accepted = Verify(folder, vector) }));
}

static bool Verify(string folder, JsonElement vector)
{
    try
    {
        var document = new SignedCms();
        document.Decode(ReadDocument(folder, vector));
        document.CheckSignature(verifySignatureOnly: true);
        var signer = document.SignerInfos[0].Certificate;
        return signer is not null && HasPath(signer, folder, vector);
    }
    catch (Exception error) when (error is CryptographicException or FormatException)
    {
        return false;
    }
}

static byte[] ReadDocument(string folder, JsonElement vector)
{
    var path = Path.Combine(folder, vector.GetProperty("document").GetString()!);
    var isText = vector.GetProperty("form").GetString() == "text";
    return isText ? Convert.FromBase64String(File.ReadAllText(path)) : File.ReadAllBytes(path);
}

// Self-signed certificates are anchors. The vectors have no revocation lists.
static bool HasPath(X509Certificate2 signer, string folder, JsonElement vector)
{
    var trusted = new X509Certificate2Collection();
    var name = vector.GetProperty("trust").GetProperty("certificates").GetString()!;
    trusted.ImportFromPemFile(Path.Combine(folder, name));
    using var chain = new X509Chain();
    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
    chain.ChainPolicy.VerificationTime = vector.GetProperty("at").GetDateTimeOffset().LocalDateTime;
    foreach (var certificate in trusted)
    {
        var isAnchor = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        (isAnchor ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(certificate);
    }
    return chain.Build(signer);
}
