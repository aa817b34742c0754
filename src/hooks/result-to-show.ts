import type { HookedReply } from './hooked-call.js';
import type { ToolCallResult } from './hook.types.js';

/** An error reply is shown as the error result that it stands for, so that no text reaches the caller unseen. */
export function resultToShow(reply: HookedReply): ToolCallResult {
  if (reply.kind === 'result') return reply.result;
  const { code, message, data } = reply.error;
  const structuredContent = JSON.parse(JSON.stringify({ code, message, data })) as ToolCallResult;
  return { isError: true, content: [{ type: 'text', text: message }], structuredContent };
}
