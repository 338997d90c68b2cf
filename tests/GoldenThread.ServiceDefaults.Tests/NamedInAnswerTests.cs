using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace GoldenThread.ServiceDefaults.Tests;

/// <summary>Whoever an answer names can be told from it, of every rpc whose contract says that it names pupils.</summary>
public sealed class NamedInAnswerTests
{
    public static TheoryData<string> NamingRpcs =>
        new(RpcCatalogue.Rules.Values.Where(rule => rule.Access is { NamesPupils: true }).Select(rule => rule.Method).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(NamingRpcs))]
    public void Answer_OfAnRpcThatNamesPupils_SaysWhomItNames(string rpc)
    {
        var answer = RpcCatalogue.Rules[rpc].Answer.ParseFrom(ByteString.Empty);
        Fill(answer);

        var named = NamedInAnswer.Of(answer).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, one => Assert.Equal("some text", one.Id));
        // Of a stream the interceptor does not see the answers.
        var method = answer.Descriptor.File.Services.SelectMany(service => service.Methods).Single(m => $"/{m.Service.FullName}/{m.Name}" == rpc);
        Assert.False(method.IsServerStreaming);
    }

    private static void Fill(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder().Where(field => !field.IsMap))
        {
            object? value = field.FieldType switch
            {
                FieldType.String => "some text",
                FieldType.Message => field.MessageType.Parser.ParseFrom(ByteString.Empty),
                _ => null,
            };
            if (value is null)
            {
                continue;
            }

            if (value is IMessage part)
            {
                Fill(part);
            }

            if (field.IsRepeated)
            {
                ((IList)field.Accessor.GetValue(message)).Add(value);
            }
            else
            {
                field.Accessor.SetValue(message, value);
            }
        }
    }
}
