using System.Text;
using GoldenThread.StandIns.Tests.Echo.V1;
using Grpc.Core;

namespace GoldenThread.StandIns.Tests;

public sealed class MetadataTests
{
    private static readonly byte[] Bytes = [0, 1, 127, 128, 254, 255];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_CarriesTextAndBytesInHeadersAndTrailers()
    {
        await using var server = await EchoServer.StartAsync();
        var headers = new Metadata { { "echo-text", "plain" }, { "echo-bytes-bin", Bytes }, { "not-echoed", "x" } };

        using var call = server.Client().SayAsync(new EchoRequest(), headers, cancellationToken: Ct);
        var responseHeaders = await call.ResponseHeadersAsync;
        await call.ResponseAsync;
        var trailers = call.GetTrailers();

        foreach (var received in new[] { responseHeaders, trailers })
        {
            Assert.Equal("plain", received.GetValue("echo-text"));
            Assert.Equal(Bytes, received.GetValueBytes("echo-bytes-bin"));
            Assert.Null(received.Get("not-echoed"));
        }
    }

    [Fact]
    public async Task Call_KeepsTheValuesOfARepeatedKeyInOrder()
    {
        await using var server = await EchoServer.StartAsync();
        var headers = new Metadata { { "echo-text", "one" }, { "echo-text", "two" } };

        using var call = server.Client().SayAsync(new EchoRequest(), headers, cancellationToken: Ct);
        var received = await call.ResponseHeadersAsync;

        // HTTP may join them, and the stock client does.
        Assert.Equal("one, two", string.Join(", ", received.GetAll("echo-text").Select(entry => entry.Value)));
    }

    [Fact]
    public void Get_IgnoresCaseAndGivesTheLast()
    {
        var metadata = new Metadata { { "Key", "first" }, { "kEY", "last" }, { "other", "x" } };

        Assert.Equal("last", metadata.GetValue("KEY"));
        Assert.Equal("last", metadata.Get("key")!.Value);
        Assert.Equal("key", metadata[0].Key);
        Assert.Null(metadata.GetValue("absent"));
        Assert.Null(metadata.GetValueBytes("absent"));
        Assert.Equal(2, metadata.GetAll("key").Count());
    }

    [Fact]
    public void BinaryEntry_KeepsItsOwnCopy()
    {
        byte[] given = [1, 2, 3];
        var entry = new Metadata.Entry("key-bin", given);
        given[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.True(entry.IsBinary);
        Assert.Equal([1, 2, 3], entry.ValueBytes);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
    }

    [Fact]
    public void TextEntry_GivesItsBytesAsAscii()
    {
        var entry = new Metadata.Entry("key", "abc");

        Assert.False(entry.IsBinary);
        Assert.Equal(Encoding.ASCII.GetBytes("abc"), entry.ValueBytes);
        Assert.Equal("[Entry: key=key, value=abc]", entry.ToString());
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("umläut")]
    [InlineData("colon:")]
    [InlineData("text-bin")]
    public void TextEntry_WithAWrongKey_IsRefused(string key)
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, "value"));
    }

    [Fact]
    public void BinaryEntry_WithoutSuffix_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key", Bytes));
    }

    [Fact]
    public void Entry_WithoutKeyOrValue_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry(null!, "value"));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("key", (string)null!));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("key-bin", (byte[])null!));
        Assert.Throws<ArgumentNullException>(() => new Metadata().Add(null!));
    }

    [Fact]
    public void Empty_CannotBeChanged()
    {
        Assert.True(Metadata.Empty.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("key", "value"));
        Assert.Throws<InvalidOperationException>(Metadata.Empty.Clear);
        Assert.Empty(Metadata.Empty);
    }

    [Fact]
    public void List_InsertsReplacesAndRemoves()
    {
        var first = new Metadata.Entry("first", "1");
        var second = new Metadata.Entry("second", "2");
        var metadata = new Metadata { second };

        metadata.Insert(0, first);
        Assert.Equal(1, metadata.IndexOf(second));
        Assert.Contains(first, metadata);

        metadata[1] = first;
        metadata.RemoveAt(0);
        Assert.Equal(first, Assert.Single(metadata));
        Assert.True(metadata.Remove(first));
        Assert.False(metadata.Remove(first));
    }
}
