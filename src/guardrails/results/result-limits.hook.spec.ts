import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callOf } from '../../../test/fixtures/hook-calls.js';
import type { JsonObject, JsonValue } from '../../common/json.js';
import { GuardrailViolation } from '../../hooks/guardrail-violation.js';
import { ResultLimitsHook } from './result-limits.hook.js';
import { ResultLimitsSettings } from './result-limits.settings.js';
import { sizeOf } from './truncation.js';

function limited(result: JsonObject, settings: Partial<ResultLimitsSettings>): JsonObject | void {
  return new ResultLimitsHook(Object.assign(new ResultLimitsSettings(), settings)).postMcpCall(callOf({}), result);
}

const textsOf = (...texts: string[]): JsonObject => ({ content: texts.map((text) => ({ type: 'text', text })) });
const nested = (depth: number): JsonValue => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('result_limits', () => {
  it('lets pass what is within the limits', () => {
    expect(limited(textsOf('a', 'b'), { max_items: 2, max_bytes: 1024 })).toBeUndefined();
    expect(limited({ content: [], structuredContent: nested(6) }, { max_depth: 8 })).toBeUndefined();
  });

  it.each<[string, JsonObject, Partial<ResultLimitsSettings>, string]>([
    ['bytes', textsOf('x'.repeat(1200)), { max_bytes: 1024 }, 'The result is too large: it is of more than 1024 bytes'],
    ['bytes of other alphabets', textsOf('ü'.repeat(600)), { max_bytes: 1024 }, 'of more than 1024 bytes'],
    ['items', textsOf('a', 'b', 'c'), { max_items: 2 }, 'of more than 2 items'],
    ['depth', { content: [], structuredContent: nested(9) }, { max_depth: 8 }, 'nested more than 8 deep'],
    ['depth, also when it may truncate', { content: [], a: nested(9) }, { max_depth: 8, action: 'truncate' }, 'nested'],
    [
      'structured content, which cannot be cut',
      { content: [], structuredContent: { a: 'x'.repeat(1200) } },
      { max_bytes: 1024, action: 'truncate' },
      'of more than 1024 bytes',
    ],
  ])('refuses by %s', (_, result, settings, message) => {
    expect(() => limited(result, settings)).toThrow(message);
  });

  it('cuts texts, those of resources too, and leaves the rest as it is', () => {
    const picture = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
    const resource = { uri: 'file:///a', text: 'y'.repeat(5000) };
    const items: JsonObject[] = [picture, { type: 'text', text: 'short' }, { type: 'resource', resource }];
    const settings = { max_bytes: 2048, action: 'truncate' as const };
    const cut = limited({ content: items, isError: true }, settings) as JsonObject & { content: JsonObject[] };
    expect(cut.content.slice(0, 2)).toEqual(items.slice(0, 2));
    expect(JSON.stringify(cut.content[2])).toMatch(/y{500,}\\n\[cut: \d+ of 5000 characters\]/);
    expect(cut.isError).toBe(true);
    expect(sizeOf(cut)).toBeLessThanOrEqual(2048);
  });

  it('leaves items out and says how many', () => {
    const cut = limited(textsOf('a', 'b', 'c', 'd'), { max_items: 3, action: 'truncate' });
    expect(cut).toEqual(textsOf('a', 'b', '[cut: 2 more items]'));
  });

  it('never gives a result that is over the limit, nor half a character', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 4000 }), fc.constant('😀'.repeat(900))), {
      maxLength: 6,
    });
    let given = 0;
    fc.assert(
      fc.property(texts, (parts) => {
        const settings = { max_bytes: 2048, max_items: 4, action: 'truncate' } as const;
        const result = limitedOrRefused(textsOf(...parts), settings);
        if (result instanceof GuardrailViolation) return;
        given++;
        expect(sizeOf(result)).toBeLessThanOrEqual(2048);
        expect(JSON.stringify(result)).not.toMatch(/\\ud[89ab][0-9a-f]{2}(?!\\u)/);
      }),
      { numRuns: 300, examples: [[['😀'.repeat(900)]], [['a', 'b', 'c', 'd', 'e']]] },
    );
    expect(given).toBeGreaterThan(1);
  });

  it('cuts a very large text', () => {
    const cut = limited(textsOf('"'.repeat(5_000_000)), { action: 'truncate' });
    expect(cut).toMatchObject({ content: [{ type: 'text', text: expect.stringMatching(/^"{1000}/) }] });
    expect(sizeOf(cut as JsonObject)).toBeLessThanOrEqual(new ResultLimitsSettings().max_bytes);
  });
});

/** What is left of a result, or why it is refused; any other error is one of the guardrail. */
function limitedOrRefused(
  result: JsonObject,
  settings: Partial<ResultLimitsSettings>,
): JsonObject | GuardrailViolation {
  try {
    return limited(result, settings) ?? result;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(GuardrailViolation);
    return thrown as GuardrailViolation;
  }
}
