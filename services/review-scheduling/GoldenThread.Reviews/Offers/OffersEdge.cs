using GoldenThread.Reviews.V1;
using GoldenThread.ServiceDefaults;
using Grpc.Core;

namespace GoldenThread.Reviews.Offers;

/// <summary>The trust's engagement offers.</summary>
internal sealed class OffersEdge(OfferStore store, Works works) : OfferService.OfferServiceBase
{
    public override async Task<ReplaceOfferResponse> ReplaceOffer(ReplaceOfferRequest request, ServerCallContext context)
    {
        var year = CallReading.Year(request.AcademicYear, "academic_year").ToString();
        var offer = (request.Offer ?? new V1.Offer()).FromProto(year);
        if (OfferRules.FaultsOf(offer) is { Count: > 0 } faults)
        {
            throw Errors.OfferInvalid(faults);
        }

        await using var work = await works.BeginAsync(context);
        await work.DemandWholeTrustAsync(context);
        var written = await store.AddAsync(work, offer, context.IfMatchWhereSent(), context.CancellationToken);
        work.Audit("offer", $"{written.AcademicYear} version {written.Version}");
        return await work.CommitAsync(new ReplaceOfferResponse { Offer = written.ToProto() });
    }

    public override async Task<GetOfferResponse> GetOffer(GetOfferRequest request, ServerCallContext context)
    {
        var year = CallReading.Year(request.AcademicYear, "academic_year").ToString();
        long? version = request.HasVersion ? request.Version : null;
        var offer = await store.FindAsync(year, version, context.CancellationToken) ?? throw Errors.OfferNotFound(year);
        return new() { Offer = offer.ToProto() };
    }
}
