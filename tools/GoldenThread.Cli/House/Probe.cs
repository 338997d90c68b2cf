namespace GoldenThread.Cli.House;

/// <summary>Asks a process whether it is ready.</summary>
public static class Probe
{
    /// <summary>True when <paramref name="url"/> answers 2xx; nobody there, or not in time, is not ready.</summary>
    public static async Task<bool> IsReadyAsync(HttpClient http, string url)
    {
        try
        {
            using var answer = await http.GetAsync(url);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
