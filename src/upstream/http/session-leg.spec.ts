import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpStage, textOf } from '../../../test/fixtures/upstreams/http-stage.js';
import {
  aCall,
  aClient,
  aPrincipal,
  invokeOptions,
  credentialOf,
} from '../../../test/fixtures/upstreams/upstream-factories.js';
import type { RecordingUpstreamOptions } from '../../../test/fixtures/upstreams/recording-http-upstream.js';
import type { JsonObject } from '../../common/json.js';
import type { McpServer } from '../../mcp-servers/mcp-server.js';

describe('Streamable HTTP of the 2025 revisions', () => {
  let stage: HttpStage;
  afterEach(() => stage.close());
  const open = async (upstream: Partial<RecordingUpstreamOptions> = {}, server: Partial<McpServer> = {}) => {
    stage = await HttpStage.open({ upstream: { era: '2025', ...upstream }, server });
  };
  const callAs = (id: string, options = invokeOptions()) =>
    stage.backend.invoke(
      aCall(stage.server, 'echo', { text: id }, { principal: aPrincipal(id) }),
      options,
      credentialOf(stage.server),
    );
  const opened = () => stage.upstream.requests.of('initialize').length;

  it('shakes hands once for calls that arrive together, and reuses the session', async () => {
    await open();
    await Promise.all([callAs('a'), callAs('a'), callAs('a')]);
    await callAs('a');
    expect(opened()).toBe(1);
    const { requests } = stage.upstream;
    expect(requests.of('initialize')[0]?.rpc?.['params']).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'gatehouse', version: expect.any(String) },
    });
    const sessions = new Set(requests.of('tools/call').map(({ headers }) => headers['mcp-session-id']));
    expect(sessions.size).toBe(1);
    expect(requests.of('notifications/initialized')).toHaveLength(1);
    expect(requests.of('tools/call')[0]?.headers['mcp-protocol-version']).toBe('2025-11-25');
    expect(requests.of('tools/call')[0]?.rpc?.['params']).toEqual({ name: 'echo', arguments: { text: 'a' } });
  });

  it('never shares a session between principals', async () => {
    await open();
    await Promise.all([callAs('a'), callAs('b')]);
    await stage.toolNames();
    const sessionsOf = (text: string) =>
      stage.upstream.requests.of('tools/call').filter(({ body }) => body.includes(`"${text}"`));
    expect(opened()).toBe(3);
    expect(sessionsOf('a')[0]?.headers['mcp-session-id']).not.toBe(sessionsOf('b')[0]?.headers['mcp-session-id']);
  });

  it('shares it when the server says so', async () => {
    await open({}, { sessionMode: 'shared' });
    await callAs('a');
    await callAs('b');
    expect(opened()).toBe(1);
  });

  it('keeps users behind one principal apart by their forwarded headers', async () => {
    await open({}, { extraHeaders: ['x-user-token'] });
    await callAs('a', invokeOptions({ callerHeaders: { 'x-user-token': '1' } }));
    await callAs('a', invokeOptions({ callerHeaders: { 'x-user-token': '2' } }));
    await callAs('a', invokeOptions({ callerHeaders: { 'x-user-token': '1' } }));
    expect(opened()).toBe(2);
    expect(stage.upstream.requests.of('initialize')[1]?.headers['x-user-token']).toBe('2');
  });

  it('opens another session for a client with other capabilities', async () => {
    await open();
    const request = async () => ({});
    await callAs('a', invokeOptions({ client: aClient({ request, capabilities: { elicitation: {} } }) }));
    await callAs('a', invokeOptions({ client: aClient({ request, capabilities: { elicitation: {} } }) }));
    await callAs('a', invokeOptions({ client: aClient({ request, capabilities: { roots: {} } }) }));
    const declared = stage.upstream.requests.of('initialize').map(({ rpc }) => rpc?.['params']);
    expect(declared).toMatchObject([{ capabilities: { elicitation: {} } }, { capabilities: { roots: {} } }]);
  });

  it('declares nothing for a client that cannot be asked', async () => {
    await open();
    await callAs('a', invokeOptions({ client: aClient({ capabilities: { sampling: {} }, request: null }) }));
    expect(stage.upstream.requests.of('initialize')[0]?.rpc?.['params']).toMatchObject({ capabilities: {} });
  });

  it('never sends a call again whose stream broke, not even when its session is gone by then', async () => {
    await open({ answerAs: 'sse' });
    await expect(stage.call('lose_session')).rejects.toMatchObject({ code: 'upstream_unavailable', sent: 'yes' });
    expect(stage.upstream.requests.of('tools/call')).toHaveLength(1);
    expect(textOf(await callAs('a'))).toBe('a');
  });

  it('waits for its client without a hurry, also when the upstream closes the stream meanwhile', async () => {
    await open({ answerAs: 'sse' }, { timeoutMs: 400 });
    const request = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return { action: 'accept' };
    };
    const client = aClient({ request, capabilities: { elicitation: {} } });
    expect(textOf(await stage.call('ask_and_close', {}, { client }))).toContain('accept');
    expect(stage.upstream.requests.of('tools/call')).toHaveLength(1);
  });

  it('opens one new session when the upstream lost them, and sends each call once more', async () => {
    await open();
    await callAs('a');
    stage.upstream.forgetSessions();
    stage.upstream.requests.clear();
    const replies = await Promise.all(['a', 'a', 'a', 'a'].map((id) => callAs(id)));
    expect(replies.map(textOf)).toEqual(['a', 'a', 'a', 'a']);
    expect(opened()).toBe(1);
    expect(stage.upstream.callCount).toBe(8);
  });

  it('gives up when the new session is unknown too', async () => {
    await open();
    const lost = stage.call('raw', { status: 404 });
    await expect(lost).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'yes' });
    expect(stage.upstream.callCount).toBe(2);
    expect(opened()).toBe(2);
  });

  it('does not take a 404 of a server without sessions for a lost session', async () => {
    await open({ sessionless: true });
    await expect(stage.call('raw', { status: 404 })).rejects.toMatchObject({ code: 'upstream_protocol_error' });
    expect(stage.upstream.callCount).toBe(1);
    expect(stage.upstream.requests.of('tools/call')[0]?.headers).not.toHaveProperty('mcp-session-id');
  });

  it.each(['2025-06-18', '2025-03-26'])('speaks %s', async (version) => {
    await open({ version });
    expect(textOf(await callAs('a'))).toBe('a');
    expect(stage.upstream.requests.of('tools/call')[0]?.headers['mcp-protocol-version']).toBe(version);
  });

  it('refuses a revision that it does not speak, with nothing sent', async () => {
    await open({ version: '1999-01-01' });
    await expect(callAs('a')).rejects.toMatchObject({ code: 'upstream_protocol_error', sent: 'no' });
    expect(stage.upstream.callCount).toBe(0);
  });

  it.each(['json', 'sse'] as const)('carries questions to the client and answers back (%s)', async (answerAs) => {
    await open({ answerAs });
    const asked: [string, JsonObject][] = [];
    const request = async (method: string, params: JsonObject): Promise<JsonObject> => {
      asked.push([method, params]);
      return { action: 'accept', content: { name: 'Ada' } };
    };
    const reply = await stage.call('ask', {}, { client: aClient({ request, capabilities: { elicitation: {} } }) });
    expect(asked).toMatchObject([['elicitation/create', { message: 'What is your name?' }]]);
    expect(JSON.parse(textOf(reply))).toMatchObject({ result: { action: 'accept', content: { name: 'Ada' } } });
  });

  it('tells the upstream when the client does not answer', async () => {
    await open();
    const request = () => Promise.reject(new Error('no'));
    const reply = await stage.call('ask', {}, { client: aClient({ request }) });
    expect(JSON.parse(textOf(reply))).toMatchObject({ error: { code: -1 } });
  });

  it('answers a question itself when the client cannot be asked', async () => {
    await open();
    expect(JSON.parse(textOf(await stage.call('ask')))).toMatchObject({ result: { action: 'cancel' } });
  });

  it('does not count the time in which the client thinks', async () => {
    stage = await HttpStage.open({
      upstream: { era: '2025' },
      server: { timeoutMs: 400, protocolEra: '2025' },
      limits: { idleMs: 100 },
    });
    const request = () => new Promise<JsonObject>((resolve) => setTimeout(() => resolve({ action: 'decline' }), 600));
    const reply = await stage.call('ask', {}, { client: aClient({ request }) });
    expect(JSON.parse(textOf(reply))).toMatchObject({ result: { action: 'decline' } });
  });

  it('takes up a stream that the upstream closed before the reply', async () => {
    await open();
    expect(textOf(await stage.call('resume'))).toBe('resumed');
    expect(stage.upstream.callCount).toBe(1);
    const resumption = await stage.upstream.requests.find(({ method }) => method === 'GET');
    expect(resumption.headers).toMatchObject({
      accept: 'text/event-stream',
      'last-event-id': expect.stringMatching(/^event-/),
    });
  });

  it('sets the log level once per session, and again only for more', async () => {
    await open();
    const logging = (logLevel: string) => invokeOptions({ client: aClient({ logLevel }) });
    for (const level of ['warning', 'error', 'warning', 'debug']) await callAs('a', logging(level));
    const levels = stage.upstream.requests.of('logging/setLevel').map(({ rpc }) => rpc?.['params']);
    expect(levels).toEqual([{ level: 'warning' }, { level: 'debug' }]);
  });

  it('ends its sessions when the server is released, after the calls that run', async () => {
    await open();
    await callAs('a');
    const running = stage.call('slow');
    await stage.upstream.requests.find(({ body }) => body.includes('"slow"'));
    await stage.backend.release(stage.server.id);
    expect(stage.upstream.sessionCount).toBe(1);
    stage.upstream.release();
    expect(textOf(await running)).toBe('slow is done');
    await stage.upstream.requests.find(({ method }) => method === 'DELETE' && stage.upstream.sessionCount === 0);
  });

  it('ends a session that nobody uses any more', async () => {
    stage = await HttpStage.open({ upstream: { era: '2025' }, limits: { sessionIdleMs: 50, sweepMs: 10 } });
    await callAs('a');
    await stage.upstream.requests.find(({ method }) => method === 'DELETE');
    await callAs('a');
    expect(opened()).toBe(2);
  });

  it('ends the longest idle session when there are too many', async () => {
    stage = await HttpStage.open({ upstream: { era: '2025' }, limits: { sessionsPerServer: 2 } });
    for (const who of ['a', 'b', 'a', 'c']) await callAs(who);
    const ended = await stage.upstream.requests.find(({ method }) => method === 'DELETE');
    const ofB = await stage.upstream.requests.find(({ body }) => body.includes('{"text":"b"}'));
    expect(ended.headers['mcp-session-id']).toBe(ofB.headers['mcp-session-id']);
  });

  it('refuses a caller when every session is in use', async () => {
    stage = await HttpStage.open({ upstream: { era: '2025' }, limits: { sessionsPerServer: 1 } });
    const running = stage.call('slow');
    await stage.upstream.requests.received('tools/call');
    await expect(callAs('b')).rejects.toMatchObject({ code: 'rate_limited', sent: 'no' });
    stage.upstream.release();
    await running;
  });

  it('ends its sessions when it closes', async () => {
    await open();
    await Promise.all([callAs('a'), callAs('b')]);
    await stage.backend.close();
    expect(stage.upstream.sessionCount).toBe(0);
  });
});
