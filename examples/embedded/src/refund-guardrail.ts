import { GuardrailViolation, McpHook, type PreCallChange, type PreMcpCall, type ToolCallView } from 'gatehouse';
import { RefundPolicy } from './refund-policy.js';

/** What agents may pay back through any MCP server, whichever door their call came through. */
@McpHook({ name: 'refunds' })
export class RefundGuardrail implements PreMcpCall {
  constructor(private readonly policy: RefundPolicy) {}

  preMcpCall(call: ToolCallView): PreCallChange | void {
    const { amount } = call.arguments;
    if (typeof amount !== 'number') return;
    if (!this.policy.allows(amount)) throw new GuardrailViolation('Refunds of this size need a person');
    return { headers: { 'x-refund-checked': 'yes' } };
  }
}
