import { setTimeout as pause } from 'node:timers/promises';
import { abortSignalOf, type CancelSignal } from '../common/cancellation.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../common/json.js';
import type { AuthorizedOutgoing } from './authorized-outgoing.js';
import { unanswered } from './input-rounds.js';
import { MISSING_CAPABILITY } from './protocol.js';
import { cancelled, protocolError } from './upstream-errors.js';
import type { ClientChannel, InvokeOptions, UpstreamReply } from './upstream.types.js';

/** By this error servers of 2025-11-25 refuse to work before the user has been somewhere; 2026-07-28 forbids it. */
const URL_ELICITATION_REQUIRED = -32042;
/** How often a request is sent that is refused in this way. */
const MAX_SENDINGS = 8;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

type Refusal = Extract<UpstreamReply, { kind: 'error' }>;

/**
 * Does a server of a session refuse a request of a 2026 client until its user has been somewhere? Clients of 2025 know
 * the error and get it as it is.
 */
export function wantsUrlFirst(reply: UpstreamReply, { repeatsRequests }: ClientChannel): reply is Refusal {
  return repeatsRequests && reply.kind === 'error' && reply.error.code === URL_ELICITATION_REQUIRED;
}

/**
 * Has the client send its user to the URLs. null: the user went there, so the request, which its server has refused to
 * run, is to be sent again. Else what the request ends with.
 * @param sendings how often it was sent so far
 */
export async function visitUrls(
  { error }: Refusal,
  sendings: number,
  { method }: Pick<AuthorizedOutgoing, 'method'>,
  { client, signal }: Pick<InvokeOptions, 'client' | 'signal'>,
): Promise<UpstreamReply | null> {
  const { request: ask, capabilities } = client;
  if (ask === null || !opensUrls(capabilities)) return missingCapability();
  if (sendings === MAX_SENDINGS) throw protocolError('yes', `still wants an elicitation after ${sendings} sendings`);
  const asked = elicitationsOf(error.data).map((params) => ask('elicitation/create', params, signal));
  const answers = await Promise.all(asked).catch(() => null);
  if (signal.aborted) throw cancelled('yes');
  if (answers === null || answers.some(({ action }) => action !== 'accept')) return unanswered(method);
  await backOff(sendings, signal);
  return null;
}

function opensUrls({ elicitation }: JsonObject): boolean {
  return isJsonObject(elicitation) && isJsonObject(elicitation['url']);
}

function elicitationsOf(data: JsonValue | undefined): JsonObject[] {
  const listed = isJsonObject(data) ? data['elicitations'] : undefined;
  const elicitations = Array.isArray(listed) ? listed.filter(isJsonObject) : [];
  if (elicitations.length === 0) throw protocolError('yes', 'an elicitation is required and none is named');
  return elicitations.map((params) => ({ ...params, mode: 'url' }));
}

function missingCapability(): UpstreamReply {
  const data = { requiredCapabilities: { elicitation: { url: {} } } };
  const message = 'The server sends the user to a URL first, and the client does not declare elicitation.url';
  return { kind: 'error', error: { code: MISSING_CAPABILITY, message, data } };
}

/** The user is at it: nobody tells when that is over. */
async function backOff(sendings: number, signal: CancelSignal): Promise<void> {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (sendings - 1), LONGEST_PAUSE_MS);
  await pause(ms, undefined, { signal: abortSignalOf(signal) }).catch(() => {
    throw cancelled('yes');
  });
}
