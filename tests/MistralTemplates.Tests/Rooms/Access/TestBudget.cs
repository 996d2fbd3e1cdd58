using System.Diagnostics.Metrics;
using System.Security.Claims;
using Acme.App.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MistralTemplates.Tests.Rooms.Access;

/// <summary>The budget of one caller, whose request this flow of the test becomes.</summary>
internal static class TestBudget
{
    public static TokenBudget Of(ILimitStore store, CallerLimits limits, TimeProvider time)
    {
        var options = Options.Create(new AccessOptions { Limits = limits });
        var services = new ServiceCollection().AddMetrics().AddSingleton(options).BuildServiceProvider();
        var caller = new ClaimsPrincipal(new ClaimsIdentity([new Claim(HttpCallerAccessor.SubjectClaim, "ada")], "test"));
        var accessor = new HttpContextAccessor { HttpContext = new DefaultHttpContext { RequestServices = services, User = caller } };
        // Nothing is audited here: the count is always reached.
        return new TokenBudget(new CallerLimiter(store, options, accessor, audit: null!, services.GetRequiredService<IMeterFactory>(), time), time);
    }
}
