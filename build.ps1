# Packs, tests, tries or installs the templates. It calls dotnet only.
[CmdletBinding()]
param(
    [ValidateSet('Pack', 'Test', 'Try', 'Install')]
    [string] $Task = 'Test',

    [string] $Version = ''
)

$root = $PSScriptRoot
$package = "$root/artifacts/package"
$properties = @(if ($Version) { "-p:Version=$Version" })

switch ($Task) {
    'Pack' { dotnet pack "$root/MistralTemplates.csproj" -o $package @properties }
    'Test' { dotnet test "$root/tests/MistralTemplates.Tests" }
    'Try' { dotnet build "$root/MistralTemplates.csproj" '-t:Try' @properties }
    'Install' { dotnet build "$root/MistralTemplates.csproj" '-t:Install' @properties }
}

exit $LASTEXITCODE
