import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { legacy, openSession, startDoors, stateless, type Doors } from '../../test/fixtures/mcp-doors.js';
import { GatehouseError } from '../common/gatehouse-error.js';
import type { JsonObject } from '../common/json.js';
import type { ToolCallRequest } from '../tool-calls/tool-call.types.js';

let doors: Doors;
beforeEach(async () => {
  doors = await startDoors();
});
afterEach(() => doors.close());

const PARAMS: JsonObject = { name: 'echo', arguments: {}, _meta: { progressToken: 'p' } };
const REFUSED = { error: { code: 4010, data: { reason: 'unauthenticated' } } };
const CALLS = [
  ['2025', legacy('tools/call', PARAMS)],
  ['2026', stateless('tools/call', PARAMS)],
] as const;

/** The next call tells that it runs, with one progress notification when asked to, and waits for its cancellation. */
function hold({ withProgress }: { withProgress: boolean }): Promise<ToolCallRequest> {
  return new Promise((started) => {
    doors.execute = (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => {
          request.client.notify('notifications/progress', { progress: 2 });
          reject(new GatehouseError('call_cancelled', 'cancelled'));
        });
        if (withProgress) request.client.notify('notifications/progress', { progress: 1 });
        started(request);
      });
  });
}

describe.each(CALLS)('a call of %s whose key is revoked', (_, call) => {
  it('has its stream ended with a refusal, and is cancelled', async () => {
    const started = hold({ withProgress: true });
    const answer = doors.send(call);
    const { signal } = await started;
    doors.revoked.add('key-a');
    const { status, events } = await answer;
    expect(status).toBe(200);
    expect(events).toMatchObject([{ params: { progress: 1 } }, { id: 7, ...REFUSED }]);
    expect(events).toHaveLength(2);
    expect(signal.aborted).toBe(true);
  });

  it('is refused with 401 when nothing was sent yet', async () => {
    const started = hold({ withProgress: false });
    const answer = doors.send(call);
    await started;
    doors.revoked.add('key-a');
    expect(await answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      json: { id: 7, ...REFUSED },
    });
  });

  it('leaves the calls of others alone', async () => {
    const started = hold({ withProgress: false });
    const answer = doors.send({ ...call, headers: { ...call.headers, authorization: 'Bearer sk-b' } });
    const other = await started;
    const startedToo = hold({ withProgress: false });
    const revoked = doors.send(call);
    await startedToo;
    doors.revoked.add('key-a');
    expect((await revoked).status).toBe(401);
    expect(other.signal.aborted).toBe(false);
    doors.revoked.add('key-b');
    expect((await answer).status).toBe(401);
  });
});

describe('a session whose key is revoked', () => {
  it('is gone, also for a key that is good again', async () => {
    const [headers, other] = [await openSession(doors), await openSession(doors, {}, 'sk-b')];
    const ended = new Promise<void>((resolve) => {
      const { endOf } = doors.sessions;
      doors.sessions.endOf = (isGone) => {
        endOf.call(doors.sessions, isGone);
        resolve();
      };
    });
    doors.revoked.add('key-a');
    await ended;
    doors.revoked.clear();
    expect((await doors.send(legacy('ping', undefined, { headers }))).status).toBe(404);
    expect((await doors.send(legacy('ping', undefined, { headers: other }))).status).toBe(200);
  });
});

describe('a request whose body is slow', () => {
  it('is refused when its key was revoked meanwhile', async () => {
    const socket = connect(doors.port, '127.0.0.1');
    const body = JSON.stringify(legacy('tools/call', PARAMS).body);
    socket.write(
      'POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-a\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    );
    await admitted();
    doors.revoked.add('key-a');
    socket.end(body);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 401 /);
    expect(doors.calls).toEqual([]);
  });

  async function admitted(): Promise<void> {
    while (doors.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
