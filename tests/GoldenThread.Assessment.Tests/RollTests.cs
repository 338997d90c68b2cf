using GoldenThread.Assessment.Pupils;
using GoldenThread.Tracking.Events.V1;

namespace GoldenThread.Assessment.Tests;

public sealed class RollTests
{
    [Fact]
    public void Clean_WhateverTheRosterSays_LeavesOneRowPerSchoolAndOneMainSchoolPerDay()
    {
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            var rows = Enumerable.Range(0, random.Next(1, 7)).Select(_ =>
            {
                var from = new DateOnly(2024, 9, 1).AddDays(random.Next(600));
                return new PupilEnrolment
                {
                    SchoolUrn = 100_000 + random.Next(3),
                    From = from,
                    To = random.Next(2) == 0 ? null : from.AddDays(random.Next(400)),
                    IsMain = random.Next(3) > 0,
                    YearGroup = $"{random.Next(1, 7)}",
                };
            }).ToList();

            var clean = Roll.Clean(rows);

            foreach (var (a, b) in clean.SelectMany((a, i) => clean.Skip(i + 1).Select(b => (a, b))))
            {
                var overlap = a.From <= (b.To ?? DateOnly.MaxValue) && b.From <= (a.To ?? DateOnly.MaxValue);
                Assert.False(overlap && (a.SchoolUrn == b.SchoolUrn || (a.IsMain && b.IsMain)), $"{a} overlaps {b}");
            }
        }
    }

    [Fact]
    public void Naming_AUpnOfTwoFormerOwners_NamesNobody_AndAPresentOneCountsFirst()
    {
        var (one, two, three) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());

        var named = Naming.Of(
        [
            new PupilIdentifiers { PupilId = one, Version = 1, Upn = "P", FormerUpns = ["F", "Q"] },
            new PupilIdentifiers { PupilId = two, Version = 1, Upn = "Q", FormerUpns = ["F"] },
            new PupilIdentifiers { PupilId = three, Version = 1, Upn = null, FormerUpns = [] },
        ]);

        Assert.Equal([("F", null, true), ("P", one, false), ("Q", (Guid?)two, false)], named.OrderBy(n => n.Upn));
    }
}
