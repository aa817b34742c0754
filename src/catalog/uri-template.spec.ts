import { describe, expect, it } from '@jest/globals';
import { UriTemplateMatcher } from './uri-template.js';

describe('a URI template', () => {
  it.each([
    ['t://{id}', 't://7', true],
    ['t://{id}', 't://7/8', false],
    ['t://{id}', 't://', false],
    ['t://{id}/end', 't://7/end', true],
    ['t://{id}/end', 't://7/END', false],
    ['t://{+path}', 't://a/b?c', true],
    ['t://x{/a,b}', 't://x/1/2', true],
    ['t://x{?q}', 't://x', true],
    ['t://x{?q}', 't://x?q=1', true],
    ['t://x{?q}', 't://xy', false],
    ['t://x{#f}', 't://x#f', true],
    ['t://a.b/{id}', 't://aXb/1', false],
    ['t://(a+)+$/{id}', 't://(a+)+$/1', true],
    ['t://{id', 't://{id', true],
    ['plain', 'plain', true],
    ['t://{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}{r}{s}{t}{u}', 't://abcdefghijklmnopqrstuvwxyz', false],
    [`t://${'x'.repeat(1_000)}{id}`, `t://${'x'.repeat(1_000)}1`, false],
    ['t://{+a}', `t://${'x'.repeat(8_192)}`, false],
  ])('%s stands for %s: %p', (template, uri, expected) => {
    expect(new UriTemplateMatcher(template).matches(uri)).toBe(expected);
  });

  it('costs little, whatever it says', () => {
    const greedy = new UriTemplateMatcher(`t://${'{+a}'.repeat(20)}!`);
    const started = performance.now();
    expect(greedy.matches(`t://${'x'.repeat(8_000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
