import type { ToolCallOutcome } from '../../tool-calls/tool-call.types.js';
import { RPC } from '../json-rpc.js';

/** A reply to a request that is no tool call, in the form of the session revisions: they know no unfinished results. */
export function sessionReply(reply: ToolCallOutcome): ToolCallOutcome {
  if (reply.kind === 'error') return reply;
  const { resultType = 'complete' } = reply.result;
  if (resultType === 'complete') return reply;
  const message = 'The server asks for input that this client cannot give';
  return { kind: 'error', error: { code: RPC.internalError, message } };
}
