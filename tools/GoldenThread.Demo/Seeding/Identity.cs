namespace GoldenThread.Demo.Seeding;

/// <summary>Who somebody is at an issuer, as a token says it.</summary>
/// <param name="Issuer">Its <c>iss</c>.</param>
/// <param name="Subject">Its <c>sub</c>.</param>
public sealed record Identity(string Issuer, string Subject);
