using System.Security.Cryptography;
using GoldenThread.Gateway.Tests.Kitchen.V1;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Status = Grpc.Core.Status;

namespace GoldenThread.Gateway.Tests;

/// <summary>A real gRPC service behind the gateway under test.</summary>
internal sealed class KitchenService(KitchenServer server) : Kitchen.V1.Kitchen.KitchenBase
{
    public override Task<GetDishResponse> GetDish(GetDishRequest request, ServerCallContext context) => Task.FromResult(new GetDishResponse
    {
        Dish = new Dish { DishId = request.DishId, Name = "Soup", Etag = request.DishId == "quoted" ? "\"7\"" : "v7" },
        Restaurant = request.Restaurant,
    });

    public override Task<ListDishesResponse> ListDishes(ListDishesRequest request, ServerCallContext context) =>
        Task.FromResult(new ListDishesResponse { Request = request });

    public override Task<CreateDishResponse> CreateDish(CreateDishRequest request, ServerCallContext context) => Task.FromResult(new CreateDishResponse
    {
        Dish = request.Dish,
        Restaurant = request.Restaurant,
        DryRun = request.DryRun,
    });

    public override Task<UpdateDishResponse> UpdateDish(UpdateDishRequest request, ServerCallContext context) =>
        Task.FromResult(new UpdateDishResponse { Etag = request.Etag + "+1", Name = request.Name });

    public override Task<CookDishResponse> CookDish(CookDishRequest request, ServerCallContext context)
    {
        var response = new CookDishResponse
        {
            DishId = request.DishId,
            Minutes = request.Minutes,
            DeadlineSeconds = (context.Deadline - DateTime.UtcNow).TotalSeconds,
        };
        foreach (var entry in context.RequestHeaders.Where(entry => !entry.IsBinary))
        {
            response.Metadata[entry.Key] = entry.Value;
        }

        return Task.FromResult(response);
    }

    public override Task<ServeDishResponse> ServeDish(ServeDishRequest request, ServerCallContext context) => Task.FromResult(new ServeDishResponse());

    public override Task<GetByNameResponse> GetByName(GetByNameRequest request, ServerCallContext context) =>
        Task.FromResult(new GetByNameResponse { Name = request.Name });

    public override Task<GetFileResponse> GetFile(GetFileRequest request, ServerCallContext context) =>
        Task.FromResult(new GetFileResponse { Path = request.Path });

    public override Task<EchoResponse> Echo(EchoRequest request, ServerCallContext context) =>
        Task.FromResult(new EchoResponse { Everything = request.Everything });

    public override Task<FailResponse> Fail(FailRequest request, ServerCallContext context)
    {
        if (request.Crash)
        {
            throw new InvalidOperationException("secret inner workings at Secret.cs:line 42");
        }

        var status = new Google.Rpc.Status { Code = request.Code, Message = request.Message };
        if (request.Reason.Length > 0)
        {
            status.Details.Add(Any.Pack(new ErrorInfo { Reason = request.Reason, Domain = "test" }));
        }

        if (request.Fields.Count > 0)
        {
            var violations = request.Fields.Select(field => new BadRequest.Types.FieldViolation { Field = field, Description = "not good" });
            status.Details.Add(Any.Pack(new BadRequest { FieldViolations = { violations } }));
        }

        if (request.RetrySeconds > 0)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(request.RetrySeconds)) }));
        }

        throw new RpcException(
            new Status((StatusCode)request.Code, request.Message), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
    }

    public override async Task<HangResponse> Hang(HangRequest request, ServerCallContext context)
    {
        await Task.Delay(Timeout.Infinite, request.IgnoreDeadline ? server.Stopping : context.CancellationToken);
        return new HangResponse();
    }

    public override Task<WhoAnswersResponse> WhoAnswers(WhoAnswersRequest request, ServerCallContext context) =>
        Task.FromResult(new WhoAnswersResponse { Name = server.Name });

    public override Task<WhoTakesResponse> WhoTakes(WhoTakesRequest request, ServerCallContext context) =>
        Task.FromResult(new WhoTakesResponse { Name = server.Name });

    public override async Task WatchDishes(WatchDishesRequest request, IServerStreamWriter<WatchDishesResponse> responseStream, ServerCallContext context)
    {
        for (var at = 0; at < request.Count; at++)
        {
            if (request.HasFailAfter && at == request.FailAfter)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the kitchen closes"));
            }

            await responseStream.WriteAsync(new WatchDishesResponse { Dish = new Dish { DishId = $"d{at}", Calories = at } }, context.CancellationToken);
        }
    }

    public override async Task<ImportMenuResponse> ImportMenu(IAsyncStreamReader<ImportMenuRequest> requestStream, ServerCallContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var response = new ImportMenuResponse();
        var isFirst = true;
        try
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                var piece = requestStream.Current;
                if (isFirst)
                {
                    isFirst = false;
                    Interlocked.Increment(ref server.BegunUploads);
                    response.Restaurant = piece.Restaurant;
                    response.DryRun = piece.DryRun;
                    response.ContentType = piece.File.ContentType;
                    if (piece.Refuse)
                    {
                        throw new RpcException(new Status(StatusCode.InvalidArgument, "this file is not wanted"));
                    }
                }

                hash.AppendData(piece.File.Data.Span);
                response.Bytes += piece.File.Data.Length;
            }
        }
        catch (Exception e) when (e is not RpcException)
        {
            Interlocked.Increment(ref server.BrokenUploads);
            throw;
        }

        Interlocked.Increment(ref server.CompleteUploads);
        response.Sha256 = Convert.ToHexString(hash.GetHashAndReset());
        return response;
    }

    public override async Task DownloadMenu(DownloadMenuRequest request, IServerStreamWriter<HttpBody> responseStream, ServerCallContext context)
    {
        await context.WriteResponseHeadersAsync(new Metadata { { "content-disposition", "attachment; filename=\"menu.csv\"" }, { "inner", "secret" } });
        var piece = ByteString.CopyFrom(new byte[32 * 1024]);
        for (long sent = 0; sent < request.Bytes;)
        {
            if (request.HasFailAfter && sent >= request.FailAfter)
            {
                throw new RpcException(new Status(StatusCode.Internal, "the printer broke"));
            }

            var length = (int)Math.Min(piece.Length, request.Bytes - sent);
            await responseStream.WriteAsync(
                new HttpBody { ContentType = "text/csv", Data = length == piece.Length ? piece : ByteString.CopyFrom(new byte[length]) },
                context.CancellationToken);
            sent += length;
        }
    }
}

/// <summary>Says of the kitchen that it serves, or not.</summary>
internal sealed class KitchenHealth(KitchenServer server) : Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => Task.FromResult(new HealthCheckResponse
    {
        Status = server.IsServing ? HealthCheckResponse.Types.ServingStatus.Serving : HealthCheckResponse.Types.ServingStatus.NotServing,
    });
}
