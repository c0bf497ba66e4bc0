// dotnet run -- read-state [FOLDER]    level 1: asks the agent's files whether this software may run
// dotnet run -- verify [FOLDER]        level 2: verifies the licence again, under the vendor's root key
// Exits with 0 while it may run; otherwise with 1 and the reason on standard error.
try
{
    switch (args)
    {
        case ["read-state", ..] when args.Length <= 2:
            Console.WriteLine(RunFolder.ReadState(args.ElementAtOrDefault(1) ?? RunFolder.Usual));
            return 0;
        case ["verify", ..] when args.Length <= 2:
            var claims = await Licence.Verify(args.ElementAtOrDefault(1) ?? RunFolder.Usual);
            Console.WriteLine(claims.GetProperty("licence").GetProperty("id"));
            return 0;
        default:
            Console.Error.WriteLine("usage: read-state [FOLDER] | verify [FOLDER]");
            return 2;
    }
}
catch (NotLicensedException problem)
{
    Console.Error.WriteLine($"Not licensed: {problem.Message}.");
    return 1;
}
