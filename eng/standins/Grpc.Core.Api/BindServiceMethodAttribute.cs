using System.Diagnostics.CodeAnalysis;

namespace Grpc.Core;

/// <summary>Set by generated code on a service's base class; names the method that binds it.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = true)]
public class BindServiceMethodAttribute : Attribute
{
    private const DynamicallyAccessedMemberTypes Members =
        DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods;

    /// <summary>Names the binding method.</summary>
    public BindServiceMethodAttribute([DynamicallyAccessedMembers(Members)] Type bindType, string bindMethodName)
    {
        BindType = bindType;
        BindMethodName = bindMethodName;
    }

    /// <summary>The type that holds the binding method.</summary>
    [DynamicallyAccessedMembers(Members)]
    public Type BindType { get; }

    /// <summary>The static binding method's name.</summary>
    public string BindMethodName { get; }
}
