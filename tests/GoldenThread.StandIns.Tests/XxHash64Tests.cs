using System.IO.Hashing;
using System.Text;

namespace GoldenThread.StandIns.Tests;

/// <summary>
/// Figures: the sanity checks of xxHash's own repository (empty input) and the test vectors of its Go port
/// (github.com/cespare/xxhash), which were computed with the reference implementation in C.
/// </summary>
public sealed class XxHash64Tests
{
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999)]
    [InlineData("a", 0xD24EC4F1A98C6E5B)]
    [InlineData("as", 0x1C330FB2D66BE179)]
    [InlineData("asd", 0x631C37CE72A97393)]
    [InlineData("abc", 0x44BC2CF5AD770999)]
    [InlineData("asdf", 0x415872F599CEA71E)]
    [InlineData("Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2E85470D6FD96)]
    public void Hash_OfAPublishedInput_IsThePublishedFigure(string input, ulong expected)
    {
        var bytes = Encoding.ASCII.GetBytes(input);

        Assert.Equal(expected, XxHash64.HashToUInt64(bytes));
        Assert.Equal(expected.ToString("X16"), Convert.ToHexString(XxHash64.Hash(bytes)));
    }

    [Fact]
    public void Hash_WithAPublishedSeed_IsThePublishedFigure()
    {
        Assert.Equal(0xAC75FDA2929B17EF, XxHash64.HashToUInt64([], 0x9E3779B1));
    }
}
