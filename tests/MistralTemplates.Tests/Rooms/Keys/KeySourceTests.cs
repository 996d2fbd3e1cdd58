namespace MistralTemplates.Tests.Rooms.Keys;

/// <summary>What holds for every store, asked over a real exchange with a fake of it.</summary>
public sealed class KeySourceTests
{
    private static readonly Dictionary<string, Dictionary<StoreFailure, string>> s_sentences = new()
    {
        ["aws"] = new()
        {
            [StoreFailure.Denied] = "AWS denied access to the secret.",
            [StoreFailure.Missing] = "AWS has no such secret in this region.",
            [StoreFailure.Throttled] = "Parameter Store is asked too often.",
            [StoreFailure.Broken] = "AWS gave no answer that can be used.",
            [StoreFailure.Hanging] = "The key's source did not answer in time.",
            [StoreFailure.Garbage] = "AWS gave no answer that can be used.",
            [StoreFailure.Empty] = "The secret is empty.",
        },
        ["azure"] = new()
        {
            [StoreFailure.Denied] = "Azure denied access to the secret.",
            [StoreFailure.Missing] = "The vault has no such secret.",
            [StoreFailure.Throttled] = "The vault is asked too often.",
            [StoreFailure.Broken] = "The vault gave no answer that can be used.",
            [StoreFailure.Hanging] = "The key's source did not answer in time.",
            [StoreFailure.Garbage] = "The vault gave no answer that can be used.",
            [StoreFailure.Empty] = "The secret is empty.",
        },
        ["files"] = new()
        {
            [StoreFailure.Missing] = "There is no file with the key.",
            [StoreFailure.Broken] = "The file with the key cannot be read.",
            [StoreFailure.Empty] = "The file with the key is empty, or no regular file.",
        },
        ["gcp"] = new()
        {
            [StoreFailure.Denied] = "Google denied access to the secret.",
            [StoreFailure.Missing] = "Google has no such secret or version.",
            [StoreFailure.Throttled] = "Secret Manager is asked too often.",
            [StoreFailure.Broken] = "Secret Manager answered with status 500.",
            [StoreFailure.Hanging] = "The key's source did not answer in time.",
            [StoreFailure.Garbage] = "The answer is not that of Secret Manager.",
            [StoreFailure.Empty] = "The secret is empty.",
        },
        ["vault"] = new()
        {
            [StoreFailure.Denied] = "Vault denied access to the secret.",
            [StoreFailure.Missing] = "Vault has no such secret.",
            [StoreFailure.Throttled] = "Vault is asked too often.",
            [StoreFailure.Broken] = "Vault answered with status 500.",
            [StoreFailure.Hanging] = "The key's source did not answer in time.",
            [StoreFailure.Garbage] = "Vault's answer is not that of a key-value store, version 2.",
            [StoreFailure.Empty] = "The secret has no such field, or the field is empty.",
        },
    };

    public static IEnumerable<TheoryDataRow<string, StoreFailure>> Failures =>
        s_sentences.SelectMany(store => store.Value.Keys.Select(failure => new TheoryDataRow<string, StoreFailure>(store.Key, failure)));

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Load_StoreFails_SaysWhy(string kind, StoreFailure failure)
    {
        await using var store = await TestedStore.StartAsync(kind, failure);

        Assert.Equal(s_sentences[kind][failure], await SourceExpectations.ProblemOf(store.Source, store.Value, failure));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Poll_StoreFailsLater_KeepsTheKeyAndNeverSaysIt(string kind, StoreFailure failure)
    {
        await using var store = await TestedStore.StartAsync(kind);

        await SourceExpectations.AssertKeepsKeySilently(store, failure);
    }
}
