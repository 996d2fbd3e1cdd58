using System.Globalization;
using System.Text.Json;

namespace Acme.App.Tests.StandIn;

/// <summary>One fault of a request, in the shape that Mistral's 422 gives it.</summary>
internal sealed record Fault(string Type, object[] Loc, string Msg, JsonElement Input);

/// <summary>A field of an object: whether it must be there, and what its value must be.</summary>
internal sealed record Field(string Name, bool Required, Rule Rule);

/// <summary>What one JSON value must be; faults are added to the list.</summary>
internal delegate void Rule(JsonElement value, object[] loc, List<Fault> faults);

/// <summary>The few kinds of rule that Mistral's schema is made of.</summary>
internal static class Rules
{
    public static readonly Rule Text = OfKind("string_type", "Input should be a valid string", JsonValueKind.String);

    public static readonly Rule Flag = OfKind("bool_type", "Input should be a valid boolean", JsonValueKind.True, JsonValueKind.False);

    public static readonly Rule AnyObject = OfKind("dict_type", "Input should be a valid dictionary", JsonValueKind.Object);

    public static Field Must(string name, Rule rule) => new(name, true, rule);

    public static Field May(string name, Rule rule) => new(name, false, rule);

    public static Rule OrNull(Rule rule) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Null)
            rule(value, loc, faults);
    };

    public static Rule OneOf(params string[] values) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.String || !values.Contains(value.GetString()))
            faults.Add(new("enum", loc, $"Input should be {string.Join(", ", values.Select(name => $"'{name}'"))}", value));
    };

    public static Rule Number(double least, double most, bool aboveLeast = false) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Number)
            faults.Add(new("float_type", loc, "Input should be a valid number", value));
        else if (value.GetDouble() is var number && (number < least || (aboveLeast && number == least)))
            faults.Add(new("greater_than_equal", loc, Invariant($"Input should be greater than or equal to {least}"), value));
        else if (value.GetDouble() > most)
            faults.Add(new("less_than_equal", loc, Invariant($"Input should be less than or equal to {most}"), value));
    };

    public static Rule Integer(long least) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
            faults.Add(new("int_type", loc, "Input should be a valid integer", value));
        else if (number < least)
            faults.Add(new("greater_than_equal", loc, Invariant($"Input should be greater than or equal to {least}"), value));
    };

    public static Rule ListOf(Rule item) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(new("list_type", loc, "Input should be a valid list", value));
            return;
        }

        foreach (var (index, element) in value.EnumerateArray().Index())
            item(element, [.. loc, index], faults);
    };

    /// <summary>Chooses the rule by the kind of value, as the schema's <c>anyOf</c> does for a string, a list or an object.</summary>
    public static Rule ByKind(Rule? text = null, Rule? list = null, Rule? record = null, bool orNull = false) => (value, loc, faults) =>
    {
        var rule = value.ValueKind switch
        {
            JsonValueKind.String => text,
            JsonValueKind.Array => list,
            JsonValueKind.Object => record,
            JsonValueKind.Null when orNull => static (_, _, _) => { }
            ,
            _ => null,
        };
        if (rule is null)
            faults.Add(new("union_type", loc, "Input should be of another type", value));
        else
            rule(value, loc, faults);
    };

    /// <summary>An object with these fields and no others.</summary>
    public static Rule Fields(params Field[] fields) => (value, loc, faults) =>
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new("model_type", loc, "Input should be a valid dictionary", value));
            return;
        }

        foreach (var missing in fields.Where(field => field.Required && !value.TryGetProperty(field.Name, out _)))
            faults.Add(new("missing", [.. loc, missing.Name], "Field required", value));
        foreach (var property in value.EnumerateObject())
        {
            if (fields.FirstOrDefault(field => property.NameEquals(field.Name)) is { } field)
                field.Rule(property.Value, [.. loc, property.Name], faults);
            else
                faults.Add(new("extra_forbidden", [.. loc, property.Name], "Extra inputs are not permitted", property.Value));
        }
    };

    /// <summary>An object whose tag, such as <c>role</c> or <c>type</c>, says which fields it may have.</summary>
    public static Rule Tagged(string tag, Dictionary<string, Field[]> kinds)
    {
        var rules = kinds.ToDictionary(kind => kind.Key, kind => Fields([Must(tag, Text), .. kind.Value]));
        return (value, loc, faults) =>
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(tag, out var name) || name.ValueKind != JsonValueKind.String)
                faults.Add(new("union_tag_not_found", loc, $"Unable to extract tag using discriminator '{tag}'", value));
            else if (!rules.TryGetValue(name.GetString()!, out var rule))
                faults.Add(new("union_tag_invalid", loc, $"Input tag does not match any of the expected tags for '{tag}'", value));
            else
                rule(value, loc, faults);
        };
    }

    private static Rule OfKind(string type, string message, params JsonValueKind[] kinds) => (value, loc, faults) =>
    {
        if (!kinds.Contains(value.ValueKind))
            faults.Add(new(type, loc, message, value));
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
