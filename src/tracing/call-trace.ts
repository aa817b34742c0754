/** Parts of a call, in their order. A part that does not happen has no span. */
export type CallPart = 'authorize' | 'pre_hooks' | 'upstream' | 'post_hooks';

/** Values of a span; null and undefined are left out. */
export type TraceAttributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Trace context as HTTP headers and members of `_meta` carry it: `traceparent`, and `tracestate` where there is one. */
export type TraceContext = Readonly<Record<string, string>>;

/** One tool call as a trace shows it. */
export interface CallTrace {
  /** The next part begins, and the one before it ends. */
  enter(part: CallPart): void;
  /** What the upstream is told, so that its spans hang below the current part. */
  context(): TraceContext;
  /** @param error code of what went wrong; null: nothing */
  end(attributes: TraceAttributes, error: string | null): void;
}

/** Where a call comes from: `_meta` is what MCP clients use, the headers what everybody else does. */
export interface TraceOrigin {
  readonly meta: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Begins the traces of calls. */
export abstract class CallTracer {
  /** null when nobody looks; calls then take the road as if there were no tracing at all. */
  abstract begin(tool: string, origin: TraceOrigin): CallTrace | null;
}

/** Without OTEL_EXPORTER_OTLP_ENDPOINT. */
export class NoTracer extends CallTracer {
  begin(): null {
    return null;
  }
}
