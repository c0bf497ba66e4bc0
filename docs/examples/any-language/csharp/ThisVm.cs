/// <summary>Which VM this is.</summary>
static class ThisVm
{
    const string IdUrl = "http://169.254.169.254/metadata/instance/compute/vmId?api-version=2021-01-01&format=text";
    const string ChassisTag = "/sys/class/dmi/id/chassis_asset_tag";
    const string AzureTag = "7783-7084-3265-9085-8269-3286-77";

    /// <summary>One request to Azure's metadata service (IMDS), never through a proxy.</summary>
    /// <returns>null where it does not answer</returns>
    public static async Task<string?> ReadId()
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 64 };
        http.DefaultRequestHeaders.Add("Metadata", "true");
        try
        {
            var text = await http.GetStringAsync(IdUrl);
            return Guid.TryParseExact(text.Trim(), "D", out var id) ? id.ToString("D") : null;
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    /// <summary>Whether this hardware says that it is not Azure's. A tag that cannot be read says nothing.</summary>
    public static bool IsForeignChassis()
    {
        try
        {
            return File.ReadAllText(ChassisTag).Trim() != AzureTag;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false; // on Windows there is no such file
        }
    }
}
