using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;

namespace GoldenThread.ServiceDefaults;

/// <summary>What is worth a line in the log unless the settings say otherwise.</summary>
public static class Logs
{
    /// <summary>
    /// Keeps the frameworks from writing several lines for each request: traces tell that better, and the lines cost more than the request.
    /// <c>Logging__LogLevel__Microsoft.AspNetCore=Information</c> brings them back.
    /// </summary>
    public static WebApplicationBuilder AddLogDefaults(this WebApplicationBuilder builder)
    {
        // The first source is the weakest: whatever else is configured wins.
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Logging:LogLevel:Microsoft.AspNetCore", "Warning"),
                new("Logging:LogLevel:System.Net.Http.HttpClient", "Warning"),
                new("Logging:LogLevel:Yarp", "Warning"),
            ],
        });
        return builder;
    }
}
