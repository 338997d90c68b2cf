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

try
{
    // Errors that we name are told in one sentence; anything else keeps its stack trace.
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InfrastructureException e)
{
    Console.Error.WriteLine($"gt: {e.Message}");
    return 1;
}
