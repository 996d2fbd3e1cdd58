using Acme.App.Keys;

namespace MistralTemplates.Tests.Rooms.Keys;

public sealed class ApiKeyValidatorTests
{
    [Fact]
    public void Accepts_AThousandRandomKeys()
    {
        for (var seed = 0; seed < 1000; seed++)
            Assert.Null(Judge(Some.KeyValue(seed)));
    }

    [Theory]
    [InlineData("", "The key is empty.")]
    [InlineData("abcdefghijklmnopqr s", "The key holds a space, a line break, a quote, a backslash or a character outside ASCII.")]
    [InlineData("\"abcdefghijklmnopqr\"", "The key holds a space, a line break, a quote, a backslash or a character outside ASCII.")]
    [InlineData("abcdefghijkl\rmnopqrs", "The key holds a space, a line break, a quote, a backslash or a character outside ASCII.")]
    [InlineData("abcdefghijklmnopqrsü", "The key holds a space, a line break, a quote, a backslash or a character outside ASCII.")]
    [InlineData("abcdefghijklmnopqr9", "The key has fewer than 20 characters.")]
    [InlineData("your-api-key-here", "The key is a placeholder.")]
    [InlineData("YOUR_MISTRAL_API_KEY", "The key is a placeholder.")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "The key is a placeholder.")]
    [InlineData("00000000000000000000000000000000", "The key is a placeholder.")]
    [InlineData("${MISTRAL_API_KEY_FROM_STORE}", "The key is a placeholder.")]
    [InlineData("<paste-it-in-here-please>", "The key is a placeholder.")]
    public void Rejects_WhatIsNoKey(string value, string problem) => Assert.Equal(problem, Judge(value));

    [Fact]
    public void Rejects_AnotherEnvironmentsKey() => Assert.Equal("The key is the same as another environment's key.", Judge(Some.KeyValue(1), Some.KeyValue(1)));

    private static string? Judge(string value, params string[] others) =>
        new ApiKeyValidator(others).Validate(new ApiKey(value, "1")).Errors.SingleOrDefault()?.ErrorMessage;
}
