using System.Globalization;
using System.Text;
using System.Text.Json;

/// <summary>This software may not run; the message says why.</summary>
class NotLicensedException(string message) : Exception(message);

/// <summary>Level 1: the agent's files.</summary>
static class RunFolder
{
    public static readonly string Usual = OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "Countersign")
        : "/run/countersign";

    const int MaxState = 64;
    const int MaxStatus = 65_536;

    /// <summary>The agent checks earlier than it says in nextCheckAt, never half an hour later.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    /// <returns>licensed or grace</returns>
    public static string ReadState(string folder)
    {
        var state = ReadText(folder, "state", MaxState).Trim();
        if (state is not ("licensed" or "grace")) // also words that a later agent may have
            throw new NotLicensedException($"the state is \"{state}\"");
        if (ReadNextCheck(folder) + Patience < DateTimeOffset.UtcNow)
            throw new NotLicensedException("no agent runs: its next check is more than 30 minutes overdue");
        return state;
    }

    static DateTimeOffset ReadNextCheck(string folder)
    {
        var status = Json.Parse(ReadText(folder, "status.json", MaxStatus), "status.json");
        var text = status.Text("nextCheckAt");
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new NotLicensedException("status.json has no nextCheckAt");
    }

    /// <summary>Reads a file of at most so many octets.</summary>
    public static string ReadText(string folder, string name, int longest)
    {
        var octets = new byte[longest + 1];
        int length;
        try
        {
            using var file = File.OpenRead(Path.Combine(folder, name));
            length = file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new NotLicensedException($"{name} cannot be read ({problem.Message.TrimEnd('.')})");
        }
        if (length > longest) throw new NotLicensedException($"{name} is too long");
        return Encoding.UTF8.GetString(octets, 0, length);
    }
}

/// <summary>Members of JSON that is not believed yet.</summary>
static class Json
{
    public static JsonElement Parse(string text, string what)
    {
        try
        {
            var root = JsonDocument.Parse(text).RootElement;
            if (root.ValueKind == JsonValueKind.Object) return root;
        }
        catch (JsonException)
        {
        }
        throw new NotLicensedException($"{what} is malformed");
    }

    /// <returns>null where there is no such text</returns>
    public static string? Text(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.String } found ? found.Decode() : null;

    static string? Decode(this JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException) // half a character
        {
            return null;
        }
    }

    /// <returns>null where there is no such member</returns>
    public static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) ? found : null;

    /// <summary>Whole seconds since 1970 (NumericDate).</summary>
    public static long Date(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out var date) && date >= 0
            ? date
            : throw new NotLicensedException($"{name} is missing in a token");

    public static bool HasExactly(this JsonElement element, params string[] names) =>
        element.ValueKind == JsonValueKind.Object && element.EnumerateObject().Count() == names.Length &&
        names.All(name => element.Find(name) is not null);
}
