using Dapper;
using GoldenThread.ServiceDefaults;
using Npgsql;

namespace GoldenThread.Tracking.People;

/// <summary>Every statement about people.</summary>
internal sealed class PersonStore(NpgsqlDataSource source)
{
    private const string SignInConstraint = "uq_person_sign_in";

    /// <summary>A person of the central team or of a school within the caller's reach; null where there is none.</summary>
    public async Task<Person?> GetAsync(Authority by, Guid personId, CancellationToken ct)
    {
        const string Sql = """
            select p.person_id, p.version, p.name, p.duties, p.school_urn, p.issuer, p.subject, p.left_on
            from person p
            where p.person_id = @personId
              and exists (
                  select 1
                  from reach(@Issuer, @Subject, @Roles) g
                  where p.school_urn is null or g.school_urn is null or g.school_urn = p.school_urn)
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<PersonRow>(
            new CommandDefinition(Sql, new { personId, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return row?.ToPerson();
    }

    /// <summary>People of the central team or of schools within the caller's reach, after an id.</summary>
    public async Task<List<Person>> ListAsync(Authority by, int? schoolUrn, string duty, Guid after, int limit, CancellationToken ct)
    {
        const string Sql = """
            select p.person_id, p.version, p.name, p.duties, p.school_urn, p.issuer, p.subject, p.left_on
            from person p
            where p.person_id > @after
              and (@schoolUrn::int is null or p.school_urn = @schoolUrn)
              and (@duty = '' or @duty = any (p.duties))
              and exists (
                  select 1
                  from reach(@Issuer, @Subject, @Roles) g
                  where p.school_urn is null or g.school_urn is null or g.school_urn = p.school_urn)
            order by p.person_id
            limit @limit
            """;
        await using var connection = await source.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<PersonRow>(
            new CommandDefinition(Sql, new { schoolUrn, duty, after, limit, by.Issuer, by.Subject, by.Roles }, cancellationToken: ct));
        return rows.Select(r => r.ToPerson()).ToList();
    }

    /// <summary>
    /// The person as the caller may change them, locked until the work ends; null where there is none. It takes what it takes to add one: the
    /// whole of the school, or the whole trust.
    /// </summary>
    public static async Task<Person?> LockAsync(Work work, Authority by, Guid personId, CancellationToken ct)
    {
        const string Sql = """
            select p.person_id, p.version, p.name, p.duties, p.school_urn, p.issuer, p.subject, p.left_on
            from person p
            where p.person_id = @personId
              and exists (
                  select 1 from whole_reach(@Issuer, @Subject, @Roles) g where g.school_urn is null or g.school_urn = p.school_urn)
            for update
            """;
        var row = await work.Connection.QuerySingleOrDefaultAsync<PersonRow>(
            work.Command(Sql, new { personId, by.Issuer, by.Subject, by.Roles }, ct));
        return row?.ToPerson();
    }

    /// <summary>Adds a person.</summary>
    public static async Task AddAsync(Work work, Person person, CancellationToken ct)
    {
        const string Sql = """
            insert into person (person_id, name, duties, school_urn, issuer, subject, left_on)
            values (@PersonId, @Name, @Duties, @SchoolUrn, @Issuer, @Subject, @LeftOn)
            """;
        await SaveAsync(work, Sql, person, ct);
    }

    /// <summary>Stores a changed person under the next version.</summary>
    public static async Task<Person> UpdateAsync(Work work, Person person, CancellationToken ct)
    {
        const string Sql = """
            update person
            set version = version + 1, name = @Name, duties = @Duties, school_urn = @SchoolUrn, issuer = @Issuer, subject = @Subject,
                left_on = @LeftOn, changed_at = now(), tx = pg_current_xact_id()
            where person_id = @PersonId
            """;
        await SaveAsync(work, Sql, person, ct);
        return person with { Version = person.Version + 1 };
    }

    private static async Task SaveAsync(Work work, string sql, Person person, CancellationToken ct)
    {
        try
        {
            await work.Connection.ExecuteAsync(work.Command(sql, new
            {
                person.PersonId,
                person.Name,
                Duties = person.Duties.ToArray(),
                person.SchoolUrn,
                person.Issuer,
                person.Subject,
                person.LeftOn,
            }, ct));
        }
        catch (PostgresException e) when (e.ConstraintName == SignInConstraint)
        {
            throw Errors.SignInTaken();
        }
    }
}

/// <summary>A person as stored.</summary>
internal sealed record PersonRow
{
    public required Guid PersonId { get; init; }

    public required long Version { get; init; }

    public required string Name { get; init; }

    public required string[] Duties { get; init; }

    public int? SchoolUrn { get; init; }

    public string? Issuer { get; init; }

    public string? Subject { get; init; }

    public DateOnly? LeftOn { get; init; }

    public Person ToPerson() => new()
    {
        PersonId = PersonId,
        Version = Version,
        Name = Name,
        Duties = Duties,
        SchoolUrn = SchoolUrn,
        Issuer = Issuer,
        Subject = Subject,
        LeftOn = LeftOn,
    };
}
