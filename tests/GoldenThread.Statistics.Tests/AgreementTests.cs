namespace GoldenThread.Statistics.Tests;

public class AgreementTests
{
    // Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd ed. 2003, table 18.1: kappa .68.
    // Its standard error by numerical differentiation of kappa (delta method), without the formula: .08770.
    private static readonly int[,] Published = { { 75, 1, 4 }, { 5, 4, 1 }, { 0, 0, 10 } };

    [Fact]
    public void CohensKappa_IsThePublishedExample()
    {
        var kappa = Assert.IsType<Figure.Estimate>(Agreement.CohensKappa(Published));

        Assert.Equal(0.68, kappa.Middle, 2);
        Assert.Equal(0.08770, (kappa.High - kappa.Low) / 2 / Confidence.Z(), 5);
        FigureAssert.Interval(0.8137, 0.89, 0.9375, Agreement.Exact(Published), 4);
    }

    [Fact]
    public void CohensKappa_OfPerfectAgreement_IsOne() =>
        FigureAssert.Interval(1, 1, 1, Agreement.CohensKappa(new[,] { { 6, 0 }, { 0, 4 } }), 12);

    [Fact]
    public void CohensKappa_WithNothingToTellApart_IsNotAvailable()
    {
        FigureAssert.Missing(Unavailable.NoPupils, Agreement.CohensKappa(new int[2, 2]));
        FigureAssert.Missing(Unavailable.NoVariation, Agreement.CohensKappa(new[,] { { 9, 0 }, { 0, 0 } }));
    }

    [Fact]
    public void Adjacent_CountsOneGradeApart() =>
        Assert.Equal(0.96, Agreement.Adjacent(Published).Point!.Value, 12);

    // Benjamini and Hochberg 1995, section 3.2: 15 p-values, of which the first four are selected at q = .05.
    [Fact]
    public void BenjaminiHochberg_SelectsTheFourOfThePublishedExample()
    {
        double[] published =
        [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
            0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
        ];
        double[] shuffled = [.. published.Reverse()];

        var found = FalseDiscovery.BenjaminiHochberg(shuffled);

        Assert.Equal(15, found.Tested);
        Assert.Equal(4, found.Selected.Count(selected => selected));
        Assert.True(found.Selected[14] && found.Selected[11] && !found.Selected[10]);
        Assert.Equal(0.0095 * 15 / 4, found.Adjusted[11], 12);
    }

    [Fact]
    public void BenjaminiHochberg_OfNothing_FindsNothing()
    {
        Assert.Equal(0, FalseDiscovery.BenjaminiHochberg([]).Tested);
        Assert.Throws<ArgumentOutOfRangeException>(() => FalseDiscovery.BenjaminiHochberg([double.NaN]));
    }
}
