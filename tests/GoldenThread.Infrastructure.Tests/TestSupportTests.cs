using System.Net.Http.Json;
using System.Text.Json;
using GoldenThread.TestSupport;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Npgsql;
using Xunit;

namespace GoldenThread.Infrastructure.Tests;

public class TestSupportTests
{
    private static readonly TemplateDatabase Template = new("sample", async (owner, application) =>
    {
        await using var source = NpgsqlDataSource.Create(owner);
        await using var command = source.CreateCommand($"""
            create table pupil (pupil_id uuid primary key);
            grant usage on schema public to {application};
            grant select, insert on pupil to {application};
            """);
        await command.ExecuteNonQueryAsync();
    });

    [Fact]
    public async Task Clones_DoNotShareRows_AndTheApplicationOwnsNothing()
    {
        await using var one = await Template.CloneAsync();
        await using var two = await Template.CloneAsync();
        Assert.Equal(1, await ExecuteAsync(one.ConnectionString, $"insert into pupil values ('{Guid.CreateVersion7()}')"));
        Assert.Equal(0L, await ScalarAsync(two.ConnectionString, "select count(*) from pupil"));
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(one.ConnectionString, "drop table pupil"));
    }

    [Fact]
    public async Task Issuer_PublishesTheKeyOfGoodTokens_AndNotOfBadOnes()
    {
        await using var issuer = await TestIssuer.StartAsync();
        using var http = new HttpClient();
        var discovery = await http.GetFromJsonAsync<JsonElement>(
            $"{issuer.Authority}/.well-known/openid-configuration", TestContext.Current.CancellationToken);
        var keys = new JsonWebKeySet(await http.GetStringAsync(
            discovery.GetProperty("jwks_uri").GetString(), TestContext.Current.CancellationToken));
        var rules = new TokenValidationParameters
        {
            ValidIssuer = discovery.GetProperty("issuer").GetString(),
            ValidAudience = TestIssuer.Audience,
            IssuerSigningKeys = keys.GetSigningKeys(),
            ClockSkew = TimeSpan.Zero,
        };
        var reader = new JsonWebTokenHandler();

        var good = await reader.ValidateTokenAsync(issuer.Token("head", "results.read"), rules);
        Assert.True(good.IsValid, good.Exception?.Message);
        Assert.Equal("head", good.ClaimsIdentity.FindFirst("sub")?.Value);

        string[] bad =
        [
            issuer.ExpiredToken("head", "results.read"), issuer.WrongAudienceToken("head", "results.read"),
            issuer.WrongIssuerToken("head", "results.read"), issuer.WrongKeyToken("head", "results.read"), issuer.InternalToken("svc-tracking"),
        ];
        foreach (var token in bad)
        {
            Assert.False((await reader.ValidateTokenAsync(token, rules)).IsValid);
        }
    }

    [Fact]
    public async Task Rabbit_HasAVirtualHostForUs()
    {
        var rabbit = await RabbitServer.SharedAsync();
        await using var connection = await new RabbitMQ.Client.ConnectionFactory { Uri = rabbit.Uri }
            .CreateConnectionAsync();
        Assert.True(connection.IsOpen);
    }

    private static async Task<int> ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
