namespace GoldenThread.Demo.Trust;

/// <summary>Names put together from syllables, so that they read like names and belong to nobody.</summary>
public static class InventedNames
{
    private static readonly string[] FirstStarts =
        ["Bre", "Cal", "Dor", "El", "Fen", "Gar", "Hes", "Il", "Jor", "Kel", "Lun", "Mar", "Nev", "Or", "Per", "Quil", "Ros", "Sel", "Tam", "Ves", "Wyn", "Yar", "Zel"];

    private static readonly string[] GirlEnds = ["awen", "dessa", "ithra", "ovia", "ynelle", "andriss", "umira", "ethwyn"];

    private static readonly string[] BoyEnds = ["andor", "embric", "ithan", "ovard", "ulwin", "astor", "edrin", "orrick"];

    private static readonly string[] LastStarts =
        ["Ald", "Brack", "Cress", "Dun", "Elder", "Fallow", "Gorse", "Haver", "Ing", "Jarrow", "Kest", "Lark", "Mallow", "Nether", "Oster", "Pell", "Quarr", "Rook", "Sedge", "Thistle",
            "Umber", "Vetch", "Wether", "Yarrow"];

    private static readonly string[] LastEnds =
        ["adine", "bourrow", "combrey", "dellow", "enholt", "garrick", "hurstle", "lingway", "merrow", "nevall", "ospring", "quist", "rowley-wen", "stannock", "thwelling", "wickford-ley"];

    /// <summary>A forename for a pupil.</summary>
    public static string Forename(Chance chance, bool girl) => chance.OneOf(FirstStarts) + chance.OneOf(girl ? GirlEnds : BoyEnds);

    /// <summary>A surname.</summary>
    public static string Surname(Chance chance) => chance.OneOf(LastStarts) + chance.OneOf(LastEnds);

    /// <summary>Whether a forename was put together here.</summary>
    public static bool IsForename(string name) => IsMade(name, FirstStarts, [.. GirlEnds, .. BoyEnds]);

    /// <summary>Whether a surname was put together here.</summary>
    public static bool IsSurname(string name) => IsMade(name, LastStarts, LastEnds);

    private static bool IsMade(string name, string[] starts, string[] ends) =>
        starts.Any(start => name.StartsWith(start, StringComparison.Ordinal) && ends.Contains(name[start.Length..]));
}
