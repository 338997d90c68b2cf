using GoldenThread.ServiceDefaults;
using GoldenThread.Type.V1;
using Microsoft.Extensions.Options;

namespace GoldenThread.Tracking.Grants;

/// <summary>Who administers before anybody could have been given a grant. Section "Tracking".</summary>
internal sealed class TrackingOptions
{
    /// <summary>The first administrators; without one nobody can be given anything.</summary>
    public List<BootstrapAdministrator> BootstrapAdministrators { get; set; } = [];

    /// <summary>What is wrong with the options; null where nothing is.</summary>
    public string? Problem() =>
        BootstrapAdministrators.Find(a => a.Issuer.Length == 0 || a.Subject.Length == 0 || a.ToRole() is null) is null
            ? null
            : "Tracking:BootstrapAdministrators needs an Issuer, a Subject and a Role of DataLead or TrustIt each; example: "
                + "Tracking__BootstrapAdministrators__0__Issuer=https://login.example.org, …__0__Subject=3f2a…, …__0__Role=TrustIt";
}

/// <summary>One of the first administrators.</summary>
internal sealed class BootstrapAdministrator
{
    /// <summary>Issuer of the administrator's tokens.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>Subject at that issuer.</summary>
    public string Subject { get; set; } = "";

    /// <summary>"TrustIt" or "DataLead".</summary>
    public string Role { get; set; } = "TrustIt";

    /// <summary>The role; null where it is not one that administers.</summary>
    public Role? ToRole() =>
        Enum.TryParse<Role>(Role, ignoreCase: true, out var role) && role is Type.V1.Role.TrustIt or Type.V1.Role.DataLead ? role : null;
}

/// <summary>
/// Gives the configured administrators their role for the whole trust once, at start. A grant that was ended by somebody stays ended:
/// configuration does not undo what people decide later.
/// </summary>
internal sealed partial class BootstrapAdministrators(
    Works works, IOptions<TrackingOptions> options, TimeProvider clock, ILogger<BootstrapAdministrators> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (options.Value.BootstrapAdministrators.Count > 0)
        {
            try
            {
                await ApplyAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (Transience.IsNotThereYet(e))
            {
                // The service is up before its database, or its migration, is: it tries again.
                LogWaiting();
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ApplyAsync(CancellationToken ct)
    {
        foreach (var administrator in options.Value.BootstrapAdministrators)
        {
            await GiveAsync(administrator, ct);
        }
    }

    private async Task GiveAsync(BootstrapAdministrator administrator, CancellationToken ct)
    {
        var caller = Caller.Service("tracking");
        var grant = new Grant
        {
            GrantId = Guid.CreateVersion7(),
            Version = 1,
            Issuer = administrator.Issuer,
            Subject = administrator.Subject,
            Role = administrator.ToRole()!.Value,
            YearGroups = [],
            ClassIds = [],
            Subjects = [],
            ValidFrom = clock.GetUtcNow(),
            Reason = "first administrator, by configuration",
        };
        await using var work = await works.BeginAsync(caller, "bootstrap administrators", ct);
        if (!await GrantStore.GiveFirstAsync(work, grant, caller, ct))
        {
            return;
        }

        work.Publish(grant.ToEvent());
        work.Audit("grant", grant.GrantId.ToString(), null, $"{grant.Role} to {grant.Subject}");
        await work.CommitAsync();
        LogGiven(grant.Role, grant.GrantId);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "First administrator by configuration: {Role}, grant {GrantId}")]
    private partial void LogGiven(Role role, Guid grantId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The first administrators wait for the database")]
    private partial void LogWaiting();
}
