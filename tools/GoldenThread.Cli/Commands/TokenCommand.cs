using System.CommandLine;
using System.Net.Http.Json;
using System.Text.Json;
using GoldenThread.Cli.House;
using GoldenThread.Infrastructure;

namespace GoldenThread.Cli.Commands;

/// <summary><c>./gt token data-lead</c>: prints an access token of the development issuer, for curl and grpcurl.</summary>
public static class TokenCommand
{
    /// <summary>The command.</summary>
    public static System.CommandLine.Command Create()
    {
        var person = new Argument<string?>("person") { Description = "A demo person, such as data-lead or head", Arity = ArgumentArity.ZeroOrOne };
        var client = new Option<string?>("--client") { Description = $"A client instead of a person, such as {Settings.DemoPartner}" };
        var scope = new Option<string>("--scope") { Description = "Blank-separated scopes; all when left out", DefaultValueFactory = _ => "" };
        var command = new System.CommandLine.Command("token", "Print an access token of the development issuer") { person, client, scope };
        command.SetAction(async (parsed, _) =>
        {
            var gateway = RunningHouse.ReadGateway();
            var wanted = parsed.GetValue(scope)!;
            Console.WriteLine((parsed.GetValue(person), parsed.GetValue(client)) switch
            {
                ({ } subject, null) => await SignIn.TokenAsync(gateway, subject, wanted),
                (null, { } id) => await ClientTokenAsync(gateway, id, wanted),
                _ => throw new InfrastructureException("name a person or a client, for example: ./gt token data-lead"),
            });
            return 0;
        });
        return command;
    }

    /// <summary>An access token for a client of the development issuer, such as a partner or a service.</summary>
    public static async Task<string> ClientTokenAsync(string gateway, string client, string scope)
    {
        var secret = Deeds.Read().Secrets.GetValueOrDefault(client)
            ?? throw new InfrastructureException($"no client is called {client}");
        using var http = new HttpClient();
        var answer = await http.PostAsync($"{gateway}/connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = client,
            ["client_secret"] = secret,
            ["scope"] = scope,
        }));
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode
            ? token.GetProperty("access_token").GetString()!
            : throw new InfrastructureException($"no token was given: {token}");
    }
}
