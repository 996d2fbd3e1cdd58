using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Acme.App.Access;
using Acme.App.Auditing;
using Acme.App.Configuration;
using Acme.App.Guards;
using Acme.App.Keys;
using Acme.App.Mistral;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Configuration;

/// <summary>A setting that is there and holds nothing never switches anything off: its default stands, or the start is refused with a reason.</summary>
public sealed class NullSettingsTests
{
    private static readonly (string Section, Type Options)[] Sections =
    [
        (PolicyOptions.SectionName, typeof(PolicyOptions)),
        (KeyOptions.SectionName, typeof(KeyOptions)),
        (MistralOptions.SectionName, typeof(MistralOptions)),
        (GuardOptions.SectionName, typeof(GuardOptions)),
        (AuditOptions.SectionName, typeof(AuditOptions)),
        (AccessOptions.SectionName, typeof(AccessOptions)),
    ];

    public static TheoryData<string, string> NullSettings => [.. Sections.SelectMany(section => PathsOf(section.Section, section.Options)).Select(path => (path.Name, "null"))];

    public static TheoryData<string, string> EmptySettings =>
    [
        .. Sections.SelectMany(section => PathsOf(section.Section, section.Options)).Where(path => IsCompound(path.Type))
            .SelectMany(path => (string[])["\"\"", "{}", "[]", "[null]", "[\"\"]", "{\"a\":null}", "{\"a\":\"\"}"], (path, json) => (path.Name, json)),
    ];

    [Theory, MemberData(nameof(NullSettings)), MemberData(nameof(EmptySettings))]
    public async Task Check_SettingThatHoldsNothing_GivesTheDefaultOrAProblem(string setting, string json)
    {
        var options = Sections.First(section => setting.Split(':')[0] == section.Section).Options;
        await using var services = Build(string.Concat(setting.Split(':').Reverse().Aggregate(json, (inner, name) => $"{{\"{name}\":{inner}}}")));

        object? value = null;
        var refused = Record.Exception(() => value = ValueOf(services, options));

        if (refused is null)
            Assert.Equal(JsonSerializer.Serialize(Activator.CreateInstance(options)), JsonSerializer.Serialize(value));
        else
            Assert.All(Assert.IsType<ConfigurationException>(refused).Problems, problem => Assert.StartsWith(setting.Split(':')[0], problem.Setting, StringComparison.Ordinal));
    }

    private static object ValueOf(ServiceProvider services, Type options)
    {
        var accessor = services.GetRequiredService(typeof(IOptions<>).MakeGenericType(options));
        return accessor.GetType().GetProperty("Value")!.GetMethod!.Invoke(accessor, BindingFlags.DoNotWrapExceptions, null, null, null)!;
    }

    private static IEnumerable<(string Name, Type Type)> PathsOf(string name, Type type) =>
    [
        (name, type),
        .. type.Assembly == typeof(GuardOptions).Assembly && type.IsClass
            ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).SelectMany(property => PathsOf($"{name}:{property.Name}", property.PropertyType))
            : [],
    ];

    private static bool IsCompound(Type type) => type != typeof(string) && (typeof(IEnumerable).IsAssignableFrom(type) || (type.IsClass && type.Assembly == typeof(GuardOptions).Assembly));

    private static ServiceProvider Build(string json)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = "Production" });
        builder.Configuration.AddConfiguration(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build());
        builder.AddValidatedOptions<PolicyOptions, PolicyOptionsValidator>(PolicyOptions.SectionName);
        builder.AddKeys();
        builder.AddMistral();
        builder.AddGuards();
        builder.AddAuditing();
        builder.AddAccess();
        return builder.Services.BuildServiceProvider();
    }
}
