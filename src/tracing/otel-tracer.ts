import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { messageOf } from '../common/gatehouse-error.js';
import { VERSION } from '../common/version.js';
import type { TracingConfig } from '../config/config.js';
import { CallTracer, type CallPart, type CallTrace, type TraceAttributes, type TraceOrigin } from './call-trace.js';

const SERVICE = 'gatehouse';
/** Spans are sent this often; what does not fit into the queue meanwhile is dropped, and calls never wait. */
const EXPORT_EVERY_MS = 1_000;
const QUEUE = 2_048;
const SHUTDOWN_LIMIT_MS = 3_000;
const propagator = new W3CTraceContextPropagator();

/** Spans over OTLP/HTTP. This file alone imports OpenTelemetry, and only when it is wanted is this file imported. */
export class OtelTracer extends CallTracer implements OnApplicationShutdown {
  private readonly logger = new Logger('Tracing');
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  constructor({ endpoint, headers }: TracingConfig) {
    super();
    const log = (text: string): void => this.logger.warn(text);
    const nothing = (): void => undefined;
    diag.setLogger({ error: log, warn: log, info: nothing, debug: nothing, verbose: nothing }, DiagLogLevel.WARN);
    const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, headers: headers?.reveal() ?? {} });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': SERVICE, 'service.version': VERSION }),
      spanProcessors: [
        new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_EVERY_MS, maxQueueSize: QUEUE }),
      ],
    });
    this.tracer = this.provider.getTracer(SERVICE, VERSION);
  }

  begin(tool: string, { meta, headers }: TraceOrigin): CallTrace {
    const carrier = typeof meta['traceparent'] === 'string' ? meta : headers;
    const parent = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
    const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': tool };
    const span = this.tracer.startSpan(`tools/call ${tool}`, { kind: SpanKind.SERVER, attributes }, parent);
    return new OtelCallTrace(this.tracer, span, trace.setSpan(parent, span));
  }

  async onApplicationShutdown(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, SHUTDOWN_LIMIT_MS).unref());
    try {
      await Promise.race([this.provider.shutdown(), limit]);
    } catch (error) {
      this.logger.warn(`the last spans could not be sent: ${messageOf(error)}`);
    }
  }
}

class OtelCallTrace implements CallTrace {
  private part: Span | null = null;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    private readonly around: Context,
  ) {}

  enter(part: CallPart): void {
    this.part?.end();
    const kind = part === 'upstream' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    this.part = this.tracer.startSpan(part, { kind }, this.around);
  }

  context(): Record<string, string> {
    const carrier: Record<string, string> = {};
    propagator.inject(trace.setSpan(this.around, this.part ?? this.span), carrier, defaultTextMapSetter);
    return carrier;
  }

  end(attributes: TraceAttributes, error: string | null): void {
    const failed = error === null ? null : { code: SpanStatusCode.ERROR, message: error };
    if (failed !== null) this.part?.setStatus(failed);
    this.part?.end();
    this.span.setAttributes(known({ ...attributes, 'error.type': error }));
    if (failed !== null) this.span.setStatus(failed);
    this.span.end();
  }
}

function known(attributes: TraceAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined),
  ) as Attributes;
}
