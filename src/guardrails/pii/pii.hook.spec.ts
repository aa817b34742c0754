import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callOf, listOf, longestStandstill, thrownBy } from '../../../test/fixtures/hook-calls.js';
import type { JsonObject } from '../../common/json.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import { PiiHook } from './pii.hook.js';
import { PiiSettings } from './pii.settings.js';

function hook(settings: Partial<PiiSettings> = {}): PiiHook {
  return new PiiHook(Object.assign(new PiiSettings(), settings));
}

async function maskedText(text: string, settings: Partial<PiiSettings> = {}): Promise<unknown> {
  const change = await hook(settings).preMcpCall(callOf({ text }));
  return change?.arguments?.text ?? text;
}

describe('pii finds', () => {
  it.each([
    ['write to ann.o-neil+x@mail.example.co.uk.', 'write to [EMAIL].'],
    ['<ann@example.com>,bob@example.org', '<[EMAIL]>,[EMAIL]'],
    ['jürgen@müller.de', '[EMAIL]'],
    ['ann (at) example (dot) com or ann[at]example.com', '[EMAIL] or [EMAIL]'],
    ['card 4111111111111111!', 'card [CARD]!'],
    ['4111 1111 1111 1111, 5500-0000-0000-0004, 3782.822463.10005', '[CARD], [CARD], [CARD]'],
    ['on 2024-11-21 4111 1111 1111 1111 12', 'on 2024-11-21 [CARD] 12'],
    ['6011000990139424 30569309025904 3530111333300000 6200000000000005', '[CARD] [CARD] [CARD] [CARD]'],
    ['to DE89 3704 0044 0532 0130 00.', 'to [IBAN].'],
    ['gb29NWBK60161331926819', '[IBAN]'],
    ['AB12 transfer to DE89370400440532013000 now', 'AB12 transfer to [IBAN] now'],
    ['call +49 30 901820 or +1 (212) 555-0123', 'call [PHONE] or [PHONE]'],
    ['00 44 20 7946 0958', '[PHONE]'],
    ['(212) 555-0123 / 212-555-0123 / 212.555.0123', '[PHONE] / [PHONE] / [PHONE]'],
    ['from 192.168.10.7:443 and 10.0.0.1.', 'from [IP]:443 and [IP].'],
    ['2001:db8::8a2e:370:7334 fe80::1 [::1]', '[IP] [IP] [[IP]]'],
  ])('%s', async (text, expected) => {
    expect(await maskedText(text)).toBe(expected);
  });

  it.each([
    ['zero-width characters within', 'ann\u200b@exam\u2060ple.com', '[EMAIL]'],
    ['full-width forms', 'ann＠example．com', '[EMAIL]'],
    ['full-width digits', '４１１１ １１１１ １１１１ １１１１', '[CARD]'],
    ['digits of another script', '٤١١١١١١١١١١١١١١١', '[CARD]'],
    ['mathematical digits', '𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏', '[CARD]'],
    ['no-break spaces', '4111\u00a01111\u00a01111\u00a01111', '[CARD]'],
    ['tag characters', '4111\u{e0020}111111111111', '[CARD]'],
    ['what is around it kept', 'é\u200b ann@example.com 😀', 'é\u200b [EMAIL] 😀'],
  ])('it behind tricks of Unicode: %s', async (_, text, expected) => {
    expect(await maskedText(text)).toBe(expected);
  });
});

describe('pii leaves alone', () => {
  it.each([
    'a@b and @user and user@ and user@host',
    'git@v1.2',
    '4111111111111112',
    '41111111111111110',
    '1700000000000 1234567890123456 0000000000000000',
    'id 550e8400-e29b-41d4-a716-446655440000',
    '2024-11-21T12:34:56.789Z',
    'DE88370400440532013000 and XX89370400440532013000',
    'DE893704004405320130001',
    '1.2.3 and 1.2.3.4.5 and 256.1.1.1 and v10.4.2',
    'std::vector<a::b> 12:34:56 aa:bb:cc:dd:ee:ff ::',
    '0012345678 and 555-0123 and 123-456-7890',
    'total 1 234 567 890 123',
    '3.14159265358979323846',
  ])('%s', async (text) => {
    expect(await maskedText(text)).toBe(text);
  });

  it('what is not asked for, and what is allowed', async () => {
    expect(await maskedText('ann@example.com 10.0.0.1', { entities: { ip: 'mask' } })).toBe('ann@example.com [IP]');
    expect(await maskedText('Help@Example.com ann@example.com', { allow: ['help@example.com'] })).toBe(
      'Help@Example.com [EMAIL]',
    );
  });

  it('a call without a finding as it is, at once', () => {
    expect(hook().preMcpCall(callOf({ a: { b: ['nothing', 1, null, true] } }))).toBeUndefined();
  });
});

describe('pii acts on', () => {
  it('every place of arguments: nested ones, names of members and numbers', async () => {
    const change = await hook().preMcpCall(
      callOf({
        to: [{ 'ann@example.com': { card: 4111111111111111, n: 5 } }],
        ok: 'yes',
        image: { type: 'image', data: 'ann@example.com' },
      }),
    );
    expect(change).toEqual({
      arguments: {
        to: [{ '[EMAIL]': { card: '[CARD]', n: 5 } }],
        ok: 'yes',
        image: { type: 'image', data: '[EMAIL]' },
      },
    });
  });

  it('every text of a result, structured content and embedded resources too, but not on pictures', async () => {
    const blob = Buffer.from('mail ann@example.com').toString('base64');
    const picture = { type: 'image', data: 'YW5uQGV4YW1wbGUuY29t', mimeType: 'image/png' };
    const changed = await hook().postMcpCall(
      callOf({}),
      {
        content: [
          { type: 'text', text: 'ann@example.com' },
          picture,
          { type: 'resource', resource: { uri: 'file:///a', mimeType: 'text/plain', blob } },
          { type: 'resource', resource: { uri: 'file:///b', text: 'bob@example.com' } },
          { type: 'resource_link', uri: 'mailto:ann@example.com', name: 'a' },
        ],
        structuredContent: { deep: { list: ['x', '10.0.0.1'] } },
      },
      [],
    );
    expect(changed).toEqual({
      content: [
        { type: 'text', text: '[EMAIL]' },
        picture,
        {
          type: 'resource',
          resource: { uri: 'file:///a', mimeType: 'text/plain', blob: Buffer.from('mail [EMAIL]').toString('base64') },
        },
        { type: 'resource', resource: { uri: 'file:///b', text: '[EMAIL]' } },
        { type: 'resource_link', uri: 'mailto:[EMAIL]', name: 'a' },
      ],
      structuredContent: { deep: { list: ['x', '[IP]'] } },
    });
  });

  it('progress and log messages, which are dropped with a result that counts as changed', async () => {
    const result = { content: [{ type: 'text', text: 'ok' }] };
    const message = { method: 'notifications/message', params: { data: 'ann@example.com' } };
    const changed = await hook().postMcpCall(callOf({}), result, [message]);
    expect(changed).toEqual(result);
    expect(changed).not.toBe(result);
    expect(await hook().postMcpCall(callOf({}), result, [])).toBeUndefined();
  });

  it('titles and descriptions of tools', async () => {
    const list = listOf({ description: 'ask ann@example.com' }, { title: 'plain' });
    const changed = await hook({ entities: { email: 'block' } }).onMcpList(list);
    expect(changed?.tools).toEqual([{ ...list.tools[0], description: 'ask [EMAIL]' }, list.tools[1]]);
    expect(await hook().onMcpList(listOf({ title: 'plain' }))).toBeUndefined();
  });
});

describe('pii refuses', () => {
  const settings = { entities: { card: 'block', iban: 'block', email: 'mask' } } as const;

  it('by kind, and never repeats what it found', async () => {
    const text = 'ann@example.com 4111111111111111 DE89370400440532013000';
    const thrown = await thrownBy(() => hook(settings).preMcpCall(callOf({ text })));
    expect(thrown).toBeInstanceOf(GuardrailViolation);
    const { message, details } = thrown as GuardrailViolation;
    expect({ message, details }).toEqual({
      message: 'The arguments of this call may not hold personal data: card, iban',
      details: { kinds: ['card', 'iban'] },
    });
  });

  it('what overlaps with something that is only masked', async () => {
    const phoneAndMail = '+49 30 901820ann@example.com';
    expect(await maskedText(phoneAndMail)).toBe('[PHONE][EMAIL]');
    const thrown = await thrownBy(() =>
      hook({ entities: { phone: 'mask', email: 'block' } }).preMcpCall(callOf({ phoneAndMail })),
    );
    expect((thrown as Error).message).toContain('email');
  });

  it('results, and only for the kinds that say so', async () => {
    const withText = (text: string): JsonObject => ({ content: [{ type: 'text', text }] });
    const thrown = await thrownBy(() => hook(settings).postMcpCall(callOf({}), withText('4111111111111111'), []));
    expect((thrown as Error).message).toBe('The result of this call may not hold personal data: card');
    const passed = await hook(settings).postMcpCall(callOf({}), withText('ann@example.com'), []);
    expect(passed).toEqual(withText('[EMAIL]'));
  });
});

describe('patterns of the operator', () => {
  const patterns = (pattern: string, action: 'mask' | 'block' = 'mask') => ({
    patterns: [{ name: 'employee', pattern, action }],
  });

  it('mask and refuse in RE2', async () => {
    expect(await maskedText('E-123456, x', patterns('E-\\d{6}'))).toBe('[EMPLOYEE], x');
    const thrown = await thrownBy(() => hook(patterns('E-\\d{6}', 'block')).preMcpCall(callOf({ a: 'E-123456' })));
    expect((thrown as Error).message).toContain('employee');
  });

  it('find what stands far behind in a long text', async () => {
    const text = `${'x'.repeat(200_000)}E-123456${'y'.repeat(100_000)}`;
    expect(await maskedText(text, patterns('E-\\d{6}'))).toBe(text.replace('E-123456', '[EMPLOYEE]'));
  });
});

describe('a long search', () => {
  it('ends when nobody waits for it any more', async () => {
    const controller = new AbortController();
    const call = { ...callOf({ text: '4111 '.repeat(1_000_000) }), signal: controller.signal };
    const work = Promise.resolve(hook().preMcpCall(call));
    controller.abort();
    await expect(work).rejects.toThrow('the search was given up');
  });
});

describe('for whatever is sent', () => {
  it('nothing of what is found is left, and everything around it is', async () => {
    const data = ['ann@example.com', '4111 1111 1111 1111', '10.0.0.1', '+49 30 901820', 'DE89370400440532013000'];
    // Without `a` too: `(at)` is a way to write `@`.
    const noise = fc.string({ maxLength: 8 }).map((text) => `(${text.replace(/[\d@:.+a]/gi, '')})`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...data), noise), { maxLength: 8 }), async (pairs) => {
        const text = pairs.map(([found, around]) => `${around} ${found} `).join('');
        const once = String(await maskedText(text));
        for (const found of data) expect(once).not.toContain(found);
        expect(once.replace(/\[[A-Z]+\]/g, '')).toBe(
          pairs
            .map(([, around]) => `${around}  `)
            .join('')
            .replace(/\[[A-Z]+\]/g, ''),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['@ signs', '@'.repeat(1_000_000)],
    ['addresses that do not end', 'a@'.repeat(500_000)],
    ['spelled signs', `${'a'.repeat(60)} (at) `.repeat(15_000)],
    ['digits', '1'.repeat(1_000_000)],
    ['groups of digits', '4111 '.repeat(200_000)],
    ['single digits', '4 '.repeat(500_000)],
    ['colons', ':'.repeat(1_000_000)],
    ['hexadecimal groups', 'ab:'.repeat(300_000)],
    ['beginnings of account numbers', 'DE89'.repeat(250_000)],
    ['plus signs and digits', '+1 '.repeat(300_000)],
    ['characters of all kinds', '𝟒é\u200b٤'.repeat(200_000)],
    ['pattern work', 'a'.repeat(1_000_000)],
  ])('a megabyte of %s is looked through without holding others up', async (_, text) => {
    const subject = hook({ patterns: [{ name: 'slow', pattern: '(a|aa)+(b|c)$', action: 'mask' }] });
    const work = Promise.resolve(subject.preMcpCall(callOf({ text, small: 'ann@example.com' })));
    expect(await longestStandstill(work)).toBeLessThan(1500);
    expect((await work)?.arguments?.small).toBe('[EMAIL]');
  });
});
