using Acme.App.Configuration;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Acme.App.Guards;

/// <summary>The door of this room.</summary>
internal static class GuardServiceCollectionExtensions
{
    public static IHostApplicationBuilder AddGuards(this IHostApplicationBuilder builder)
    {
        builder.AddValidatedOptions<GuardOptions, GuardOptionsValidator>(GuardOptions.SectionName);
        builder.Services.TryAddSingleton<ChatRequestValidator>();
        builder.Services.TryAddSingleton<IValidator<ChatRequest>>(services => services.GetRequiredService<ChatRequestValidator>());
        builder.Services.TryAddSingleton<IBudget, UnlimitedBudget>();
        return builder;
    }
}
