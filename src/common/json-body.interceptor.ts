import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type CustomDecorator,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { json, type Request, type Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Observable } from 'rxjs';
import { runChecksAfterBody } from './after-body.js';
import { GatehouseError } from './gatehouse-error.js';
import { exceedsJsonDepth, MAX_JSON_DEPTH } from './json-depth.js';

/** Largest body of a management request, after decompression. */
export const MAX_BODY_BYTES = 1024 * 1024;

const BODY_LIMIT = 'gatehouse:body-limit';

/** Lets a route take larger bodies than management requests are. */
export const BodyLimit = (bytes: number): CustomDecorator => SetMetadata(BODY_LIMIT, bytes);

/**
 * Reads JSON bodies after the guards and before the pipes, so that a caller without a right never gets a body parsed
 * and learns nothing about its validity. The application is therefore created with `bodyParser: false`. Routes get this
 * by `@RequireRole()`: a global interceptor would wrap every tool call too.
 */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  private readonly parsers = new Map<number, ReturnType<typeof json>>();

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    await this.read(request, http.getResponse<Response>(), this.parserFor(context.getHandler()));
    await runChecksAfterBody(request);
    return next.handle();
  }

  private parserFor(handler: object): ReturnType<typeof json> {
    const limit = (Reflect.getMetadata(BODY_LIMIT, handler) as number | undefined) ?? MAX_BODY_BYTES;
    let parser = this.parsers.get(limit);
    if (parser === undefined) {
      parser = json({ limit, strict: true, type: () => true, verify: checkBytes });
      this.parsers.set(limit, parser);
    }
    return parser;
  }

  private async read(request: Request, response: Response, parse: ReturnType<typeof json>): Promise<void> {
    const isJson = request.is(['application/json', 'application/*+json']);
    // null: the request has no body. Browsers say so with a length of nothing.
    if (isJson === null || (isJson === false && request.headers['content-length'] === '0')) return;
    if (isJson === false) {
      throw new GatehouseError('unsupported_media_type', 'Send a JSON body with Content-Type: application/json.');
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(asError(error))));
    });
  }
}

/** Other encodings are refused because the depth check reads bytes. */
function checkBytes(_request: IncomingMessage, _response: ServerResponse, body: Buffer, encoding: string): void {
  if (encoding !== 'utf-8') throw new GatehouseError('unsupported_media_type', 'The body must be UTF-8.');
  if (exceedsJsonDepth(body)) {
    throw new GatehouseError('invalid_request', `The body nests deeper than ${MAX_JSON_DEPTH} levels.`);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
