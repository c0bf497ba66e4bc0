// Microsoft's own libraries as clients of the emulator. One line of JSON says what they found.
//   document URL        the attested document: its signature, and its path with the default revocation check
//   token               a token of DefaultAzureCredential, wherever it finds IMDS
// The process trusts what SSL_CERT_FILE names, and nothing else.
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Identity;

object found = args switch
{
    ["document", var url] => await CheckDocument(url),
    ["token"] => await GetToken(),
    _ => throw new ArgumentException("document URL | token"),
};
Console.WriteLine(JsonSerializer.Serialize(found));

static async Task<object> CheckDocument(string url)
{
    using var http = new HttpClient(new HttpClientHandler { UseProxy = false });
    http.DefaultRequestHeaders.Add("Metadata", "true");
    var json = await http.GetStringAsync($"{url}/metadata/attested/document?api-version=2020-09-01&nonce=1234567890");
    var signature = JsonDocument.Parse(json).RootElement.GetProperty("signature").GetString();
    var document = new SignedCms();
    document.Decode(Convert.FromBase64String(signature ?? ""));
    document.CheckSignature(verifySignatureOnly: true);
    var signer = document.SignerInfos[0].Certificate ?? throw new InvalidOperationException("no signer");
    using var chain = new X509Chain();
    var isBuilt = chain.Build(signer);
    return new
    {
        content = Encoding.UTF8.GetString(document.ContentInfo.Content),
        isBuilt,
        revocation = $"{chain.ChainPolicy.RevocationMode} {chain.ChainPolicy.RevocationFlag}",
        problems = chain.ChainStatus.Select(status => status.Status.ToString()),
        names = chain.ChainElements.Select(element => element.Certificate.GetNameInfo(X509NameType.SimpleName, false)),
    };
}

static async Task<object> GetToken()
{
    var credential = new DefaultAzureCredential(new DefaultAzureCredentialOptions
    {
        ExcludeEnvironmentCredential = true,
        ExcludeWorkloadIdentityCredential = true,
    });
    var token = await credential.GetTokenAsync(new TokenRequestContext(["https://vault.azure.net/.default"]));
    return new { token = token.Token, expiresOn = token.ExpiresOn };
}
