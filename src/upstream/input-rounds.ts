import { abortSignalOf, type CancelSignal } from '../common/cancellation.js';
import { setTimeout as pause } from 'node:timers/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import { cancelled, protocolError } from './upstream-errors.js';
import { CLIENT_METHODS, INTERNAL_ERROR } from './protocol.js';
import type { InvokeOptions, UpstreamReply } from './upstream.types.js';

/** What a request of the stateless revision repeats of an earlier `input_required`. */
export interface RoundInput {
  readonly inputResponses: JsonValue | undefined;
  readonly requestState: string | undefined;
}

/** Rounds of questions before an upstream counts as broken. */
const MAX_ROUNDS = 8;
/** Pause before a request is repeated that asked for nothing but its repetition. */
const STATE_ONLY_PAUSE_MS = 250;

/** Thrown when the client has no answer; there is no way to tell the upstream so. */
class Unanswered extends Error {}

/**
 * Runs a call of the stateless revision to its end. A client that can be asked questions directly (2025) is asked what
 * an `input_required` result wants, and the call is issued again with the answers; any other client gets the result
 * as it is and repeats the call by itself.
 * @param send issues the call once, with a new id.
 */
export async function runInputRounds(
  { method }: Pick<AuthorizedOutgoing, 'method'>,
  options: InvokeOptions,
  send: (input: RoundInput) => Promise<UpstreamReply>,
): Promise<UpstreamReply> {
  const { client } = options;
  let reply = await send({ inputResponses: client.inputResponses, requestState: client.requestState });
  if (client.request === null) return reply;
  for (let round = 0; isInputRequired(reply); round++) {
    if (round === MAX_ROUNDS) throw protocolError('yes', `still asks after ${MAX_ROUNDS} rounds`);
    const { requestState } = reply.result;
    const inputResponses = await answersTo(reply.result, client.request, options.signal);
    if (inputResponses === null) return unanswered(method);
    reply = await send({
      inputResponses,
      requestState: typeof requestState === 'string' ? requestState : undefined,
    });
  }
  return reply;
}

type Ask = NonNullable<InvokeOptions['client']['request']>;

function isInputRequired(reply: UpstreamReply): reply is { kind: 'result'; result: JsonObject } {
  return reply.kind === 'result' && reply.result['resultType'] === 'input_required';
}

/** Answers by key; undefined: nothing was asked; null: the client has no answer. */
async function answersTo(result: JsonObject, ask: Ask, signal: CancelSignal): Promise<JsonObject | null | undefined> {
  const questions = result['inputRequests'];
  if (questions !== undefined && !isJsonObject(questions)) throw protocolError('yes', 'inputRequests is not an object');
  const entries = Object.entries(questions ?? {});
  try {
    if (entries.length === 0) {
      await pause(STATE_ONLY_PAUSE_MS, undefined, { signal: abortSignalOf(signal) });
      return undefined;
    }
    const answers = await Promise.all(entries.map(([, question]) => putQuestion(question, ask, signal)));
    return Object.fromEntries(entries.map(([key], index) => [key, answers[index] ?? {}]));
  } catch (error) {
    if (signal.aborted) throw cancelled('yes');
    if (error instanceof Unanswered) return null;
    throw error;
  }
}

async function putQuestion(question: JsonValue, ask: Ask, signal: CancelSignal): Promise<JsonObject> {
  const { method, params = {} } = isJsonObject(question) ? question : {};
  if (typeof method !== 'string' || !CLIENT_METHODS.has(method) || !isJsonObject(params)) {
    throw protocolError('yes', 'an entry of inputRequests is not a question that a client can be asked');
  }
  try {
    return await ask(method, params, signal);
  } catch (error) {
    throw new Unanswered('the client did not answer', { cause: error });
  }
}

/** The protocol gives the client no error to send back, so the call ends as a failed tool or the request as an error. */
function unanswered(method: AuthorizedOutgoing['method']): UpstreamReply {
  if (method !== 'tools/call') {
    const message = 'The server asked the client for input, and the client did not answer';
    return { kind: 'error', error: { code: INTERNAL_ERROR, message } };
  }
  const text = 'The tool asked the client for input, and the client did not answer.';
  return { kind: 'result', result: { content: [{ type: 'text', text }], isError: true } };
}
