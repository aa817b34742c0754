import { describe, expect, it } from '@jest/globals';
import { readAnswer } from './webhook-answer.js';
import { signatureHeaders } from './webhook-signature.js';

describe('an answer', () => {
  it.each([
    ['pre', { action: 'allow' }],
    ['pre', { action: 'deny', message: 'no' }],
    ['pre', { action: 'change', arguments: {} }],
    ['pre', { action: 'change', headers: { 'x-a': 'b' } }],
    ['during', { action: 'deny' }],
    ['post', { action: 'change', result: { content: [], structuredContent: {} } }],
  ] as const)('of the %s phase may be %j', (phase, answer) => {
    expect(readAnswer(phase, 'q', { id: 'q', ...answer } as never)).toMatchObject(answer);
  });

  it.each([
    ['pre', { action: 'change' }],
    ['pre', { action: 'change', result: { content: [] } }],
    ['pre', { action: 'allow', arguments: {} }],
    ['pre', { action: 'deny', message: '' }],
    ['pre', { action: 'deny', message: 'x'.repeat(501) }],
    ['pre', { action: 'change', headers: { 'x-a': 1 } }],
    ['during', { action: 'change', arguments: {} }],
    ['post', { action: 'change', arguments: {} }],
    ['post', { action: 'change', result: {} }],
  ] as const)('of the %s phase may not be %j', (phase, answer) => {
    expect(() => readAnswer(phase, 'q', { id: 'q', ...answer } as never)).toThrow(`not one of the ${phase} phase`);
  });

  it('belongs to its question', () => {
    expect(() => readAnswer('pre', 'q', { id: 'p', action: 'allow' })).toThrow('another question');
  });
});

/** The example of the Standard Webhooks specification. */
it('signatures are those of Standard Webhooks', () => {
  const headers = signatureHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
  });
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});
