namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>The first administrators are given their role once: configuration does not undo what people decide later.</summary>
public sealed class FirstAdministratorTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task EndedGrant_StaysEnded_AfterARestart()
    {
        await using var specimen = await Specimen.StartedAsync(
            "--Tracking:BootstrapAdministrators:1:Issuer=https://elsewhere.example", "--Tracking:BootstrapAdministrators:1:Subject=second");
        await specimen.TrueAsync("select count(*) = 2 from role_grant");
        await specimen.ExecuteAsync("update role_grant set valid_to = now(), ended_reason = 'left the trust' where subject = 'lead'");
        // As if the second had never been given: that it is given shows that the first has been looked at.
        await specimen.ExecuteAsync("delete from role_grant where subject = 'second'");

        specimen.Terminate();
        Assert.True(await specimen.EndsAsync(Soon), "the process did not end");
        await specimen.StartAsync();

        await specimen.TrueAsync("select exists (select from role_grant where subject = 'second')");
        Assert.True(await specimen.ScalarAsync<bool>("select count(*) = 1 and bool_and(valid_to is not null) from role_grant where subject = 'lead'"));
    }
}
