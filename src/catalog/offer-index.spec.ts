import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mcpServer } from '../../test/permissions/policy-fixtures.js';
import type { KnownOffer } from './catalog.types.js';
import { OfferIndex } from './offer-index.js';

interface Offered {
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly templates?: readonly string[];
}

function offerOf(alias: string, { prompts = [], resources = [], templates = [] }: Offered): KnownOffer {
  return {
    server: mcpServer({ id: `id-${alias}`, alias }),
    status: 'ok',
    fault: null,
    fetchedAt: 1,
    offer: {
      ...{ servesPrompts: true, servesResources: true, servesCompletions: true, servesSubscriptions: true },
      prompts: prompts.map((name) => ({ name })),
      resources: resources.map((uri) => ({ uri })),
      templates: templates.map((uriTemplate) => ({ uriTemplate })),
    },
  };
}

function indexOf(offers: Record<string, Offered>): OfferIndex {
  const known = Object.entries(offers).map(([alias, offered]) => offerOf(alias, offered));
  return new OfferIndex(
    known.map(({ server }) => server),
    known,
    '-',
  );
}

const leadsTo = (alias: string, name: string): object => ({ server: expect.objectContaining({ alias }), name });
const urisOf = ({ resources }: OfferIndex): string[] => resources.map(({ uri }) => uri);
const templatesOf = ({ templates }: OfferIndex): string[] => templates.map(({ uriTemplate }) => uriTemplate);

describe('names and URIs of several servers', () => {
  it('gives prompts the prefix of their server and hides what cannot be a public name', () => {
    const index = indexOf({ a: { prompts: ['ask', 'with space'] }, b: { prompts: ['ask'] } });
    expect(index.prompts.map(({ name }) => name)).toEqual(['a-ask', 'b-ask']);
    expect(index.prompt('b-ask')).toEqual(leadsTo('b', 'ask'));
    expect(index.prompt('ask')).toBeUndefined();
    expect(index.prompt('a-with space')).toBeUndefined();
  });

  it('leaves URIs alone that only one server has', () => {
    const index = indexOf({ a: { resources: ['x://1'], templates: ['t://{id}'] }, b: { resources: ['y://1'] } });
    expect(urisOf(index)).toEqual(['x://1', 'y://1']);
    expect(templatesOf(index)).toEqual(['t://{id}']);
    expect(index.resource('y://1')).toEqual(leadsTo('b', 'y://1'));
    expect(index.resource('t://7')).toEqual(leadsTo('a', 't://7'));
    expect(index.template('t://{id}')).toEqual(leadsTo('a', 't://{id}'));
    expect(index.resource('z://1')).toBeUndefined();
  });

  it('qualifies a URI that two servers have, and takes it for neither without', () => {
    const index = indexOf({ a: { resources: ['x://1'] }, b: { resources: ['x://1'] } });
    expect(urisOf(index)).toEqual(['gatehouse://a/x://1', 'gatehouse://b/x://1']);
    expect(index.resource('gatehouse://b/x://1')).toEqual(leadsTo('b', 'x://1'));
    expect(index.resource('GATEHOUSE://B/x://1')).toEqual(leadsTo('b', 'x://1'));
    expect(index.resource('x://1')).toBeUndefined();
  });

  it.each([
    ['the same template', 'file:///{path}'],
    ['a wider template', '{+any}'],
    ['a narrower template', 'file:///docs/{name}'],
  ])('qualifies a template when another server has %s', (_case, other) => {
    const index = indexOf({ a: { templates: ['file:///{path}'] }, b: { templates: [other] } });
    expect(templatesOf(index)).toEqual(['gatehouse://a/file:///{path}', `gatehouse://b/${other}`]);
    expect(index.resource('file:///docs/x')).toBeUndefined();
    expect(index.resource('gatehouse://b/file:///docs/x')).toEqual(leadsTo('b', 'file:///docs/x'));
  });

  it('takes no longer than it should for servers that list thousands', () => {
    const many = (scheme: string): string[] => Array.from({ length: 10_000 }, (_, at) => `${scheme}${at}:{x}`);
    const started = performance.now();
    const index = indexOf({ a: { templates: many('a') }, b: { templates: [...many('b'), 'a777:{+y}'] } });
    expect(performance.now() - started).toBeLessThan(5_000);
    const qualified = templatesOf(index).filter((template) => template.startsWith('gatehouse:'));
    expect(qualified).toEqual(['gatehouse://a/a777:{x}', 'gatehouse://b/a777:{+y}']);
  });

  it('qualifies a template that could stand for a resource of another server', () => {
    const index = indexOf({ a: { resources: ['file:///secret'] }, b: { templates: ['file:///{+path}'] } });
    expect(templatesOf(index)).toEqual(['gatehouse://b/file:///{+path}']);
    expect(index.resource('file:///secret')).toEqual(leadsTo('a', 'file:///secret'));
    expect(index.resource('file:///other')).toBeUndefined();
  });

  it('does not let a server speak for another one by listing qualified URIs', () => {
    const spoof = 'gatehouse://docs/file:///secret';
    const index = indexOf({
      docs: { resources: ['file:///secret'] },
      evil: { resources: [spoof], templates: ['gatehouse://docs/{+x}'] },
    });
    expect(index.resource(spoof)).toEqual(leadsTo('docs', 'file:///secret'));
    expect(index.resource(`gatehouse://evil/${spoof}`)).toEqual(leadsTo('evil', spoof));
    expect(templatesOf(index)).toEqual(['gatehouse://evil/gatehouse://docs/{+x}']);
  });

  it('finds no server that is not in scope', () => {
    expect(indexOf({ a: {} }).resource('gatehouse://b/x://1')).toBeUndefined();
  });

  it('leads every listed URI, and every public URI, back to the server that it is from', () => {
    const uri = fc.constantFrom('x://1', 'x://2', 'y://1', 'gatehouse://a/x://1', 'gatehouse:q', 'file:///a', 't://5');
    const template = fc.constantFrom('t://{id}', 'x://{+p}', '{+any}', 'file:///{p}', 'gatehouse://b/{x}');
    const offered = fc.record({ resources: fc.uniqueArray(uri), templates: fc.uniqueArray(template) });
    fc.assert(
      fc.property(fc.record({ a: offered, b: offered, c: offered }), uri, (offers, any) => {
        const index = indexOf(offers);
        const listed = Object.entries(offers).flatMap(([alias, { resources }]) =>
          resources.map((name) => ({ alias, name })),
        );
        expect(index.resources.map(({ uri: shown }) => index.resource(shown))).toEqual(
          listed.map(({ alias, name }) => leadsTo(alias, name)),
        );
        for (const alias of ['a', 'b', 'c']) {
          const server = mcpServer({ id: `id-${alias}`, alias });
          expect(index.resource(index.publicUri(server, any))).toEqual(leadsTo(alias, any));
        }
      }),
    );
  });
});
