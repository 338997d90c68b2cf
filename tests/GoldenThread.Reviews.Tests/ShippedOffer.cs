using GoldenThread.Reviews.Offers;
using GoldenThread.TestSupport;
using Google.Protobuf;

namespace GoldenThread.Reviews.Tests;

/// <summary>The engagement offer that is shipped with the product.</summary>
internal static class ShippedOffer
{
    private static readonly Lazy<string> Json = new(() => File.ReadAllText(Repository.File("packs/engagement-offer/offer.json")));

    public static V1.Offer AsSent() => JsonParser.Default.Parse<V1.Offer>(Json.Value);

    public static Offer For(string academicYear) => AsSent().FromProto(academicYear) with { Version = 1 };
}
