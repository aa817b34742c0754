import { Body, Controller, Get, Module, Post, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IsString } from 'class-validator';
import { knownKey, LevelsInMemory, NOTHING_REVOKED } from '../../test/auth/auth-fixtures.js';
import { Public, RequireRole } from '../common/access.decorator.js';
import { HttpConventionsModule } from '../common/http-conventions.module.js';
import { Secret } from '../common/secret.js';
import { CONFIG, type Config } from '../config/config.js';
import { OutboundClient } from '../outbound/outbound-client.js';
import { AccessGuard } from './access.guard.js';
import { AuthChallenge } from './auth-challenge.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { CurrentPrincipal } from './current-principal.decorator.js';
import { FailureLimiter, MAX_FAILURES } from './failure-limiter.js';
import { JwtStrategy } from './jwt.strategy.js';
import { JwtCallers } from './jwt/jwt-callers.js';
import { OwnIssuer } from './jwt/own-issuer.js';
import { RevokedGrants } from './jwt/revoked-grants.js';
import { JwtVerifier } from './jwt/jwt-verifier.js';
import { KeyDirectory } from './key-directory.js';
import { hashKey, newKey } from './key-token.js';
import type { KnownKey } from './known-key.js';
import { LevelDirectory } from './levels/level-directory.js';
import { MasterKeyStrategy } from './master-key.strategy.js';
import type { Principal } from './principal.js';
import { PrincipalAssembler } from './principal-assembler.js';
import { PublicUrl } from './public-url.js';
import { VirtualKeyStrategy } from './virtual-key.strategy.js';

const BASE = 'https://gateway.example.com';
const MASTER = newKey();
const PLAIN = newKey();
const RESTRICTED = newKey();

class NoteDto {
  @IsString()
  text!: string;
}

@Controller('notes')
class NotesController {
  @Get('public')
  @Public()
  open(): string {
    return 'open';
  }

  @Get('any')
  @RequireRole('any')
  any(@CurrentPrincipal() caller: Principal): { id: string } {
    return { id: caller.id };
  }

  @Get('view')
  @RequireRole('admin_view')
  view(): string {
    return 'view';
  }

  @Post('admin')
  @RequireRole('admin')
  admin(@Body() body: NoteDto): NoteDto {
    return body;
  }

  @Get('undeclared')
  undeclared(): string {
    return 'undeclared';
  }
}

function keyRecord(key: string, allowedRoutes: string[]): [string, KnownKey] {
  const known = knownKey(key, { allowedRoutes });
  return [known.token, known];
}

const keys = new Map([keyRecord(PLAIN, []), keyRecord(RESTRICTED, ['/notes/view'])]);

const CONFIGURATION: Partial<Config> = {
  masterKey: new Secret(MASTER),
  publicBaseUrl: BASE,
  port: 0,
  jwtIssuers: [],
  authorizationServer: null,
  unknownCustomers: 'allow',
  outboundAllow: [],
};

@Module({
  imports: [HttpConventionsModule, PassportModule],
  controllers: [NotesController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: CONFIG, useValue: CONFIGURATION },
    { provide: KeyDirectory, useValue: { find: (hash: string) => keys.get(hash) } },
    { provide: LevelDirectory, useValue: new LevelsInMemory() },
    MasterKeyStrategy,
    VirtualKeyStrategy,
    JwtStrategy,
    JwtVerifier,
    JwtCallers,
    OwnIssuer,
    { provide: RevokedGrants, useValue: NOTHING_REVOKED },
    OutboundClient,
    CallerAuthenticator,
    PrincipalAssembler,
    AuthChallenge,
    FailureLimiter,
    PublicUrl,
  ],
})
class GuardedModule {}

describe('AccessGuard', () => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const built = await Test.createTestingModule({ imports: [GuardedModule] }).compile();
    app = built.createNestApplication({ bodyParser: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const get = (path: string, key?: string): Promise<Response> =>
    fetch(`${url}/notes/${path}`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  const post = (key: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/notes/admin`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body,
    });
  const problemOf = async (response: Response): Promise<unknown> => {
    const problem: unknown = await response.json();
    return Object.assign(Object(problem), { requestId: 'any' });
  };

  it('lets anybody use a public route', async () => {
    expect((await get('public')).status).toBe(200);
  });

  it('answers 401 with a challenge, the same for whatever is wrong', async () => {
    const none = await get('any');
    const unknown = await get('any', newKey());
    const malformed = await get('any', 'nonsense');
    const metadata = `resource_metadata="${BASE}/.well-known/oauth-protected-resource"`;
    expect(none.headers.get('www-authenticate')).toBe(`Bearer ${metadata}`);
    for (const refused of [unknown, malformed]) {
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe(`Bearer error="invalid_token", ${metadata}`);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
    }
    const [first, ...others] = await Promise.all([none, unknown, malformed].map(problemOf));
    for (const other of others) expect(other).toEqual(first);
    expect(first).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('attaches the caller', async () => {
    expect(await (await get('any', PLAIN)).json()).toEqual({ id: hashKey(PLAIN) });
    expect(await (await get('any', MASTER)).json()).toEqual({ id: 'master' });
  });

  it('asks for the role of the route', async () => {
    expect((await get('view', MASTER)).status).toBe(200);
    const refused = await get('view', PLAIN);
    expect(refused.status).toBe(403);
    expect(await problemOf(refused)).toMatchObject({ code: 'forbidden' });
  });

  it('keeps a restricted key to its routes, and to its role on them', async () => {
    expect(await problemOf(await get('any', RESTRICTED))).toMatchObject({ status: 403, code: 'forbidden_route' });
    expect(await problemOf(await get('view', RESTRICTED))).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('closes a route without an access rule, for admins too', async () => {
    expect((await get('undeclared', MASTER)).status).toBe(403);
  });

  it('looks at the body only when the caller may use the route', async () => {
    expect((await post('nonsense', '{')).status).toBe(401);
    expect((await post(PLAIN, '{')).status).toBe(403);
    expect(await problemOf(await post(MASTER, '{'))).toMatchObject({ status: 400, code: 'malformed_json' });
    expect((await post(MASTER, '{"text":"hello"}')).status).toBe(201);
  });

  it.each([
    ['text/plain', 'x', 415, 'unsupported_media_type'],
    ['application/json; charset=utf-16', '{}', 415, 'unsupported_media_type'],
    ['application/json; charset=utf-7', '{}', 415, 'unsupported_media_type'],
    ['application/json', '{"other":1}', 400, 'invalid_request'],
    ['application/json', '{"text":"a","other":1}', 400, 'unknown_field'],
    ['application/json', '[]', 400, 'invalid_request'],
    ['application/json', '"text"', 400, 'malformed_json'],
    ['application/json', `${'['.repeat(65)}${']'.repeat(65)}`, 400, 'invalid_request'],
    ['application/json', JSON.stringify({ text: 'x'.repeat(1024 * 1024) }), 413, 'payload_too_large'],
  ])('answers a body of %s beginning with %.20s by %d', async (type, body, status, code) => {
    expect(await problemOf(await post(MASTER, body, { 'content-type': type }))).toMatchObject({ status, code });
  });

  it('gives every response a request id, and takes over a sane one', async () => {
    const ask = (id: string): Promise<Response> => fetch(`${url}/nothing`, { headers: { 'x-request-id': id } });
    const taken = await ask('build-7.a_b');
    expect(taken.status).toBe(404);
    expect(taken.headers.get('x-request-id')).toBe('build-7.a_b');
    expect(await taken.json()).toMatchObject({ code: 'not_found', requestId: 'build-7.a_b' });
    expect((await ask('a b')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await get('public')).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('limits failing attempts, and no good key', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt <= MAX_FAILURES; attempt++) statuses.push((await get('any', newKey())).status);
    const limited = await get('any', newKey());
    expect(statuses).toContain(401);
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await get('any', PLAIN)).status).toBe(200);
    expect((await get('any')).status).toBe(401);
  });
});
