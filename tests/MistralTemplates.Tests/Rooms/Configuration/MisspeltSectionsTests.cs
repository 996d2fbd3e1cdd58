using Acme.App.Configuration;
using Microsoft.Extensions.Configuration;

namespace MistralTemplates.Tests.Rooms.Configuration;

public sealed class MisspeltSectionsTests
{
    private static readonly ValidatedSection[] s_sections = [new("Guards"), new("Mistral:Resilience"), new("Access")];

    [Theory]
    [InlineData("Guard", "Guards")]
    [InlineData("GUARDSS", "Guards")]
    [InlineData("uards", "Guards")]
    [InlineData("Guerds", "Guards")]
    [InlineData("Gaurds", "Guards")]
    [InlineData("Mistrla", "Mistral")]
    [InlineData("Acces", "Access")]
    [InlineData("Loging", "Logging")]
    [InlineData("Autentication", "Authentication")]
    public void Find_NameOfASectionButForALetter_IsTold(string name, string meant)
    {
        var problem = Assert.Single(MisspeltSections.Find(With(name), s_sections));

        Assert.Equal(name, problem.Setting);
        Assert.Contains($"'{meant}'", problem.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Guards")]
    [InlineData("guards")]
    [InlineData("Logging")]
    [InlineData("Garuds2")]
    [InlineData("Graduds")]
    [InlineData("Grauds2")]
    [InlineData("Other")]
    [InlineData("")]
    [InlineData("G")]
    public void Find_OtherName_IsLeft(string name) => Assert.Empty(MisspeltSections.Find(With(name), s_sections));

    private static IConfigurationRoot With(string name) =>
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [name + ":Setting"] = "1" }).Build();
}
