using System.Collections;
using System.Globalization;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Acme.App.Configuration;

/// <summary>The name of a section that a room reads as its options.</summary>
internal sealed record ValidatedSection(string Name);

/// <summary>
/// Makes options from one section, or throws a <see cref="ConfigurationException"/> with everything wrong with it: keys nobody
/// reads, values that do not fit, rules that are broken.
/// </summary>
internal sealed class ValidatedOptions<TOptions>(
    ValidatedSection section, IEnumerable<ValidatedSection> sections, IConfiguration configuration, IValidator<TOptions> validator,
    IEnumerable<IConfigureOptions<TOptions>> setups, IEnumerable<IPostConfigureOptions<TOptions>> lastSetups,
    IEnumerable<IValidateOptions<TOptions>> checks) : IOptionsFactory<TOptions>
    where TOptions : class, new()
{
    private static readonly string[] s_others = ["environment variable", ".env", "file "];

    public TOptions Create(string name)
    {
        var options = new TOptions();
        var problems = new List<ConfigurationProblem>();
        var leaves = Leaves();
        // The binder passes over one value where a list belongs, and the list of a source further down would stay.
        var single = leaves.FindAll(leaf => leaf.Value.Length > 0 && IsList(leaf.Key));
        problems.AddRange(single.Select(leaf => Problem(
            $"{section.Name}:{leaf.Key}", "The setting is a list, and one value stands in its place.",
            $"Number the values: '{section.Name}:{leaf.Key}:0' is the first.")));
        var flat = leaves.FindAll(leaf => leaf.Value.Length > 0 && IsSection(leaf.Key));
        problems.AddRange(flat.Select(leaf => Flat($"{section.Name}:{leaf.Key}", TypeOf(leaf.Key)!)));
        // What bears this name alone elsewhere, a variable or a mounted file, may be another program's.
        if (configuration[section.Name] is { Length: > 0 } && configuration.OriginOf(section.Name, itself: true) is var origin
            && !s_others.Any(other => origin.StartsWith(other, StringComparison.Ordinal)))
            problems.Add(Flat(section.Name, typeof(TOptions)));
        // To .NET 48:00:00 is 48 days.
        var days = leaves.FindAll(leaf => TypeOf(leaf.Key) == typeof(TimeSpan) && HasMoreHoursThanADay(leaf.Value));
        problems.AddRange(days.Select(leaf => Problem(
            $"{section.Name}:{leaf.Key}", "The time span has more than 23 hours, which may mean days or not.",
            "Write days before a point: 2.00:00:00 is two days.")));
        // The binder takes any number for a choice, one that nothing stands for as well.
        var strange = leaves.FindAll(leaf => leaf.Value.Length > 0 && TypeOf(leaf.Key) is { IsEnum: true } type && !IsNameOf(type, leaf.Value.Trim()));
        problems.AddRange(strange.Select(leaf => Problem(
            $"{section.Name}:{leaf.Key}", "The value is not one of those that there are.", $"Write {string.Join(" or ", Enum.GetNames(TypeOf(leaf.Key)!))}.")));
        leaves.RemoveAll(leaf => single.Contains(leaf) || flat.Contains(leaf) || days.Contains(leaf) || strange.Contains(leaf));
        if (!TryBind(options, leaves, strictly: true))
        {
            var wrong = leaves.FindAll(leaf => !TryBind(new TOptions(), [leaf], strictly: true));
            problems.AddRange(wrong.Count > 0 ? wrong.Select(ProblemOf) : [Problem(section.Name, "The section's values do not fit together.", "Correct it.")]);
            options = new TOptions();
            TryBind(options, leaves.Except(wrong), strictly: false);
        }

        foreach (var setup in setups)
            setup.Configure(options);
        foreach (var setup in lastSetups)
            setup.PostConfigure(name, options);
        problems.AddRange(Judge(options).Where(judged => problems.All(problem => problem.Setting != judged.Setting)).ToList());
        // Its own words may quote a value.
        if (checks.Any(check => check.Validate(name, options).Failed))
        {
            problems.Add(Problem(
                section.Name, "A check that the program adds to these options refuses them.", "Look that check up, where the options are set up."));
        }

        return problems.Count == 0 ? options : throw new ConfigurationException(problems);
    }

    /// <summary>
    /// The section's settings, without those of sections further down that other options read. A list is that of the highest source
    /// that has one: the end of a longer list further down would widen what a shorter one above it allows.
    /// </summary>
    private List<Leaf> Leaves()
    {
        var prefix = section.Name + ":";
        var below = sections.Where(other => other.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)).Select(other => other.Name + ":").ToList();
        var leaves = new List<Leaf>();
        foreach (var (key, value) in configuration.GetSection(section.Name).AsEnumerable(makePathsRelative: true))
        {
            if (key.Length > 0 && value is not null
                && !below.Any(other => (prefix + key).StartsWith(other, StringComparison.OrdinalIgnoreCase))
                && (ListOf(key) is not { } list || IsOfTheHighestList(prefix + list, prefix + key)))
            {
                leaves.Add(new Leaf(key, value));
            }
        }

        return leaves;
    }

    private bool IsOfTheHighestList(string list, string element) => configuration is not IConfigurationRoot root
        || root.Providers.LastOrDefault(provider => HasList(provider, list))?.TryGet(element, out _) is not false;

    /// <summary>An empty list has a value, which is empty.</summary>
    private static bool HasList(IConfigurationProvider provider, string list) =>
        provider.GetChildKeys([], list).Any() || (provider.TryGet(list, out var value) && value is "");

    /// <summary>The list that a key is an element of, if any.</summary>
    private static string? ListOf(string key) => key.LastIndexOf(':') is > 0 and var end && IsList(key[..end]) ? key[..end] : null;

    private static bool IsList(string key) => TypeOf(key) is { } type && type != typeof(string)
        && type.IsAssignableTo(typeof(IEnumerable)) && !type.IsAssignableTo(typeof(IDictionary));

    private static bool IsSection(string key) => TypeOf(key) is { IsClass: true } type && type.Assembly == typeof(TOptions).Assembly;

    private static Type? TypeOf(string key)
    {
        var type = typeof(TOptions);
        foreach (var part in key.Split(':'))
            type = type?.GetProperties().FirstOrDefault(property => property.Name.Equals(part, StringComparison.OrdinalIgnoreCase))?.PropertyType;
        return type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
    }

    // The binder's own exception quotes the value.
    private static bool TryBind(TOptions options, IEnumerable<Leaf> leaves, bool strictly)
    {
        try
        {
            var values = leaves.ToDictionary(leaf => leaf.Key, string? (leaf) => leaf.Value);
            new ConfigurationBuilder().AddInMemoryCollection(values).Build().Bind(options, binder => binder.ErrorOnUnknownConfiguration = strictly);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private ConfigurationProblem ProblemOf(Leaf leaf) => TryBind(new TOptions(), [leaf], strictly: false)
        ? Problem($"{section.Name}:{leaf.Key}", "There is no such setting.", "Correct its spelling, or remove it.")
        : Problem(
            $"{section.Name}:{leaf.Key}", "The value is not of the setting's type.",
            "Write a number without quotes, true or false, or a time span as 00:00:30.");

    private ConfigurationProblem Flat(string setting, Type type) => Problem(
        setting, "The setting is a section, and one value stands in its place.",
        $"Set what is in it: {string.Join(", ", type.GetProperties().Where(inner => inner.CanWrite).Take(3).Select(inner => $"'{setting}:{inner.Name}'"))}.");

    // FluentValidation names an element "Models[0].Name"; the configuration names it "Models:0:Name".
    private IEnumerable<ConfigurationProblem> Judge(TOptions options) => validator.Validate(options).Errors.Select(failure => Problem(
        $"{section.Name}:{failure.PropertyName.Replace('[', ':').Replace("]", "", StringComparison.Ordinal).Replace('.', ':')}".TrimEnd(':'),
        failure.ErrorMessage,
        failure.CustomState as string ?? "Correct the setting."));

    private ConfigurationProblem Problem(string setting, string problem, string remedy) => new(setting, configuration.OriginOf(setting), problem, remedy);

    private static bool IsNameOf(Type type, string value) => Enum.GetNames(type).Contains(value, StringComparer.OrdinalIgnoreCase);

    private static bool HasMoreHoursThanADay(string value) => value.IndexOf(':') is > 0 and var end
        && int.TryParse(value.AsSpan(0, end), NumberStyles.Integer, CultureInfo.InvariantCulture, out var hours) && hours is < -23 or > 23;

    // A class: what is generic over it is compiled ahead, and each program starts sooner. And no record, which would print its value.
    private sealed class Leaf(string key, string value)
    {
        public string Key { get; } = key;

        public string Value { get; } = value;
    }
}
