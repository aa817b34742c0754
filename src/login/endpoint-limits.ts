import { Injectable } from '@nestjs/common';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { FailureLimiter } from '../auth/failure-limiter.js';

/** Clients that one source may register, or have looked up at their URLs, a minute. */
export const MAX_REGISTRATIONS = 30;
const WINDOW_SECONDS = 60;

/** A request of the library; `oidc` is missing on paths that it does not know. */
type Context = Pick<KoaContextWithOIDC, 'status' | 'body' | 'set' | 'ip'> & { oidc?: KoaContextWithOIDC['oidc'] };

/** What the gateway does around the library's endpoints. */
@Injectable()
export class EndpointLimits {
  private readonly registrations = new RateLimiterMemory({ points: MAX_REGISTRATIONS, duration: WINDOW_SECONDS });

  constructor(private readonly failures: FailureLimiter) {}

  applyTo(provider: Provider): void {
    provider.use(async (ctx, next) => {
      if (ctx.path === '/register' && !(await this.mayAdd(ctx.ip))) return refuse(ctx, WINDOW_SECONDS);
      await next();
      if (ctx.path === '/token' && (ctx.status === 400 || ctx.status === 401)) this.countFailure(ctx);
      await endSession(ctx);
    });
  }

  /** May one more client be registered or looked up for this source? */
  async mayAdd(source: string): Promise<boolean> {
    return this.registrations.consume(source).then(
      () => true,
      () => false,
    );
  }

  private countFailure(ctx: Context): void {
    const { code, refresh_token: token } = ctx.oidc?.params ?? {};
    const wait = this.failures.recordFailure(ctx.ip, String(code ?? token ?? ''));
    if (wait !== undefined) refuse(ctx, wait);
  }
}

function refuse(ctx: Context, seconds: number): void {
  ctx.status = 429;
  ctx.set('retry-after', String(seconds));
  ctx.body = { error: 'slow_down', error_description: 'too many attempts; wait before the next one' };
}

/** A login is for one authorization. The next one begins with a login, so that nobody is logged in without knowing. */
async function endSession({ oidc }: Context): Promise<void> {
  if (oidc?.entities.AuthorizationCode !== undefined && oidc.session !== undefined) await oidc.session.destroy();
}
