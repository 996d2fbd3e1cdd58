namespace MistralTemplates.Tests.Rooms.Guards;

/// <summary>Values that look secret, put together when the tests run so that none stands whole in a source file.</summary>
internal static class SensitiveSamples
{
    public const string Mixed = "q7Zt2LmX9vBc4NrK8wPd3HsJ6fGy1TuA5eRo0iWl";
    public const string Hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    public static readonly string GitHubToken = "ghp" + "_" + Mixed[..36];
    public static readonly string StripeKey = "sk" + "_live_" + Mixed[..24];
    public static readonly string AwsKey = "AK" + "IA" + "2E0A8F3B244C9986";
    public static readonly string SendGridKey = "S" + "G." + Mixed[..22] + "." + (Mixed + Mixed)[..43];
    public static readonly string Jwt = "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + "." + "ey" + "JzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4ifQ" + "." + Mixed;
    public static readonly string MistralKey = Mixed[..32];
    public static readonly string Card = string.Join(' ', "4111", "1111", "1111", "1111");
    public static readonly string Iban = "DE" + "89 3704 0044 0532 0130 00";
    public static readonly string Email = "ada.lovelace+notes" + "@" + "example-mail.co.uk";
    public static readonly string Ssn = string.Join('-', "460", "89", "9847");
    public static readonly string Ip = "106.31." + "73.20";
    public static readonly string Ip6 = "6e40:4041:c617:" + "e898:c11:40d2:c669:2eb4";
    public static readonly string Phone = "+1 " + "(984) 182-0190";
    public static readonly string PrivateKey =
        "-----BEGIN RSA PRIV" + "ATE KEY-----\n" + Mixed + Hex + "\n" + Hex + Mixed + "\n-----END RSA PRIV" + "ATE KEY-----";

    /// <summary>So many characters of base64url, as a part of a token has them.</summary>
    public static string Part(int length) => string.Concat(Enumerable.Repeat(Mixed, (length / Mixed.Length) + 1))[..length];

    /// <summary>As an East Asian keyboard writes it.</summary>
    private static string Wide(string text) => string.Concat(text.Select(letter => letter == ' ' ? '\u3000' : (char)(letter - '!' + '\uff01')));

    private static string Shifted(string text, char zero) => string.Concat(text.Select(letter => char.IsAsciiDigit(letter) ? (char)(letter - '0' + zero) : letter));

    /// <summary>Texts that hold something, each with the kind that must be found.</summary>
    public static readonly IReadOnlyList<(string Text, string Mask)> Positives =
    [
        ($"My token is {GitHubToken}, keep it.", "[secret]"),
        ($"番号は{Wide(Card)}です", "[card]"),
        ($"رقم {Shifted(Card, '\u0660')} هنا", "[card]"),
        ($"連絡先 {Wide(Email)}", "[email]"),
        ($"キー {Wide(GitHubToken)}", "[secret]"),
        (Card.Replace(" ", "\u00a0\u00a0", StringComparison.Ordinal), "[card]"),
        ($"STRIPE={StripeKey};", "[secret]"),
        ($"key id {AwsKey}\nnext", "[secret]"),
        ($"mail with {SendGridKey}.", "[secret]"),
        ($"Authorization: Bearer {Jwt}\r\n", "[secret]"),
        ($"MISTRAL_API_KEY={MistralKey}", "[secret]"),
        ($"var mistralKey string = \"{MistralKey}\"", "[secret]"),
        ($"{{\"config\": \"API_TOKEN={MistralKey}\\nDEBUG=1\"}}", "[secret]"),
        ($"<apiToken>\n    {MistralKey}\n</apiToken>", "[secret]"),
        ("password" + " = \"tr0ub4" + "dor&3\" # old", "[secret]"),
        ("Server=db;User Id=app;Pass" + "word=S3cure!pass9;Encrypt=true", "[secret]"),
        ("postgres://app:" + "n0tTh3Real1" + "@db.internal:5432/app", "[secret]"),
        ("curl -u " + "admin:" + "pQ9wTxu4Fg https://host", "[secret]"),
        ("login --user ada --password " + "hunter2" + "hunter3 --verbose", "--password [secret] --verbose"),
        ($"run --api-key \"{MistralKey}\" now", "--api-key \"[secret]\" now"),
        ($"{{\"name\":\"MISTRAL_API_KEY\",\"value\":\"{MistralKey}\"}}", "\"value\":\"[secret]\""),
        ($"env:\n  - name: MISTRAL_API_KEY\n    value: {MistralKey}\n", "value: [secret]\n"),
        ($"**API key:** {MistralKey}", "**API key:** [secret]"),
        ($"**API key**: `{MistralKey}`", "**API key**: `[secret]`"),
        ("\"password\": \"Gr\u00fc\u00dfe" + "2you\",", "\"password\": \"[secret]\","),
        ("\"password\": \"ab\\\"cd" + "12\", \"a\": \"b\"", "\"password\": \"[secret]\", \"a\": \"b\""),
        ("\"password\": \"abcd" + "12\\\\\", \"a\": \"b\"", "\"password\": \"[secret]\", \"a\": \"b\""),
        ("parser.parse(\"https://app:" + "correcthorse" + "@host.example\")", "https://app:[secret]@host.example"),
        ("log.Info(\"in\", \"user\", \"ada\", \"password\", \"" + "hunter2" + "hunter3\")", "\"password\", \"[secret]\")"),
        ("request.Headers.Add(\"password\", \"" + "hunter2" + "hunter3\");", "(\"password\", \"[secret]\")"),
        ("one_time_password: 482" + "913", "one_time_password: [secret]"),
        ("postgres://app:" + "mysecret" + "@db:5432/app", "postgres://app:[secret]@db"),
        ($"APP_KEY=base64:{Mixed}abc=", "APP_KEY=[secret]"),
        ("if password == \"hunter2" + "hunter3\":", "if password == \"[secret]\":"),
        ($"{{\\\"password\\\": \\\"{"hunter2" + "hunter3"}\\\"}}", "[secret]"),
        ($"see\n{PrivateKey}\nbye", "[secret]"),
        ($"the key is {StripeKey.Replace("_", "\\_", StringComparison.Ordinal)} now", "is [secret] now"),
        ($"pay with {Card.Replace(' ', '\u2011')}.", "[card]"),
        ($"{{\"log\":\"token \\u0022{GitHubToken}\\u0022\"}}", "\\u0022[secret]\\u0022"),
        ($"{{\\u0022password\\u0022:\\u0022{"hunter2" + "hunter3"}\\u0022}}", "\\u0022:\\u0022[secret]\\u0022"),
        ($"\\b{GitHubToken}\\f", "\\b[secret]\\f"),
        ($"{{\"note\":\"Card:\\n{Card.Replace(" ", "", StringComparison.Ordinal)}\"}}", "\\n[card]\""),
        ($"note%20{Card.Replace(" ", "", StringComparison.Ordinal)}", "%20[card]"),
        ($"{{\"note\":\"\\t{Iban.Replace(" ", "", StringComparison.Ordinal)}\"}}", "\\t[iban]\""),
        ($"AccountKey={Mixed[..20]}\\u002B{Mixed[20..]}\\u002F9=;", "AccountKey=[secret];"),
        ("var password" + " = @\"S3cure!pass9\";", "= @\"[secret]\";"),
        ("password" + " = \"\"\"S3cure!pass9\"\"\"", "= \"\"\"[secret]\"\"\""),
        ($"headers = {{\"Authorization\": f\"Bearer {Mixed}\"}}", "f\"Bearer [secret]\""),
        ($"api_key = [\"{Mixed}\"]", "[\"[secret]\"]"),
        ($"dotnet user-secrets set \"Mistral:ApiKey\" \"{MistralKey}\"", "\"Mistral:ApiKey\" \"[secret]\""),
        ($"setx MISTRAL_API_KEY {MistralKey}", "setx MISTRAL_API_KEY [secret]"),
        ($"client = Mistral(\"{MistralKey}\")", "Mistral(\"[secret]\")"),
        ($"public string ApiKey {{ get; set; }} = \"{MistralKey}\";", "= \"[secret]\";"),
        ($"public required string ApiKey {{ get; private init; }} = \"{MistralKey}\";", "= \"[secret]\";"),
        ($"var key = Environment.GetEnvironmentVariable(\"MISTRAL_API_KEY\") ?? \"{MistralKey}\";", "?? \"[secret]\";"),
        ($"var key = configuration[\"Mistral:ApiKey\"] ?? \"{MistralKey}\";", "?? \"[secret]\";"),
        ($"Authorization = new AuthenticationHeaderValue(\"Bearer\", \"{MistralKey}\")", "(\"Bearer\", \"[secret]\")"),
        ($"{{\"ApiKey\": {{\r\n  \"Value\": \"{MistralKey}\"\r\n}}}}", "\"Value\": \"[secret]\""),
        ($"- name: MISTRAL_API_KEY\r\n  value: {MistralKey}\r\n", "value: [secret]\r\n"),
        ($"<add key=\"MistralApiKey\"\r\n     value=\"{MistralKey}\" />", "value=\"[secret]\" />"),
        ($"ENV MISTRAL_API_KEY {MistralKey}", "MISTRAL_API_KEY [secret]"),
        ($"setx /M MISTRAL_API_KEY {MistralKey}", "MISTRAL_API_KEY [secret]"),
        ("mein Passwort ist " + "Winter" + "2024, danke", "mein Passwort ist [secret], danke"),
        ("The password is '" + "hunter2" + "hunter3'.", "is '[secret]'."),
        ("mot de passe : " + "Soleil" + "2024!", "passe : [secret]"),
        ("Kennwort: " + "Fr\u00fch" + "ling2024!", "Kennwort: [secret]"),
        ("wachtwoord=" + "Zomer" + "2024", "wachtwoord=[secret]"),
        ($"API key: {Hex[..32]}", "API key: [secret]"),
        ($"Secret Key: {Hex[..32]}", "Secret Key: [secret]"),
        ($"id {Hex[..32]}-us12.", "id [secret]."),
        ($"pem: |\n  -----BEGIN PRIV" + $"ATE KEY-----\n  {Mixed}{Mixed[..24]}\n  {Mixed}", "pem: |\n  [secret]"),
        ($"pay with {Card.Replace(' ', '\u2009')}.", "[card]"),
        ($"send to {Iban.Replace(' ', '\u2011')}.", "[iban]"),
        ($"SSN: {Ssn.Replace('-', '\u2011')}", "[ssn]"),
        ($"pay with {Card} today", "[card]"),
        ($"pay with {Card.Replace(' ', '-')}.", "[card]"),
        ($"pay with {Card.Replace(' ', '.')}.", "[card]"),
        ($"pay with {Card.Replace(' ', '\u00a0')}.", "[card]"),
        ($"send to {Iban}.", "[iban]"),
        ($"send to {Iban.Replace(' ', '-')}.", "[iban]"),
        ($"schreib an ada{'@'}bücher.example und so", "[email]"),
        ($"schreib an jörg.o'hara{'@'}пример.рф und so", "[email]"),
        ($"say \"ada.l\"{'@'}example.org or so", "[email]"),
        ($"pay with {Card.Replace(" ", " - ", StringComparison.Ordinal)} - today", "[card]"),
        ($"pay with {Card.Replace(" ", "  ", StringComparison.Ordinal)}  today", "[card]"),
        ($"ring {Phone[3..]} now", "[phone]"),
        ($"ring 0688 872 {"49 99"} or 06 12 34 {"56 78"} now", "[phone] or [phone]"),
        ($"write to {Email}, please", "[email]"),
        ($"SSN: {Ssn}", "[ssn]"),
        ($"from {Ip} and on", "[ip]"),
        ($"from {Ip6} and on", "[ip]"),
        ($"ip={Ip};", "ip=[ip];"),
        ($"see http://{Ip}:8080/x", "http://[ip]:8080/x"),
        ($"addr:{Ip} or addr:{Ip}:80", "addr:[ip] or addr:[ip]:80"),
        ($"{Ip}:443 and ::ffff:{Ip}", "[ip]:443 and [ip]"),
        ($"GET {Ip}/8 from\t[{Ip}]", "[ip]/8 from\t[[ip]]"),
        ($"ring {Phone} now", "[phone]"),
        ($"password={string.Concat(Enumerable.Repeat(Mixed, 25))} end", "[secret]"),
        ($"{Card} {Email} {GitHubToken}", "[card] [email] [secret]"),
    ];

    /// <summary>Texts that must be left alone.</summary>
    public static readonly IReadOnlyList<string> Negatives =
    [
        "The key: \"think before you type\" is the secret of a good password: nobody knows it.",
        "api_key = \"your-api-key-here\"",
        "<add key=\"EnableRetargetTo35Allowed\" value=\"true\" />",
        "raise KeyError(\"sdkinstallrootv2.0\")",
        "public string ApiKey { get; set; } = \"\"; public int Keys { get; } = 12;",
        "var model = configuration[\"Mistral:Model\"] ?? \"mistral-small-2506\";",
        "challenge(\"Bearer\", \"error_description2\"); {\"token_type\":\"Bearer\",\"expires2Seconds\":3600}",
        ".AddScheme(\"Bearer\", \"Sso2024Scheme\") and [\"Bearer\", \"OAuth2AuthorizationCode\"]",
        "Passwort?? 2-Faktor-Anmeldung hilft. Wrong password?? 24/7-support. Who has the key?? 2a4b6c8d0e1f2a3b",
        "accessToken ?? tokens2.accessTokenFromHeader1 and apiKey ?? settings2Provider1Value",
        "NODE_ENV token a1b2c3d4e5f6, 10 R/M token 12ab34cd56, the env token a1b2c3d4e5f6",
        "API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "password = ${DB_PASSWORD}",
        "token: <your token>",
        "secret: {{ .Values.secret }}",
        "ghp" + "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "sha256:" + Hex,
        "id 123e4567-e89b-12d3-a456-426614174000 of 2024-11-23T22:31:05.123Z",
        "version 10.0.15.2, was 1.2.3.4, at 1700000000000 ms",
        "Acme/10.0.15.2 with acme==10.0.15.2, v10.0.15.2 and rev:10.0.15.2.1",
        "SIRET 38012986648625, arn:aws:iam::675946970638:role/x, A 4520 4630 4700 4810",
        "{\"nextPageToken\": \"CAUQAA9x7Yz2Qk4mB1nR\", \"NextToken\": \"q7Zt2LmX9vBc4NrK8wPd\", \"continuationToken\": \"a8Kd72LmQx9ZpR4t\"}",
        "Idempotency-Key: A94hJ9WnywX0t0ZBq7Zt2, objectKey=q7Zt2LmX9vBc4NrK8wPd, Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "#include <pwd.h>\n#include <stdio.h>",
        "Boarding pass: LH1234, Pass: C01X00T47, Ski-Pass: A1234567",
        "PWD=/var/lib/jenkins/workspace/build20240812 and \"PWD\": \"/usr/src/app2\"",
        "password = op://prod1/db/password, token: vault:secret/data/db1#password, secret = data.aws_secretsmanager_secret_version.db2.secret_string",
        "postgresql://myuser:mypassword@localhost/db and https://u:%(password)s@localhost",
        "api-versioning-and-deprecation-policy-v2 and #dd-api-iot-CancelAuditMitigationActionsTask",
        "Le train passe : 8h45min, AccessKey kommt morgen",
        "data:image/x-icon;base64,AAABAAEAEBAAAAEAIABoBAAAFgAAACgAAAAQAAAAIAAAAAEAIAAAAAAAAAQAABILAAASCwAAAAAAAAAAAAD///8A////AP///wD///8A",
        "order 4111111111111112 was sent 2024-01-02 10:20:30",
        "user@localhost wrote 3.14159 @ 12:45:10",
        "Bitte rufen Sie uns zwischen 10.00 und 12.30 an.",
        "password: required, at least eight characters",
        "if password1 == password2: raise",
        "connect to mongodb://username:password@host:27017/app, http://user:pass@proxy or postgres://app:secret@db",
        "proxy_url=\"socks5h://<username>:<password>@proxy-host\"",
        "<Reference Include=\"Microsoft.AspNetCore.Authentication.BearerToken\" PublicKeyToken=\"adb9793829ddae60\" />",
        "['TKTokenKeyAlgorithm', 'TKTokenKeyExchangeParameters', 'PKPaymentAuthorizationViewController']",
        "# METHOD can be \"trust\", \"md5\", \"password\", \"scram-sha-256\",",
        "oAuth2TokenAuth: OAuth2TokenAuth, [\"oauth2-token\"]: OAuth2TokenAuth$inboundSchema, apiKey: azureADTokenProvider ?? apiKey",
        "<param name=\"rawEncryptedKey\">base64urlencoded key</param>, api_key = base64encodedKey1",
        "password = security?.basic?.hash1",
        "self.password1 = form.password2",
        "val password: String?, password: String!, password: !vault |",
        "PWD=/home/runner/work/app1",
        "'password' => 'required|min:8',",
        "\"password\": \"请输入至少8位的密码\"",
        "Pass: 2024-01-15, password_timeout = 10min, second pass: 120.5ms { \"pass\": 1523456 }",
        "docker login --password-stdin registry1.example --token-ttl 24h0m0s --password $PASSWORD1 --password --verbose1",
        "**password:** *required1*",
        "public_key = \"9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit\"",
        "tokens: 4000, max_tokens=1024, token_type=bearer",
        "https://example.com:8080/a?b=c&d=e",
        "\"mistral.rate_limited\" => StatusCodes.Status429TooManyRequests,",
        "var apiKey = Settings.Sha256KeyName;",
        "Removed `InteractiveBrowserCredential`, `AzurePowerShellCredential`, `VisualStudioCodeCredential` and others.",
        "services.Add(mistral) : WebApplicationFactory<Program>",
        "public async Task Return_WithADelay_IsNotClaimedBefore()",
        "It begins with `-----BEGIN PRIVATE KEY-----`, holds the bytes in base64 of the key that was made, and ends with `-----END PRIVATE KEY-----`.",
        "pem.replace(\"-----BEGIN RSA PRIVATE KEY-----\", \"\").replace(\"-----END RSA PRIVATE KEY-----\", \"\").replace(System.lineSeparator(), \"\");",
        "The file starts with `-----BEGIN PRIVATE KEY-----`. Next:\n-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ0lFUk5P\n-----END CERTIFICATE-----\n",
        "00000020: 6420 6469 7374 7269 6275 7465  d distribute\n6000 9000 12000, 6500 7500 8500",
        "--- PASS: TestHTTP2 (0.00s)\nPASS: tests/test1.sh\npass: tests/test1.sh",
        "string password = textBox2.Text;\npassword = row1.value\n",
        "Cache restored from key: node-cache-Linux-npm-" + Hex,
        "{\"key\": \"uploads/2024/IMG20240115123456.jpg\"}, redis key: user:1234567890abcdef:session",
        "amqp://guest:guest@localhost, postgres://postgres:postgres@localhost",
        "https://sk.wikipedia.org/wiki/Zoznam_slovensk%C3%BDch_spisovate%C4%BEov_a_spisovateliek_a_ich_diel_v_20_storo%C4%8D%C3%AD",
        "https://t1.daumcdn.net/tistory_admin/lib/lightbox/images/2024/01/15/some_rather_long_name_of_an_image_file.png",
        "logo@2x.png, this@MainActivity.startActivity(intent), super@Outer.name(), wg-quick@wg0.service, react@18.2.0.tgz",
    ];
}
