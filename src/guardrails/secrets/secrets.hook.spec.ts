import { describe, expect, it } from '@jest/globals';
import { callOf, longestStandstill, thrownBy } from '../../../test/fixtures/hook-calls.js';
import type { JsonObject } from '../../common/json.js';
import { SecretsHook } from './secrets.hook.js';
import { SecretsSettings } from './secrets.settings.js';

/** Put together here, so that nobody who searches this file for secrets finds one. */
const join = (...parts: string[]): string => parts.join('');
const LETTERS = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF';

function hook(settings: Partial<SecretsSettings> = {}): SecretsHook {
  return new SecretsHook(Object.assign(new SecretsSettings(), { action: 'mask' }, settings));
}

async function maskedArguments(args: JsonObject, settings: Partial<SecretsSettings> = {}): Promise<unknown> {
  const change = await hook(settings).preMcpCall(callOf(args));
  return change?.arguments ?? args;
}

async function maskedText(text: string, settings: Partial<SecretsSettings> = {}): Promise<unknown> {
  return ((await maskedArguments({ text }, settings)) as { text: string }).text;
}

describe('secrets finds', () => {
  it.each([
    ['AWS', join('AKIA', 'IOSFODNN7EXAMPLE'), 'AWS_ACCESS_KEY'],
    ['GitHub', join('ghp_', LETTERS, 'abcd'), 'GITHUB_TOKEN'],
    ['GitHub, fine-grained', join('github_pat_', LETTERS), 'GITHUB_TOKEN'],
    ['GitLab', join('glpat-', LETTERS), 'GITLAB_TOKEN'],
    ['Slack', join('xoxb-', '123456789012-', LETTERS), 'SLACK_TOKEN'],
    ['Stripe', join('sk_live_', LETTERS), 'STRIPE_KEY'],
    ['this gateway and models', join('sk-', LETTERS), 'API_KEY'],
    ['models, with a part', join('sk-ant-api03-', LETTERS), 'API_KEY'],
    ['Google', join('AIza', LETTERS, 'abc'), 'GOOGLE_KEY'],
    ['npm', join('npm_', LETTERS, 'abcd'), 'NPM_TOKEN'],
    ['Telegram', join('1234567890:AA', LETTERS, 'a'), 'TELEGRAM_TOKEN'],
    ['a signed token', join('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiJhbm4ifQ.', LETTERS), 'JWT'],
    ['Azure storage', join('AccountKey=', LETTERS, LETTERS, LETTERS, '=='), 'AZURE_STORAGE_KEY'],
  ])('keys and tokens of %s', async (_, secret, kind) => {
    expect(await maskedText(`use ${secret}, please`)).toBe(`use [${kind}], please`);
    expect(await maskedText(`"${secret}"`)).toBe(`"[${kind}]"`);
  });

  it('private keys, whole ones and ones that do not end', async () => {
    const begin = join('-----BEGIN ', 'RSA PRIVATE KEY-----');
    const end = join('-----END ', 'RSA PRIVATE KEY-----');
    expect(await maskedText(`a ${begin}\n${'MIIE'.repeat(1500)}\n${end} b`)).toBe('a [PRIVATE_KEY] b');
    expect(await maskedText(`a ${begin}\nMIIE`)).toBe('a [PRIVATE_KEY]');
  });

  it('private keys in the middle of a long text', async () => {
    const key = `${join('-----BEGIN ', 'PRIVATE KEY-----')}\n${'MIIE'.repeat(800)}\n${join('-----END ', 'PRIVATE KEY-----')}`;
    const before = 'x'.repeat(31 * 1024);
    expect(await maskedText(`${before}${key}${before}`)).toBe(`${before}[PRIVATE_KEY]${before}`);
  });

  it('passwords in URLs and credentials of headers', async () => {
    expect(await maskedText('postgres://app:hunter2@db:5432/app')).toBe('postgres://app:[URL_PASSWORD]@db:5432/app');
    expect(await maskedText(`Authorization: Bearer ${LETTERS}`)).toBe('Authorization: Bearer [AUTHORIZATION]');
  });

  it('what a name says is secret and looks random', async () => {
    expect(
      await maskedArguments({ db_password: 'kX9#mQ2$vL7!', clientSecret: LETTERS, list: { token: [LETTERS] } }),
    ).toEqual({
      db_password: '[ASSIGNED_SECRET]',
      clientSecret: '[ASSIGNED_SECRET]',
      list: { token: ['[ASSIGNED_SECRET]'] },
    });
    expect(await maskedText(`DB_PASSWORD=${LETTERS}\n{"api_key": "${LETTERS}"} --token ${LETTERS}`)).toBe(
      'DB_PASSWORD=[ASSIGNED_SECRET]\n{"api_key": "[ASSIGNED_SECRET]"} --token [ASSIGNED_SECRET]',
    );
  });

  it('long words that look random, when asked for', async () => {
    expect(await maskedText(`it is ${LETTERS} now`)).toBe(`it is ${LETTERS} now`);
    expect(await maskedText(`it is ${LETTERS} now`, { entropy: 'anywhere' })).toBe('it is [RANDOM_TEXT] now');
  });

  it('secrets behind invisible characters and full-width forms', async () => {
    expect(await maskedText(join('ghp\u200b_', LETTERS.slice(0, 9), '\u2060', LETTERS.slice(9), 'abcd'))).toBe(
      '[GITHUB_TOKEN]',
    );
    expect(await maskedText(join('ｓｋ－', LETTERS))).toBe('[API_KEY]');
  });
});

describe('secrets leaves alone', () => {
  it.each([
    'task-list-of-the-whole-quarter-and-more and risk-assessment-for-everybody-here',
    'commit 3f786850e387550fdab836ed7e6dc881de23001b',
    'id 550e8400-e29b-41d4-a716-446655440000',
    'the password is required and the token is missing',
    'password: ${DB_PASSWORD} token=<your-token-here> secret: os.environ/SECRET',
    'https://example.com/a?b=c#d and http://user@host/path',
    'Bearer authentication is used; basic understanding helps',
    'sk-short AKIA ghp_ eyJ eyJhbGci.x',
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ',
  ])('%s', async (text) => {
    expect(await maskedText(text)).toBe(text);
  });

  it('cursors and states, which are random and no secrets', async () => {
    const args = { cursor: LETTERS, nextPageToken: LETTERS, password: 'changeme-please', token: 'xxxxxxxxxxxxxxxx' };
    expect(await maskedArguments(args)).toEqual(args);
  });

  it('the state of a question, which goes back to the server that made it', async () => {
    const requestState = join('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiJhbm4ifQ.', LETTERS);
    const result = { resultType: 'input_required', inputRequests: {}, requestState };
    expect(await hook().postMcpCall(callOf({}), result, [])).toBeUndefined();
    const shown = { content: [], requestState };
    expect(await hook().postMcpCall(callOf({}), shown, [])).toEqual({ content: [], requestState: '[JWT]' });
  });

  it('what is allowed', async () => {
    const example = join('AKIA', 'IOSFODNN7EXAMPLE');
    expect(await maskedText(example, { allow: [example] })).toBe(example);
  });

  it('the rule for random texts, when it is off', async () => {
    expect(await maskedArguments({ password: LETTERS }, { entropy: 'off' })).toEqual({ password: LETTERS });
  });
});

describe('secrets refuses', () => {
  it('unless it is told to mask, in arguments and results, and repeats nothing', async () => {
    const secret = join('ghp_', LETTERS, 'abcd');
    const subject = new SecretsHook(new SecretsSettings());
    const before = await thrownBy(() => subject.preMcpCall(callOf({ nested: [{ text: secret }] })));
    expect(before).toMatchObject({
      message: 'The arguments of this call may not hold secrets: github_token',
      details: { kinds: ['github_token'] },
    });
    const result = { content: [], structuredContent: { env: { value: secret } } };
    const after = await thrownBy(() => subject.postMcpCall(callOf({}), result, []));
    expect(JSON.stringify([after, (after as Error).message])).not.toContain(LETTERS);
    expect((after as Error).message).toBe('The result of this call may not hold secrets: github_token');
  });
});

describe('a megabyte', () => {
  it.each([
    ['beginnings of tokens', 'eyJ'.repeat(330_000)],
    ['beginnings of keys', 'ghp_'.repeat(250_000)],
    ['API keys', 'sk-'.repeat(330_000)],
    ['beginnings of private keys', join('-----BEGIN ', 'PRIVATE KEY-----').repeat(35_000)],
    ['URLs', '://a:'.repeat(200_000)],
    ['assignments', 'password='.repeat(110_000)],
    ['assignments with spaces', 'token    '.repeat(110_000)],
    ['digits', '1'.repeat(1_000_000)],
    ['colons after digits', '12345678:AA'.repeat(90_000)],
    ['schemes', 'bearer '.repeat(140_000)],
    ['random words', `${LETTERS} `.repeat(30_000)],
  ])('of %s is looked through without holding others up', async (_, text) => {
    const work = Promise.resolve(
      hook({ entropy: 'anywhere' }).preMcpCall(callOf({ text, small: join('sk-', LETTERS) })),
    );
    expect(await longestStandstill(work)).toBeLessThan(1500);
    expect((await work)?.arguments?.small).toBe('[API_KEY]');
  });
});
