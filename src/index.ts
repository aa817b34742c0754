/** What guardrail authors and embedding applications import from `gatehouse`. Everything else is internal. */
export type { GatehouseAsyncOptions, GatehouseOptions, GatehouseSettings } from './embedding/gatehouse-options.js';
export { GatehouseModule } from './gatehouse.module.js';
export { MCP_CALL_GUARDS, MCP_CALL_INTERCEPTORS, type McpCallInterceptor } from './hooks/call-extensions.js';
export { ApprovalRequired } from './hooks/approval-required.js';
export { GuardrailViolation } from './hooks/guardrail-violation.js';
export { McpHook, type McpHookOptions } from './hooks/mcp-hook.decorator.js';
export { McpExecutionContext } from './hooks/mcp-execution-context.js';
export type {
  CallOrigin,
  DuringMcpCall,
  HookPrincipal,
  ListedToolView,
  OnMcpList,
  PostMcpCall,
  PreCallChange,
  PreMcpCall,
  ToolCallResult,
  ToolCallView,
  ToolListChange,
  ToolListView,
  UpstreamMessage,
} from './hooks/hook.types.js';
