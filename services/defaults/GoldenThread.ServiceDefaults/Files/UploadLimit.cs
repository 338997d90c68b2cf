using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Options;

namespace GoldenThread.ServiceDefaults;

/// <summary>
/// Lets in as many uploads at once as the service has room for, and tells the next to come again. An upload works in one transaction while its file is
/// read: as many slow senders as there are connections would leave none to anybody else. For the same reason it waits for no file that comes too slowly.
/// </summary>
internal sealed class UploadLimit(IOptions<ServiceOptions> options) : Interceptor, IDisposable
{
    private static readonly TimeSpan ComeAgain = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim room = new(options.Value.MostUploadsAtOnce);

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (!await room.WaitAsync(TimeSpan.Zero, context.CancellationToken))
        {
            throw Refusal.Unavailable(
                "UPLOADS_FULL", "As many files are on their way as are taken at once. Nothing of yours was read; send it again soon.", ComeAgain);
        }

        try
        {
            return await continuation(new PatientReader<TRequest>(requestStream, options.Value.UploadPatience, options.Value.LeastUploadRate), context);
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose() => room.Dispose();
}
