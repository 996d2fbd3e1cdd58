namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>Texts that look like the beginning of what a detector seeks and, repeated, never become it: they would find out a detector that reads on and on.</summary>
internal static class NearMatches
{
    public static readonly string[] All =
    [
        "a", "1", "1 ", "1-", "4111 ", "4111-1111-", "a1", "a.", "a1.", "1.", "-", "_", "=", ":", "::", "a:", "1:", "f:", "@", "a@", "a@b.", "a@a", "%3", "\\n", "password=", "password: ", "secret:\"", "key = ",
        "://", "https://a:", "https://a:b", "ghp_", "sk-", "sk-ant-", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "eyJa1-.", "-----", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\na", "DE89", "DE89 ",
        "SG.", "a/", "1/", "hooks.slack.com/services/", "](", "![", "](https://a?", "](https://", "src=", "\u001b[", "\u001b]", "\u200b", "\udb40", "Bearer ", "token token=", "xoxb-1", "+1 ", "(", "<a>", "\",\"", "AKIA1", "6e40:", "123-45-",
        "x", "'", "\"", "a'", "\"a\"@", "é", "é@", "\u4f60@", "0", "06 ", "0688 ", "1  ", "1 - ", "555-", "123 x1", "[a](", "[secret", "[a](https://", "[a]:", "[a]: ", "]:\n> ", "<https://", "src = ", "href=//", "\u4f60", "\u4f60a@", "](  ", "](//(",
        "srcset='", "srcset='/a 1x, ", "srcset=\",", "srcset='  , ", "url(", ":url('", ":url(//(",
        "<link href=", "href='//", "<a ", "--", " --password ", " --password a", "\\\"", "\"\\\"", "password=\"\\\"", "value: ", "name: password\nvalue: ", "**", "password:**", "src='h\t", "\ufe0f",
        "-----BEGIN PRIVATE KEY----- prose ", "-----BEGIN PRIVATE KEY-----\nProc-Type: a\n", "-----END ", "\\u0022", "password\\u0022:", "password=\\u002B", "password=@", "password=f(\"", "\\u00224111", "sk\\_", "[a\n", "1. [",
        "} = ", "{ get; } = \"", "{ get", " ?? \"a1\"", "ENV A a1", "\"Bearer\", \"a1", "NetworkCredential(\"a\", \"", "ApiKeys: [ ", "<object ", "<object data=", "<a title='<b href=", "[`a`](b", "` ![`](//", "srcdoc=\"&", "image-set(//", "\\75 rl(", "@import \"", "content=\"0;", "a                =", "４１１１", ";url=", "0;url=", "new A(\"", "new Token(\"a1\")", "Token k = new(\"a1\");", "Token(\"a1", "password is a1 ", "password is \"a1\"", " set PASSWORD a1", "setx \"PASSWORD\" \"a1\"", "-----BEGIN PRIVATE KEY-----\n ", "PWD=/", "#include <pwd.h>", "new(\"1", "= new(\"1", ": a<", ": &'a = ", "a: [", "&sig=", "webhooks/1", "4111\u2011", "6420 6469 ",
    ];
}
