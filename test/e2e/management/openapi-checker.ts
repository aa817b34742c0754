import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** Checks answers against the API document. */
export class OpenApiChecker {
  private readonly ajv = new Ajv({ strict: false, allErrors: true });
  private readonly known = new Map<string, ValidateFunction | null>();

  constructor(private readonly document: OpenAPIObject) {
    formats.default(this.ajv);
    this.ajv.addSchema({ $id: 'doc', ...(withNulls(document) as object) });
  }

  /** `GET /path` of every route, sorted. */
  routes(): string[] {
    return Object.entries(this.document.paths)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
      .toSorted();
  }

  /** What is wrong with an answer; empty: nothing. */
  faults(route: string, status: number, body: unknown): unknown[] {
    const [method = '', path = ''] = route.split(' ');
    const item = this.document.paths[path] as unknown as Record<string, { responses: Record<string, Answer> }>;
    const answer = item[method.toLowerCase()]?.responses[String(status)];
    if (answer === undefined) return [`${route} does not document the status ${status}`];
    const [media] = Object.keys(answer.content ?? {});
    if (media === undefined) return body === undefined ? [] : [`${route} documents no body for ${status}`];
    const steps = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', media, 'schema'];
    const validate = this.compiled(`doc#/${steps.map(pointer).join('/')}`);
    return validate(body) ? [] : (validate.errors ?? ['not valid']);
  }

  private compiled($ref: string): ValidateFunction {
    const known = this.known.get($ref) ?? this.ajv.compile({ $ref });
    this.known.set($ref, known);
    return known;
  }
}

interface Answer {
  readonly content?: Record<string, unknown>;
}

function pointer(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** `nullable` of OpenAPI 3.0 in the words of JSON Schema. */
function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = node as Record<string, unknown>;
  const plain = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, withNulls(value)]));
  if (nullable !== true) return plain;
  if (Array.isArray(plain.enum) && !plain.enum.includes(null)) plain.enum = [...plain.enum, null];
  return { anyOf: [plain, { type: 'null' }] };
}
