import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { abortSignalOf, type CancelSignal } from '../common/cancellation.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import { cancelled, protocolError } from './upstream-errors.js';
import { CLIENT_METHODS, INTERNAL_ERROR, MISSING_CAPABILITY } from './protocol.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/** What a request of the stateless revision repeats of an earlier `input_required`. */
export interface RoundInput {
  readonly inputResponses: JsonValue | undefined;
  readonly requestState: string | undefined;
}

/** Rounds of questions before an upstream counts as broken. */
const MAX_ROUNDS = 8;
/** Pause before a request is repeated whose repetition is all that can be done. */
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Thrown when the client has no answer; there is no way to tell the upstream so. */
class Unanswered extends Error {}

/**
 * Runs a call of the stateless revision to its end. A client that can be asked questions directly (2025) is asked what
 * an `input_required` result wants, and the call is issued again with the answers; a client of the same revision gets
 * the result as it is and repeats the call by itself.
 * @param send issues the call once, with a new id.
 */
export async function runInputRounds(
  { method }: Pick<AuthorizedOutgoing, 'method'>,
  options: InvokeOptions,
  send: (input: RoundInput) => Promise<UpstreamReply>,
): Promise<UpstreamReply> {
  const { client, signal } = options;
  let reply = await send({ inputResponses: client.inputResponses, requestState: client.requestState });
  if (client.repeatsRequests) return reply;
  for (let round = 0; isInputRequired(reply); round++) {
    if (round === MAX_ROUNDS) throw protocolError('yes', `still asks after ${MAX_ROUNDS} rounds`);
    const { requestState } = reply.result;
    const questions = questionsOf(reply.result);
    const inputResponses = await answersTo(questions, client.request, signal);
    if (inputResponses === null) return unanswered(method);
    if (isWaiting(questions)) await waitABit(round, signal);
    reply = await send({
      inputResponses,
      requestState: typeof requestState === 'string' ? requestState : undefined,
    });
  }
  return lacksCapability(reply) && method === 'tools/call' ? unanswered(method) : reply;
}

/** What a call or request becomes whose client cannot, or does not want to, answer: there is no error to send back. */
export function unanswered(method: AuthorizedOutgoing['method']): UpstreamReply {
  if (method !== 'tools/call') {
    const message = 'The server asked the client for input, and the client did not answer';
    return { kind: 'error', error: { code: INTERNAL_ERROR, message } };
  }
  const text = 'The tool asked the client for input, and the client did not answer.';
  return { kind: 'result', result: { content: [{ type: 'text', text }], isError: true } };
}

type Ask = InvokeOptions['client']['request'];

interface Question {
  readonly key: string;
  readonly method: string;
  readonly params: JsonObject;
}

function isInputRequired(reply: UpstreamReply): reply is { kind: 'result'; result: JsonObject } {
  return reply.kind === 'result' && reply.result['resultType'] === 'input_required';
}

/** The error is one that clients of 2025 do not know. */
function lacksCapability(reply: UpstreamReply): boolean {
  return reply.kind === 'error' && reply.error.code === MISSING_CAPABILITY;
}

function questionsOf({ inputRequests = {} }: JsonObject): Question[] {
  if (!isJsonObject(inputRequests)) throw protocolError('yes', 'inputRequests is not an object');
  return Object.entries(inputRequests).map(([key, entry]) => {
    const { method, params = {} } = isJsonObject(entry) ? entry : {};
    if (typeof method !== 'string' || !CLIENT_METHODS.has(method) || !isJsonObject(params)) {
      throw protocolError('yes', 'an entry of inputRequests is not a question that a client can be asked');
    }
    return { key, method, params: isUrlElicitation(params) ? { elicitationId: randomUUID(), ...params } : params };
  });
}

/** The revisions with sessions want an id of each; nothing comes back that would name it. */
function isUrlElicitation({ mode }: JsonObject): boolean {
  return mode === 'url';
}

/** Answers by key; undefined: nothing was asked; null: the client has no answer. */
async function answersTo(
  questions: readonly Question[],
  ask: Ask,
  signal: CancelSignal,
): Promise<JsonObject | null | undefined> {
  if (questions.length === 0) return undefined;
  if (ask === null) return null;
  try {
    const answers = await Promise.all(questions.map((question) => put(question, ask, signal)));
    return Object.fromEntries(questions.map(({ key }, index) => [key, answers[index] ?? {}]));
  } catch (error) {
    if (signal.aborted) throw cancelled('yes');
    if (error instanceof Unanswered) return null;
    throw error;
  }
}

async function put({ method, params }: Question, ask: NonNullable<Ask>, signal: CancelSignal): Promise<JsonObject> {
  try {
    return await ask(method, params, signal);
  } catch (error) {
    throw new Unanswered('the client did not answer', { cause: error });
  }
}

/** Was nothing asked, or was the user sent somewhere, which takes a while? */
function isWaiting(questions: readonly Question[]): boolean {
  return questions.every(({ params }) => isUrlElicitation(params));
}

async function waitABit(round: number, signal: CancelSignal): Promise<void> {
  const ms = Math.min(PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS);
  await pause(ms, undefined, { signal: abortSignalOf(signal) }).catch(() => {
    throw cancelled('yes');
  });
}
