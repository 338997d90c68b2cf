using System.Text;

namespace Grpc.Core;

/// <summary>A fact about the peer that its certificate proves.</summary>
public class AuthProperty
{
    private readonly byte[] value;

    private AuthProperty(string name, byte[] value)
    {
        Name = name;
        this.value = value;
    }

    /// <summary>The property's name, such as <c>x509_common_name</c>.</summary>
    public string Name { get; }

    /// <summary>The value as UTF-8 text.</summary>
    public string Value => Encoding.UTF8.GetString(value);

    /// <summary>A copy of the value's bytes.</summary>
    public byte[] ValueBytes => value.ToArray();

    /// <summary>Creates a property; the bytes are copied.</summary>
    public static AuthProperty Create(string name, byte[] value)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        return new AuthProperty(name, value.ToArray());
    }
}
