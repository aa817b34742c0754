import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../common/json.js';
import { readApiDocument } from './api-document.js';
import { importApi } from './import-api.js';
import type { OperationTool } from './operation.js';
import { operationRequest, type ApiRequest } from './operation-request.js';
import { operationResult } from './operation-result.js';

function toolOf(path: string, operation: JsonObject, method = 'get'): OperationTool {
  const document = { openapi: '3.1.0', info: { title: 't', version: '1' }, paths: { [path]: { [method]: operation } } };
  const [tool] = importApi(readApiDocument(JSON.stringify(document))).tools;
  if (tool === undefined) throw new Error('there is no tool');
  return tool;
}

function request(path: string, operation: JsonObject, given: JsonObject, method = 'get'): ApiRequest {
  return operationRequest(toolOf(path, operation, method).operation, given);
}

function withParameter(place: string, more: JsonObject, value: JsonValue, path = '/x'): ApiRequest {
  return request(path, { parameters: [{ name: 'v', in: place, schema: {}, ...more }] }, { v: value });
}

const posting = (mediaType: string, schema: JsonObject, body: JsonValue): ApiRequest =>
  request('/x', { requestBody: { content: { [mediaType]: { schema } } } }, { body }, 'post');

describe('a query', () => {
  it.each<[JsonObject, JsonValue, string]>([
    [{}, 'a b&c=d#e', '/x?v=a%20b%26c%3Dd%23e'],
    [{}, 0, '/x?v=0'],
    [{}, false, '/x?v=false'],
    [{}, '', '/x?v='],
    [{}, null, '/x'],
    [{}, [], '/x'],
    [{}, ['a', 'b,c'], '/x?v=a&v=b%2Cc'],
    [{ explode: false }, ['a', 'b'], '/x?v=a%2Cb'],
    [{ style: 'spaceDelimited', explode: false }, ['a', 'b'], '/x?v=a%20b'],
    [{ style: 'pipeDelimited', explode: false }, ['a', 'b'], '/x?v=a%7Cb'],
    [{}, { r: 1, g: 2 }, '/x?r=1&g=2'],
    [{ explode: false }, { r: 1, g: 2 }, '/x?v=r%2C1%2Cg%2C2'],
    [{ style: 'deepObject' }, { r: 1, g: 2 }, '/x?v%5Br%5D=1&v%5Bg%5D=2'],
    [
      { schema: undefined as never, content: { 'application/json': { schema: {} } } },
      { a: [1] },
      '/x?v=%7B%22a%22%3A%5B1%5D%7D',
    ],
  ])('with %j and %j is %s', (more, value, target) => {
    expect(withParameter('query', more, value).target).toBe(target);
  });
});

describe('a path', () => {
  it.each<[JsonObject, JsonValue, string]>([
    [{}, 'a b', '/x/a%20b/y'],
    [{}, 0, '/x/0/y'],
    [{}, 'a?b#c', '/x/a%3Fb%23c/y'],
    [{}, ['a', 'b'], '/x/a,b/y'],
    [{ style: 'label' }, 'a', '/x/.a/y'],
    [{ style: 'label', explode: true }, ['a', 'b'], '/x/.a.b/y'],
    [{ style: 'matrix' }, 5, '/x/;v=5/y'],
    [{ style: 'matrix', explode: true }, ['a', 'b'], '/x/;v=a;v=b/y'],
    [{}, { r: 1, g: 2 }, '/x/r,1,g,2/y'],
    [{ explode: true }, { r: 1, g: 2 }, '/x/r=1,g=2/y'],
  ])('with %j and %j is %s', (more, value, target) => {
    expect(withParameter('path', more, value, '/x/{v}/y').target).toBe(target);
  });

  it.each([
    '..',
    '.',
    '%2e%2e',
    '%252e%252e',
    '.%2e',
    '../admin',
    'a/b',
    'a\\b',
    '%2f',
    '%252f',
    '..%5c',
    'a\nb',
    'a\u0000',
    '',
  ])('refuses %j', (value) => {
    expect(() => withParameter('path', {}, value, '/x/{v}/y')).toThrow(/^v must not/);
  });

  it('refuses dots that the style or the template would make', () => {
    expect(() => withParameter('path', { style: 'label' }, '.', '/x/{v}/y')).toThrow('dots');
    expect(() => withParameter('path', {}, '.', '/x/.{v}/y')).toThrow('dots');
  });

  it('refuses a value that is missing', () => {
    expect(() => request('/x/{v}', {}, {})).toThrow('v is missing');
  });

  it('is never left, whatever the value', () => {
    const alphabet = [
      '.',
      '..',
      '/',
      '\\',
      '%',
      '2e',
      '2f',
      '5c',
      '25',
      'a',
      '?',
      '#',
      ';',
      '@',
      ':',
      ' ',
      '\t',
      'é',
      '\u2025',
      ',',
    ];
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const value = Array.from(
        { length: 1 + (round % 7) },
        () => alphabet[Math.floor(Math.random() * alphabet.length)],
      ).join('');
      const target = attempt(value);
      if (target === null) {
        refused++;
        continue;
      }
      for (let decoded = target, times = 0; times < 6; times++) {
        const url = new URL(`http://api.example/base${decoded}`);
        expect({ value, host: url.host, path: url.pathname.startsWith('/base/x/') }).toEqual({
          value,
          host: 'api.example',
          path: true,
        });
        expect({ value, segments: url.pathname.split('/').length }).toEqual({ value, segments: 5 });
        const next = decoded.replace(/%([0-9a-f]{2})/gi, (all, hex: string) =>
          /^(2e|2f|5c|25)$/i.test(hex) ? String.fromCharCode(Number.parseInt(hex, 16)) : all,
        );
        if (next === decoded) break;
        decoded = next;
      }
    }
    expect(refused).toBeGreaterThan(1_000);
    expect(refused).toBeLessThan(19_000);
  });
});

const PATH = toolOf('/x/{v}/y', { parameters: [{ name: 'v', in: 'path', schema: {} }] });

function attempt(value: string): string | null {
  try {
    return operationRequest(PATH.operation, { v: value }).target;
  } catch {
    return null;
  }
}

describe('headers and cookies', () => {
  it('carry their values', () => {
    expect(withParameter('header', { name: 'X-Trace' }, ['a', 'b']).headers).toEqual({});
    const { headers } = request(
      '/x',
      {
        parameters: [
          { name: 'X-Trace', in: 'header', schema: {} },
          { name: 'session', in: 'cookie', schema: {} },
        ],
      },
      { 'X-Trace': ['a', 'b'], session: 'a;b=c' },
    );
    expect(headers).toEqual({ 'x-trace': 'a,b', cookie: 'session=a%3Bb%3Dc' });
  });

  it.each(['a\r\nx: y', 'a\u0000', '\u2028'])('refuse %j', (value) => {
    expect(() => withParameter('header', {}, value)).toThrow('v must not hold line breaks');
  });
});

describe('a body', () => {
  it.each<[string, JsonObject, JsonValue, string]>([
    ['application/json', {}, { a: 0 }, '{"a":0}'],
    ['application/vnd.api+json', {}, [1], '[1]'],
    ['application/x-www-form-urlencoded', {}, { a: 'x&y', b: [1, 2], c: null }, 'a=x%26y&b=1&b=2'],
    ['text/plain', {}, 'hello', 'hello'],
  ])('of type %s', (mediaType, schema, value, text) => {
    const { body, headers } = posting(mediaType, schema, value);
    expect({ body, type: headers['content-type'] }).toEqual({ body: text, type: mediaType });
  });

  it('of parts holds texts and files', async () => {
    const schema = { type: 'object', properties: { note: {}, file: { type: 'string', format: 'binary' } } };
    const file = Buffer.from([0, 255]).toString('base64');
    const { body, headers } = posting('multipart/form-data', schema, { note: 'x', file });
    expect(headers).toEqual({});
    const form = body as FormData;
    expect(form.get('note')).toBe('x');
    expect(Buffer.from(await (form.get('file') as Blob).arrayBuffer())).toEqual(Buffer.from([0, 255]));
  });

  it('of bytes is base64', () => {
    expect(posting('application/octet-stream', {}, 'AP8=').body).toEqual(Uint8Array.from([0, 255]));
    expect(() => posting('application/octet-stream', {}, 'not base64!')).toThrow('body must be bytes in base64');
  });

  it('is not sent when it is not given', () => {
    const operation = { requestBody: { content: { 'application/json': {} } } };
    expect(request('/x', operation, {}, 'post')).toMatchObject({ body: null, headers: {} });
  });
});

describe('an answer', () => {
  const answer = (status: number, contentType: string, body: string | Buffer) =>
    operationResult({ status, contentType, body: Buffer.from(body) }, true);

  it('is text, and structured content when it is an object', () => {
    expect(answer(200, 'application/json; charset=utf-8', '{"a":0}')).toEqual({
      content: [{ type: 'text', text: '{"a":0}' }],
      structuredContent: { a: 0 },
    });
    expect(answer(200, 'application/json', '[1]')).toEqual({ content: [{ type: 'text', text: '[1]' }] });
    expect(answer(200, 'application/json', '{"a":')).toEqual({ content: [{ type: 'text', text: '{"a":' }] });
    expect(answer(204, '', '')).toEqual({ content: [{ type: 'text', text: 'HTTP 204, without a body' }] });
  });

  it('is an error from 300 on', () => {
    expect(answer(404, 'application/json', '{"code":1}')).toEqual({
      content: [{ type: 'text', text: 'HTTP 404\n{"code":1}' }],
      isError: true,
    });
    expect(answer(302, 'text/html', 'x')).toMatchObject({ isError: true });
    expect(answer(500, 'application/octet-stream', 'x')).toEqual({
      content: [{ type: 'text', text: 'HTTP 500' }],
      isError: true,
    });
  });

  it('that is not text is kept as bytes', () => {
    expect(answer(200, 'image/png', Buffer.from([1]))).toEqual({
      content: [{ type: 'image', data: 'AQ==', mimeType: 'image/png' }],
    });
    expect(answer(200, 'application/pdf', Buffer.from([1]))).toMatchObject({
      content: [{ type: 'resource', resource: { mimeType: 'application/pdf', blob: 'AQ==' } }],
    });
  });
});
