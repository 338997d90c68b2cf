namespace GoldenThread.Infrastructure;

/// <summary>Something outside our code could not be started or reached; the message says what, and where its log lies.</summary>
public sealed class InfrastructureException(string message, Exception? cause = null) : Exception(message, cause);
