namespace Acme.App.Access;

internal static class AccessApplicationBuilderExtensions
{
    /// <summary>The gate that every request passes: whom it comes from, how it came, whether its address asks too often, who it is, what it may.</summary>
    public static WebApplication UseAccess(this WebApplication app)
    {
        app.UseForwardedHeaders();
        if (!app.Environment.IsDevelopment())
        {
            app.UseHsts();
            app.UseHttpsRedirection();
        }

        // The page that shows the API's document, in Development alone, runs scripts of its own.
        app.UseWhen(context => !context.Request.Path.StartsWithSegments("/scalar"), branch => branch.UseSecurityHeaders(headers => headers.AddDefaultApiSecurityHeaders()));
        app.UseCors();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        return app;
    }

    /// <summary>Closes a group to callers who may not, and holds those who may to their limits. It goes first, before any endpoint of the group.</summary>
    public static RouteGroupBuilder RequireAccess(this RouteGroupBuilder group, string policy = AccessPolicies.Chat)
    {
        group.RequireAuthorization(policy);
        group.AddEndpointFilterFactory((factory, next) =>
        {
            var filter = ActivatorUtilities.CreateInstance<CallerLimitFilter>(factory.ApplicationServices);
            return context => filter.InvokeAsync(context, next);
        });
        return group;
    }
}
