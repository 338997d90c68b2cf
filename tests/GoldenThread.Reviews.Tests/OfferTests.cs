using GoldenThread.Reviews.V1;
using GoldenThread.Type.V1;
using Grpc.Core;

namespace GoldenThread.Reviews.Tests;

/// <summary>The engagement offer through the door.</summary>
public class OfferTests(ReviewsHost host) : IClassFixture<ReviewsHost>
{
    private readonly OfferService.OfferServiceClient offers = new(host.Channel);

    [Fact]
    public async Task Offer_AsShipped_IsReadBackWhole()
    {
        var sent = ShippedOffer.AsSent();

        var written = (await offers.ReplaceOfferAsync(new() { AcademicYear = "2030-31", Offer = sent }, host.Deputy)).Offer;
        var read = (await offers.GetOfferAsync(new() { AcademicYear = "2030/31" }, host.Deputy)).Offer;

        Assert.Equal(written, read);
        Assert.Equal("2030/31", read.AcademicYear);
        Assert.Equal(1, read.Version);
        Assert.Equal(sent.Rows.Count, read.Rows.Count);
        Assert.Equal(sent.Rows.Select(r => r.Cells), read.Rows.Select(r => r.Cells));
        Assert.Equal(sent.Planning, read.Planning);
        Assert.Equal(sent.Categories, read.Categories);
    }

    [Fact]
    public async Task Offer_ThatIsReplaced_KeepsItsOlderVersions()
    {
        var first = (await offers.ReplaceOfferAsync(new() { AcademicYear = "2031-32", Offer = ShippedOffer.AsSent() }, host.Deputy)).Offer;
        var edited = ShippedOffer.AsSent();
        edited.Rows[0].Title = "Peer review";

        var second = (await offers.ReplaceOfferAsync(new() { AcademicYear = "2031-32", Offer = edited }, host.DeputyIf(first.Etag))).Offer;

        Assert.Equal(2, second.Version);
        await Refused.WithAsync(StatusCode.Aborted, "ETAG_MISMATCH",
            () => offers.ReplaceOfferAsync(new() { AcademicYear = "2031-32", Offer = edited }, host.DeputyIf(first.Etag)));
        var older = (await offers.GetOfferAsync(new() { AcademicYear = "2031-32", Version = 1 }, host.Deputy)).Offer;
        Assert.Equal(first, older);
    }

    [Fact]
    public async Task Offer_ThatCannotStand_IsRefusedWithEveryFault()
    {
        var offer = ShippedOffer.AsSent();
        offer.Rows[0].Code = "Peer Review!";
        offer.Rows[1].HalfDays = 3;
        offer.Rows[2].Code = offer.Rows[3].Code;
        offer.Planning.LeastImprovementDays = 9;

        var e = await Refused.WithAsync(StatusCode.InvalidArgument, "OFFER_INVALID",
            () => offers.ReplaceOfferAsync(new() { AcademicYear = "2032-33", Offer = offer }, host.Deputy));

        var fields = Refused.FieldsOf(e);
        Assert.Contains("offer.rows", fields);
        Assert.Contains("offer.rows[0].code", fields);
        Assert.Contains("offer.rows[1].half_days", fields);
        Assert.Contains("offer.planning.least_improvement_days", fields);
        Assert.Contains("offer.planning.review_code", fields);
        await Refused.WithAsync(StatusCode.NotFound, "OFFER_NOT_FOUND", () => offers.GetOfferAsync(new() { AcademicYear = "2032-33" }, host.Deputy));
    }

    [Theory]
    [InlineData("2031")]
    [InlineData("2031-33")]
    [InlineData("")]
    public async Task AcademicYear_ThatIsNone_IsRefused(string year) =>
        await Refused.WithAsync(StatusCode.InvalidArgument, "ACADEMIC_YEAR_INVALID", () => offers.GetOfferAsync(new() { AcademicYear = year }, host.Deputy));

    [Fact]
    public async Task Offer_IsReadByHeads_AndWrittenByNoneOfThem()
    {
        await host.GrantAsync("head.offers", Role.Headteacher, 100_000);
        await offers.ReplaceOfferAsync(new() { AcademicYear = "2033-34", Offer = ShippedOffer.AsSent() }, host.Deputy);

        Assert.Equal("2033/34", (await offers.GetOfferAsync(new() { AcademicYear = "2033-34" }, host.Bearer("head.offers"))).Offer.AcademicYear);
        await Refused.WithAsync(StatusCode.PermissionDenied, "ROLE_MISSING",
            () => offers.ReplaceOfferAsync(new() { AcademicYear = "2033-34", Offer = ShippedOffer.AsSent() }, host.Bearer("head.offers")));
    }
}
