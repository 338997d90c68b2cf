using System.CommandLine;
using GoldenThread.Cli.Commands;
using GoldenThread.Infrastructure;

var root = new RootCommand("GoldenThread on this machine")
{
    UpCommand.Create(),
    DownCommand.Create(),
    StatusCommand.Create(),
    LogsCommand.Create(),
    ResetCommand.Create(),
    TokenCommand.Create(),
    EnvCommand.Create(),
    TestCommand.Create(),
    BenchCommand.Create(),
    SeedCommand.Create(),
    VerifyCommand.Create(),
    ErrorsCommand.Create(),
};

string[] asked = args switch
{
    [] => ["--help"],
    ["help", .. var command] => [.. command, "--help"],
    _ => args,
};

try
{
    // Errors that we name are told in one sentence; anything else keeps its stack trace.
    return await root.Parse(asked).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InfrastructureException e)
{
    Console.Error.WriteLine($"gt: {e.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("gt: ended before it was done");
    return 130;
}
