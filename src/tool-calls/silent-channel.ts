import type { ToolCallRequest } from './tool-call.types.js';

/** The client of a call over plain HTTP: it takes one answer, without progress, logs and questions. */
export const SILENT_CHANNEL: ToolCallRequest['client'] = {
  capabilities: {},
  wantsProgress: false,
  logLevel: null,
  meta: {},
  repeatsRequests: false,
  inputResponses: undefined,
  requestState: undefined,
  notify: () => undefined,
  request: null,
};
