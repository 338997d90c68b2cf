namespace GoldenThread.Gateway;

/// <summary>Binds and checks the settings: a wrong one stops the start and is named.</summary>
internal static class GatewaySettings
{
    public static void AddGatewaySettings(this WebApplicationBuilder builder) =>
        builder.Services.AddOptions<GatewayOptions>()
            .BindConfiguration("Gateway")
            .ValidateDataAnnotations()
            .Validate(options => options.BindAddressIsValid, "Gateway:BindAddress is not an address; example: Gateway__BindAddress=0.0.0.0")
            .Validate(
                options => options.HttpPort != options.GrpcPort || options.HttpPort == 0,
                "Gateway:HttpPort and Gateway:GrpcPort are the same; example: Gateway__HttpPort=5000, Gateway__GrpcPort=5001")
            .Validate(options => options.RateLimit.Requests >= 0, "Gateway:RateLimit:Requests must not be negative; example: Gateway__RateLimit__Requests=6000")
            .Validate(options => options.RateLimit.Window > TimeSpan.Zero, "Gateway:RateLimit:Window must be positive; example: Gateway__RateLimit__Window=00:01:00")
            .Validate(
                options => AllPositive(options),
                "Gateway:Deadlines:Default, Upload, Stream, each of Rpcs, FailureWindow and the intervals must be positive; example: Gateway__Deadlines__Default=00:00:30")
            .Validate(options => options.Sizes is { Json: > 0, Upload: > 0, Answer: > 0 }, "Gateway:Sizes must be positive; example: Gateway__Sizes__Json=4194304")
            .Validate(
                options => options.CertificateFile is null == (options.KeyFile is null),
                "Gateway:CertificateFile and Gateway:KeyFile belong together; give both or neither.")
            .ValidateOnStart();

    private static bool AllPositive(GatewayOptions options) =>
        options.Deadlines.Rpcs.Values
            .Concat([options.Deadlines.Default, options.Deadlines.Upload, options.Deadlines.Stream])
            .Concat([options.ContractsInterval, options.ResolveInterval, options.HealthInterval, options.FailureWindow])
            .All(time => time > TimeSpan.Zero);
}
